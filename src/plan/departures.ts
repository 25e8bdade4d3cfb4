import type { Device, PortalSnapshot, Rack, Template } from '../concertim/model.ts';
import type { ServerId } from '../openstack/model.ts';
import type { Held } from './change.ts';
import type { DesiredState, MappingSettings } from './desired-state.ts';
import { isOfGoneFlavor } from './flavor-template.ts';
import type { CloudObservation, Evidence } from './observation.ts';
import {
  isOwnTemplate,
  keyOfSource,
  type RackKey,
  type RackSource,
  serverOfDevice,
  sourceOfRack,
  stackKey,
} from './ownership.ts';
import { type Candidate, type DeletionPolicy, judgeDeletions, refusalWarning } from './policy.ts';
import type { PortalIndex } from './portal-index.ts';
import { deletedState, deviceStatus, rackStatus } from './status.ts';

/** What leaves the portal because it has left the cloud, and what stays although it seems to have. */
export interface Departures {
  readonly devices: ReadonlySet<Device>;
  readonly racks: ReadonlySet<Rack>;
  readonly templates: ReadonlySet<Template>;
  readonly held: readonly Held[];
  readonly warnings: readonly string[];
}

/** What we own of a kind, what of it may go, and what may not. */
interface Leaving<T> {
  owned: number;
  readonly candidates: Candidate<T>[];
  readonly held: Held[];
}

interface Facts {
  readonly cloud: CloudObservation;
  readonly portal: PortalSnapshot;
  readonly index: PortalIndex;
  readonly settings: MappingSettings;
  readonly desired: DesiredState;
  /** Stacks of which the cloud says itself that they were deleted. */
  readonly deletedStacks: ReadonlySet<RackKey>;
}

/**
 * Only proof deletes: the cloud says that the object was deleted, or it is in no list *and* not found by id. Everything
 * else that we own and that nobody desires is left alone.
 */
export function departures(
  cloud: CloudObservation,
  desired: DesiredState,
  portal: PortalSnapshot,
  index: PortalIndex,
  settings: MappingSettings & { readonly deletions: DeletionPolicy },
): Departures {
  const facts = { cloud, desired, portal, index, settings, deletedStacks: deletedStacksOf(cloud) };
  const held: Held[] = [];
  const warnings: string[] = [];
  const judge = <T extends Device | Rack | Template>(kind: Held['kind'], leaving: Leaving<T>): Set<T> => {
    const { allowed, refused } = judgeDeletions(leaving.candidates, leaving.owned, settings.deletions);
    held.push(...leaving.held);
    for (const { id, name } of refused) {
      held.push({ kind, id, name, reason: 'too many have vanished at once' });
    }
    if (refused.length > 0) warnings.push(refusalWarning(`${kind}s`, refused.length, leaving.owned));
    return new Set(allowed);
  };

  const devices = judge('device', leavingDevices(facts));
  const racks = new Set<Rack>();
  for (const rack of judge('rack', leavingRacks(facts))) {
    const staying = index.devicesOfRack.get(rack.id)?.find((device) => !devices.has(device));
    if (!staying) racks.add(rack);
    else
      held.push({ kind: 'rack', id: rack.id, name: rack.name, reason: `device ${staying.name} stays in it` });
  }
  const templates = judge('template', leavingTemplates(facts, devices));
  return { devices, racks, templates, held, warnings };
}

