import type { Device, PortalSnapshot, Rack, Template } from '../concertim/model.ts';
import type { Server } from '../openstack/model.ts';
import type { Held } from './change.ts';
import type { DesiredState, MappingSettings } from './desired-state.ts';
import { isOfGoneFlavor } from './flavor-template.ts';
import { isWantedServer, isWantedStack } from './mapping.ts';
import { deletedStacksOf } from './membership.ts';
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
import { deletedState, deviceStatus } from './status.ts';

/** What leaves the portal because it has left the cloud, and what stays although it seems to have. */
export interface Departures {
  readonly devices: ReadonlySet<Device>;
  /** Empty once those devices are gone. */
  readonly racks: ReadonlySet<Rack>;
  /** Empty only once the devices of servers that now belong elsewhere have moved. */
  readonly racksMovedOut: ReadonlySet<Rack>;
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
  readonly wantedRacks: ReadonlySet<RackKey>;
  /** Stacks of which the cloud says itself that they were deleted. */
  readonly deletedStacks: ReadonlySet<RackKey>;
  /** Stacks that the mapping leaves out. */
  readonly unwantedStacks: ReadonlySet<RackKey>;
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
  const unwanted = cloud.trees.filter(({ root }) => !isWantedStack(root, settings));
  const facts = {
    cloud,
    desired,
    portal,
    index,
    settings,
    wantedRacks: new Set(desired.racks.map(({ key }) => key)),
    deletedStacks: deletedStacksOf(cloud),
    unwantedStacks: new Set(unwanted.map(({ root }) => stackKey(root.id))),
  };
  const devices = judge('device', leavingDevices(facts), settings.deletions);
  const racks = judge('rack', leavingRacks(facts, devices.allowed), settings.deletions);
  const held = [...devices.held, ...racks.held];

  const empty = new Set<Rack>();
  const movedOut = new Set<Rack>();
  for (const rack of racks.allowed) {
    const others = (index.devicesOfRack.get(rack.id) ?? []).filter((device) => !devices.allowed.has(device));
    const staying = others.find((device) => desired.keyOfDevice(device) === undefined);
    if (staying) {
      const reason = `device ${staying.name} stays in it`;
      held.push({ kind: 'rack', id: rack.id, name: rack.name, reason });
    } else (others.length === 0 ? empty : movedOut).add(rack);
  }
  return {
    devices: devices.allowed,
    racks: empty,
    racksMovedOut: movedOut,
    held,
    warnings: [...devices.warnings, ...racks.warnings],
  };
}

/**
 * Templates of flavors that are gone.
 *
 * @param gone devices that are deleted, or made anew from another template
 */
export function departingTemplates(
  cloud: CloudObservation,
  desired: DesiredState,
  portal: PortalSnapshot,
  gone: ReadonlySet<Device>,
  deletions: DeletionPolicy,
): Judged<Template> {
  return judge('template', leavingTemplates({ cloud, desired, portal }, gone), deletions);
}

interface Judged<T> {
  readonly allowed: ReadonlySet<T>;
  readonly held: readonly Held[];
  readonly warnings: readonly string[];
}

function judge<T extends Device | Rack | Template>(
  kind: Held['kind'],
  { candidates, owned, held }: Leaving<T>,
  deletions: DeletionPolicy,
): Judged<T> {
  const { allowed, refused } = judgeDeletions(candidates, owned, deletions);
  return {
    allowed: new Set(allowed),
    held: [
      ...held,
      ...refused.map(({ id, name }) => ({ kind, id, name, reason: 'too many have vanished at once' })),
    ],
    warnings: refused.length > 0 ? [refusalWarning(`${kind}s`, refused.length, owned)] : [],
  };
}

