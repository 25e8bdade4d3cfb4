import type { Device, OwnerId, PortalSnapshot, Rack, Template } from '../concertim/model.ts';
import type { CloudObject, Kind } from '../openstack/model.ts';
import { type DeletionPolicy, judgeRemovals } from './brake.ts';
import { takeCensus } from './census.ts';
import type { Change, Held, Lane, Plan } from './change.ts';
import { type KnownProjects, settleClaims } from './claims.ts';
import { type Departures, departingTemplates, departures } from './departures.ts';
import { type DesiredState, desiredState, type MappingSettings } from './desired-state.ts';
import { renameDoubles } from './doubles.ts';
import { updateFlavorIds } from './flavor-ids.ts';
import type { Ground } from './ground.ts';
import { deletedStacksOf } from './membership.ts';
import type { CloudObservation } from './observation.ts';
import { OrderIds } from './order-ids.ts';
import { isOwnTemplate, keyOfSource, type RackKey, sourceOfRack } from './ownership.ts';
import { planRacks } from './plan-racks.ts';
import { planTemplates } from './plan-templates.ts';
import { compareTexts, indexPortal, inOrderOfIds, type PortalIndex } from './portal-index.ts';
import { seenOf } from './seen.ts';
import { membersOfStacks } from './stack-members.ts';
import { recogniseWrongCloud } from './wrong-cloud.ts';

export interface PlanSettings extends MappingSettings {
  readonly deletions: DeletionPolicy;
  /** Height of a new rack, in units, unless its devices need more. */
  readonly defaultRackHeight: number;
  /** Of racks of stacks that say none, where the portal wants one. */
  readonly defaultClusterType?: string | undefined;
}

/** What a configuration without a word about it says. */
export const defaultPlanSettings: PlanSettings = {
  standaloneServers: 'ignore',
  defaultRackHeight: 42,
  deletions: { maxDeletions: 5, maxShare: 0.05, allowAll: false },
};

/**
 * What to change in the portal until it shows the cloud:
 *
 * ```
 *  portal ──► claims ──► doubles ─► flavor ids ► 1 names and ids
 *  cloud ──► desired state ─┬─► departures ──► 3 removals
 *                           ├─► templates ───► 2 templates             6 leftovers
 *                           └─► racks ───────► 4 racks    5 devices    6 leftovers
 *  all of that ──► brake ──► what it refuses is kept, and the rest planned around it
 * ```
 *
 * Pure: the same two snapshots give the same plan, in whatever order their lists are; and when all of a plan has been
 * applied, the next one is empty.
 */
export function plan(cloud: CloudObservation, snapshot: PortalSnapshot, settings: PlanSettings): Plan {
  const { portal: claimed, foreign } = settleClaims(inOrderOfIds(snapshot), projectsIn(cloud));
  const { changes: renames, portal: named } = renameDoubles(claimed, cloud.scope);
  const { changes: flavorIds, portal } = updateFlavorIds(named, cloud);
  const index = indexPortal(portal);
  const desired = desiredState(cloud, portal, index, settings);
  const deletedStacks = deletedStacksOf(cloud);
  const { unknownStates } = desired;
  const census = takeCensus(cloud, portal, index, deletedStacks);
  const isEachDeviceShown = desired.presentDevices === index.ownedDevices;
  const hasDevices = index.ownedDevices > 0;
  if (cloud.scope.kind === 'all' && !settings.deletions.allowAll && !(hasDevices && isEachDeviceShown)) {
    const shown = new Set([...index.racksOfSource.values()].map(([rack]) => rack?.ownerId));
    const newcomers = new Set(desired.racks.map(({ ownerId }) => ownerId).filter((id) => !shown.has(id)));
    const wrong = recogniseWrongCloud(census, newcomers.size);
    if (wrong !== undefined)
      return {
        phases: [],
        held: [],
        foreign,
        warnings: [wrong],
        isWrongCloud: true,
        members: () => new Map(),
        unknownStates,
      };
  }

  const facts = { cloud, portal, index, desired, deletedStacks, settings };
  const kept = new Set<Device | Rack | Template>();
  const held: Held[] = [];
  const warnings = new Set<string>();
  for (;;) {
    const draft = draftPlan({ ...facts, kept });
    const changes = draft.phases.flatMap((lanes) => lanes.flatMap((lane) => lane.changes));
    const verdict = judgeRemovals(changes, {
      census,
      isEachDeviceShown,
      index,
      policy: settings.deletions,
    });
    for (const warning of verdict.warnings) warnings.add(warning);
    held.push(...verdict.held);
    if (verdict.refused.size === 0) {
      held.push(...draft.held);
      return {
        phases: [
          lanes([{ name: 'identities', changes: [...renames, ...flavorIds] }]),
          ...draft.phases,
        ].filter((phase) => phase.length > 0),
        held: held.sort((a, b) => compareTexts(a.kind, b.kind) || compareTexts(String(a.id), String(b.id))),
        foreign,
        warnings: [...warnings],
        isWrongCloud: false,
        members: () => membersOfStacks(desired),
        unknownStates,
      };
    }
    for (const object of verdict.refused) kept.add(object);
  }
}

/** What one draft of a plan is made from. */
interface DraftFacts {
  readonly cloud: CloudObservation;
  readonly portal: PortalSnapshot;
  readonly index: PortalIndex;
  readonly desired: DesiredState;
  readonly deletedStacks: ReadonlySet<RackKey>;
  readonly settings: PlanSettings;
  /** What the brake has refused in the draft before: nothing of it is taken away. */
  readonly kept: ReadonlySet<Device | Rack | Template>;
}