function leavingDevices({ cloud, desired, portal, index, settings, deletedStacks }: Facts): Leaving<Device> {
  const leaving: Leaving<Device> = { owned: 0, candidates: [], held: [] };
  const desiredServers = new Set<ServerId>();
  for (const rack of desired.racks) for (const { serverId } of rack.devices) desiredServers.add(serverId);

  for (const device of portal.devices) {
    const serverId = serverOfDevice(device);
    if (serverId === undefined) continue;
    leaving.owned++;
    const source = sourceOfDevice(device, index);
    if (desiredServers.has(serverId)) continue;
    if (cloud.scope.kind === 'some' && !cloud.scope.servers.has(serverId)) continue;

    const stackIsDeleted = source?.kind === 'stack' && deletedStacks.has(keyOfSource(source));
    const server = cloud.servers.get(serverId);
    if (server?.kind === 'unreadable') continue;
    if (server) {
      const isUnwanted = source?.kind === 'standalone' && settings.standaloneServers === 'ignore';
      if (stackIsDeleted || isUnwanted || deviceStatus(server) === deletedState) {
        leaving.candidates.push({ item: device, proven: true });
      }
      continue;
    }
    const evidence = cloud.evidence.servers.get(serverId);
    if (isGone(evidence)) {
      leaving.candidates.push({ item: device, proven: stackIsDeleted || evidence === 'deleted' });
    } else leaving.held.push(hold('device', device, evidence));
  }
  return leaving;
}

function leavingRacks({ cloud, portal, settings, deletedStacks }: Facts): Leaving<Rack> {
  const leaving: Leaving<Rack> = { owned: 0, candidates: [], held: [] };
  const presentStacks = new Set(cloud.trees.map(({ root }) => stackKey(root.id)));

  for (const rack of portal.racks) {
    const source = sourceOfRack(rack);
    if (!source) continue;
    leaving.owned++;
    const key = keyOfSource(source);
    if (cloud.scope.kind === 'some' && !cloud.scope.racks.has(key)) continue;
    if (source.kind === 'standalone') {
      if (settings.standaloneServers === 'ignore') leaving.candidates.push({ item: rack, proven: true });
    } else if (deletedStacks.has(key)) {
      leaving.candidates.push({ item: rack, proven: true });
    } else if (!presentStacks.has(key)) {
      const evidence = cloud.evidence.stacks.get(source.stackId);
      if (isGone(evidence)) leaving.candidates.push({ item: rack, proven: false });
      else leaving.held.push(hold('rack', rack, evidence));
    }
  }
  return leaving;
}

/** Never one that a device uses: deleting it would take the devices of all users with it. */
function leavingTemplates(
  { cloud, desired, portal }: Facts,
  leavingDevices: ReadonlySet<Device>,
): Leaving<Template> {
  const leaving: Leaving<Template> = { owned: 0, candidates: [], held: [] };
  const wanted = new Set(desired.templates.map(({ foreignId }) => foreignId));
  const used = new Set(
    portal.devices.filter((device) => !leavingDevices.has(device)).map((d) => d.templateId),
  );

  for (const template of portal.templates) {
    if (!isOwnTemplate(template)) continue;
    leaving.owned++;
    if (cloud.scope.kind !== 'all' || wanted.has(template.foreignId) || used.has(template.id)) continue;
    const isOurInvention = isOfGoneFlavor(template.foreignId);
    if (isOurInvention || isGone(cloud.evidence.flavors.get(template.foreignId))) {
      leaving.candidates.push({ item: template, proven: isOurInvention });
    }
  }
  return leaving;
}

function deletedStacksOf(cloud: CloudObservation): Set<RackKey> {
  const deleted = new Set<RackKey>();
  for (const { root } of cloud.trees)
    if (rackStatus(root.status) === deletedState) deleted.add(stackKey(root.id));
  for (const [id, evidence] of cloud.evidence.stacks) if (evidence === 'deleted') deleted.add(stackKey(id));
  return deleted;
}

function sourceOfDevice(device: Device, index: PortalIndex): RackSource | undefined {
  const rack = device.location && index.racks.get(device.location.rackId);
  return rack ? sourceOfRack(rack) : undefined;
}

function isGone(evidence: Evidence | undefined): boolean {
  return evidence === 'deleted' || evidence === 'not-found';
}

function hold(kind: 'rack' | 'device', { id, name }: Rack | Device, evidence: Evidence | undefined): Held {
  const reason =
    evidence === 'exists'
      ? 'the cloud left it out of its list, but has it'
      : 'the cloud left it out of its list, and could not be asked for it';
  return { kind, id, name, reason };
}