function leavingDevices(facts: Facts): Leaving<Device> {
  const { cloud, desired, portal, index, deletedStacks } = facts;
  const leaving: Leaving<Device> = { owned: index.ownedDevices, candidates: [], held: [] };
  // Where the server of each is wanted there is none to look for.
  if (desired.presentDevices === index.ownedDevices) return leaving;
  for (const device of portal.devices) {
    const serverId = serverOfDevice(device);
    if (serverId === undefined || desired.keyOfDevice(device) !== undefined) continue;
    if (cloud.scope.kind === 'some' && !cloud.scope.servers.has(serverId)) continue;

    const source = sourceOfDevice(device, index);
    const stackIsDeleted = source?.kind === 'stack' && deletedStacks.has(keyOfSource(source));
    const server = cloud.servers.get(serverId);
    if (server?.kind === 'unreadable') continue;
    if (server) {
      if (stackIsDeleted || isUnwanted(server, source, facts) || deviceStatus(server) === deletedState) {
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

/** Whether it is there, and shall not be shown. */
function isUnwanted(
  server: Server,
  source: RackSource | undefined,
  { settings, unwantedStacks }: Facts,
): boolean {
  if (!isWantedServer(server, settings)) return true;
  if (source?.kind === 'standalone') return settings.standaloneServers === 'ignore';
  return source !== undefined && unwantedStacks.has(keyOfSource(source));
}

function leavingRacks(facts: Facts, leavingDevices: ReadonlySet<Device>): Leaving<Rack> {
  const { cloud, portal, settings, deletedStacks, unwantedStacks } = facts;
  const leaving: Leaving<Rack> = { owned: 0, candidates: [], held: [] };
  const presentStacks = new Set(cloud.trees.map(({ root }) => stackKey(root.id)));

  for (const rack of portal.racks) {
    const source = sourceOfRack(rack);
    if (!source) continue;
    leaving.owned++;
    const key = keyOfSource(source);
    if (cloud.scope.kind === 'some' && !cloud.scope.racks.has(key)) continue;
    if (source.kind === 'standalone') {
      if (settings.standaloneServers === 'ignore' || isForsaken(rack, key, facts, leavingDevices)) {
        leaving.candidates.push({ item: rack, proven: true });
      }
    } else if (deletedStacks.has(key) || unwantedStacks.has(key)) {
      leaving.candidates.push({ item: rack, proven: true });
    } else if (!presentStacks.has(key)) {
      const evidence = cloud.evidence.stacks.get(source.stackId);
      if (isGone(evidence)) leaving.candidates.push({ item: rack, proven: false });
      else leaving.held.push(hold('rack', rack, evidence));
    }
  }
  return leaving;
}

/** Whether no server is left that a rack of servers without a stack is for. */
function isForsaken(
  rack: Rack,
  key: RackKey,
  { cloud, desired, index, wantedRacks }: Facts,
  leavingDevices: ReadonlySet<Device>,
): boolean {
  return (
    cloud.scope.kind === 'all' &&
    !wantedRacks.has(key) &&
    (index.devicesOfRack.get(rack.id) ?? []).every(
      (device) => leavingDevices.has(device) || desired.keyOfDevice(device) !== undefined,
    )
  );
}

/** Never one that a device uses: deleting it would take the devices of all users with it. */
function leavingTemplates(
  { cloud, desired, portal }: Pick<Facts, 'cloud' | 'desired' | 'portal'>,
  gone: ReadonlySet<Device>,
): Leaving<Template> {
  const leaving: Leaving<Template> = { owned: 0, candidates: [], held: [] };
  const wanted = new Set(desired.templates.map(({ foreignId }) => foreignId));
  const used = new Set(
    portal.devices.filter((device) => !gone.has(device)).map(({ templateId }) => templateId),
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

function sourceOfDevice(device: Device, index: PortalIndex): RackSource | undefined {
  const rack = device.location && index.racks.get(device.location.rackId);
  return rack ? sourceOfRack(rack) : undefined;
}

/** Of a nested stack there is nothing to show: a rack of its own was made when Heat said of it that it were none. */
function isGone(evidence: Evidence | undefined): boolean {
  return evidence === 'deleted' || evidence === 'not-found' || evidence === 'nested';
}

function hold(kind: 'rack' | 'device', { id, name }: Rack | Device, evidence: Evidence | undefined): Held {
  return { kind, id, name, reason: reasonToHold(evidence) };
}

function reasonToHold(evidence: Evidence | undefined): string {
  if (evidence === 'exists') return 'the cloud left it out of its list, but has it';
  if (evidence === 'disputed') return 'the cloud does not find it, and nothing else says that it is gone';
  return 'the cloud left it out of its list, and could not be asked for it';
}