function draftPlan(facts: DraftFacts): Pick<Plan, 'phases' | 'held'> {
  const { cloud, portal, index, kept, settings } = facts;
  const { keyOfDevice } = facts.desired;
  // What is kept stands where it stands.
  const desired = {
    ...facts.desired,
    keyOfDevice: (device: Device) => (kept.has(device) ? undefined : keyOfDevice(device)),
  };
  const leaving = departures({ ...facts, desired });
  const flavors = new Set<string>(cloud.flavors.map(({ id }) => id));
  const { changes: templateChanges, templates } = planTemplates(
    desired.templates,
    desired.taggedTemplates,
    portal.templates,
    flavors,
  );

  const removals = new Map<RackKey | 'loose', Change[]>();
  removeDepartures(leaving, index, removals);
  const racks: Lane[] = [];
  const devices: Lane[] = [];
  const leftovers: Lane[] = [];
  const taken = takenNames(portal, leaving);
  const flavorOfTemplate = new Map(
    portal.templates.filter(isOwnTemplate).map(({ id, foreignId }) => [id, foreignId]),
  );
  const orderIds = new OrderIds(portal.racks.flatMap(({ orderId }) => orderId ?? []));
  for (const rack of desired.racks) {
    const planned = planRacks(rack, {
      profile: portal.profile,
      index,
      templates,
      leaving: leaving.devices,
      kept,
      flavors,
      flavorOfTemplate,
      keyOfDevice: desired.keyOfDevice,
      takenNames: ofOwner(taken, rack.ownerId),
      orderIds,
      defaultRackHeight: settings.defaultRackHeight,
      defaultClusterType: settings.defaultClusterType,
    });
    for (const change of planned.removals) append(removals, rack.key, change);
    if (planned.racks.length > 0) racks.push({ name: rack.key, changes: planned.racks });
    if (planned.devices.length > 0) devices.push({ name: rack.key, changes: planned.devices });
    if (planned.leftovers.length > 0) leftovers.push({ name: rack.key, changes: planned.leftovers });
  }
  for (const [rack, ground] of leaving.racksMovedOut)
    leftovers.push({ name: laneOf(rack), changes: [deleteRack(rack, ground)] });
  const gone = goneDevices([...removals.values(), ...devices.map(({ changes }) => changes)].flat());
  const templateRemovals = [...departingTemplates(facts, gone)].map(
    ([template, ground]): Change => ({
      kind: 'delete-template',
      template,
      ground,
      reason: `${reasonOf(ground, 'flavor')}, and no device uses it`,
    }),
  );

  return {
    phases: [
      lanes([{ name: 'templates', changes: templateChanges }]),
      lanes([...removals].map(([name, changes]) => ({ name, changes }))),
      racks,
      devices,
      lanes([...leftovers, { name: 'templates', changes: templateRemovals }]),
    ],
    held: leaving.held,
  };
}

/** Whose the stacks and objects are that were seen. */
export function projectsIn(cloud: CloudObservation): KnownProjects {
  return {
    ofStack: (id) => cloud.projectOfStack.get(id),
    // What cannot be read has none.
    ofObject: (kind, id) => (seenOf(cloud, kind)?.get(id) as CloudObject | undefined)?.projectId,
  };
}

function removeDepartures(
  { devices, racks }: Departures,
  index: PortalIndex,
  removals: Map<RackKey | 'loose', Change[]>,
): void {
  for (const [device, ground] of devices) {
    const rack = device.location && index.racks.get(device.location.rackId);
    append(removals, laneOf(rack), {
      kind: 'delete-device',
      device,
      ground,
      reason: reasonOf(ground, device.kind),
    });
  }
  for (const [rack, ground] of racks) append(removals, laneOf(rack), deleteRack(rack, ground));
}

function reasonOf(ground: Ground, original: Kind | 'stack' | 'flavor'): string {
  return ground === 'left out' ? `the configuration leaves its ${original} out` : `its ${original} is gone`;
}

function laneOf(rack: Rack | null | undefined): RackKey | 'loose' {
  const source = rack && sourceOfRack(rack);
  return source ? keyOfSource(source) : 'loose';
}

function deleteRack(rack: Rack, ground: Ground): Change {
  const reason = ground === 'empty' ? 'nothing stands in it any more' : reasonOf(ground, 'stack');
  return { kind: 'delete-rack', rack, ground, reason };
}

/** Those that are deleted, including those that are then recreated. */
function goneDevices(changes: readonly Change[]): Set<Device> {
  const gone = new Set<Device>();
  for (const change of changes) {
    if (change.kind === 'delete-device' || change.kind === 'replace-device') gone.add(change.device);
  }
  return gone;
}

/** Per owner the names of the racks that are there and stay. */
function takenNames(portal: PortalSnapshot, leaving: Departures): Map<OwnerId, Set<string>> {
  const taken = new Map<OwnerId, Set<string>>();
  for (const rack of portal.racks) if (!leaving.racks.has(rack)) ofOwner(taken, rack.ownerId).add(rack.name);
  return taken;
}

function ofOwner(taken: Map<OwnerId, Set<string>>, owner: OwnerId): Set<string> {
  let names = taken.get(owner);
  if (!names) taken.set(owner, (names = new Set()));
  return names;
}

function lanes(all: readonly Lane[]): Lane[] {
  return all.filter(({ changes }) => changes.length > 0);
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const values = map.get(key);
  if (values) values.push(value);
  else map.set(key, [value]);
}
