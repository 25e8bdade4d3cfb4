import type { Device, OwnerId, PortalSnapshot, Rack, Template } from '../concertim/model.ts';
import type { Kind } from '../openstack/model.ts';
import type { Change, Lane, Plan } from './change.ts';
import { departingTemplates } from './departing-templates.ts';
import { type Departures, departures } from './departures.ts';
import type { DesiredState } from './desired-state.ts';
import type { Ground } from './ground.ts';
import type { CloudObservation } from './observation.ts';
import { OrderIds } from './order-ids.ts';
import { isOwnTemplate, keyOfSource, type RackKey, sourceOfRack, wordForSource } from './ownership.ts';
import { planRacks } from './plan-racks.ts';
import type { PlanSettings } from './plan-settings.ts';
import { planTemplates } from './plan-templates.ts';
import type { PortalIndex } from './portal-index.ts';
import type { RackPlanContext } from './rack-plan.ts';
import { because, type Reason } from './reason.ts';
import { presentFlavors } from './seen.ts';

/** What one draft of a plan is made from. */
export interface DraftFacts {
  readonly cloud: CloudObservation;
  readonly portal: PortalSnapshot;
  readonly index: PortalIndex;
  readonly desired: DesiredState;
  readonly deletedStacks: ReadonlySet<RackKey>;
  readonly settings: PlanSettings;
  /** What the brake has refused to remove in the previous draft: it stays. */
  readonly kept: ReadonlySet<Device | Rack | Template>;
}

/** One draft of a plan, before the brake has judged it. */
export function draftPlan(facts: DraftFacts): Pick<Plan, 'phases' | 'held'> {
  const { cloud, portal, index, kept, settings } = facts;
  const { keyOfDevice } = facts.desired;
  // A device that the brake keeps stays where it is: no source claims it.
  const desired = {
    ...facts.desired,
    keyOfDevice: (device: Device) => (kept.has(device) ? undefined : keyOfDevice(device)),
  };
  const leaving = departures({ ...facts, desired });
  const flavors = presentFlavors(cloud);
  const { changes: templateChanges, templates } = planTemplates(
    desired.templates,
    desired.taggedTemplates,
    portal.templates,
    flavors,
  );

  const removals = new Map<RackKey | 'loose', Change[]>();
  const reasonOf = settings.decommissions ? reasonToDecommission : usualReason;
  removeDepartures(leaving, { index, reasonOf }, removals);
  const racks: Lane[] = [];
  const devices: Lane[] = [];
  const leftovers: Lane[] = [];
  const taken = takenNames(portal, leaving);
  const flavorOfTemplate = new Map(
    portal.templates.filter(isOwnTemplate).map(({ id, foreignId }) => [id, foreignId]),
  );
  const orderIds = new OrderIds(portal.racks.flatMap(({ orderId }) => orderId ?? []));
  const context: RackPlanContext = {
    profile: portal.profile,
    index,
    templates,
    leaving: leaving.devices,
    kept,
    flavors,
    flavorOfTemplate,
    keyOfDevice: desired.keyOfDevice,
    takenNames: (owner) => ofOwner(taken, owner),
    orderIds,
    defaultRackHeight: settings.defaultRackHeight,
    defaultClusterType: settings.defaultClusterType,
  };
  for (const rack of desired.racks) {
    const planned = planRacks(rack, context);
    for (const change of planned.removals) append(removals, rack.key, change);
    if (planned.racks.length > 0) racks.push({ name: rack.key, changes: planned.racks });
    if (planned.devices.length > 0) devices.push({ name: rack.key, changes: planned.devices });
    if (planned.leftovers.length > 0) leftovers.push({ name: rack.key, changes: planned.leftovers });
  }
  for (const [rack, device] of leaving.racksKept)
    if (rack.status !== statusOfDeletedStack)
      racks.push({ name: laneOf(rack), changes: [stopRack(rack, device)] });
  for (const [rack, ground] of leaving.racksMovedOut)
    leftovers.push({ name: laneOf(rack), changes: [deleteRack(rack, ground, reasonOf)] });
  const gone = goneDevices([...removals.values(), ...devices.map(({ changes }) => changes)].flat());
  const templateRemovals = [...departingTemplates(facts, gone)].map(
    ([template, ground]): Change => ({
      kind: 'delete-template',
      template,
      ground,
      ...reasonOf(ground, 'template'),
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

function removeDepartures(
  { devices, racks }: Departures,
  { index, reasonOf }: { readonly index: PortalIndex; readonly reasonOf: ReasonOf },
  removals: Map<RackKey | 'loose', Change[]>,
): void {
  for (const [device, ground] of devices) {
    const rack = device.location && index.racks.get(device.location.rackId);
    append(removals, laneOf(rack), {
      kind: 'delete-device',
      device,
      ground,
      ...reasonOf(ground, device.kind),
    });
  }
  for (const [rack, ground] of racks) append(removals, laneOf(rack), deleteRack(rack, ground, reasonOf));
}

/** Why an object is removed on a ground; `object` is what it shows in the portal. */
type ReasonOf = (ground: Ground, object: Kind | 'stack' | 'project' | 'template') => Reason;

const usualReason: ReasonOf = (ground, object) => {
  if (object === 'template') return because(ground === 'left out' ? 'template-excluded' : 'template-unused');
  return because(ground === 'left out' ? 'cloud-object-excluded' : 'cloud-object-gone', { object });
};

const reasonToDecommission: ReasonOf = (ground, object) =>
  ground === 'left out' ? because('decommissioned') : usualReason(ground, object);

function laneOf(rack: Rack | null | undefined): RackKey | 'loose' {
  const source = rack && sourceOfRack(rack);
  return source ? keyOfSource(source) : 'loose';
}

/** Nothing of a deleted stack runs any more. Racks of every release have this status. */
const statusOfDeletedStack = 'STOPPED';

function stopRack(rack: Rack, { name }: Device): Change {
  return {
    kind: 'update-rack',
    rack,
    patch: { status: statusOfDeletedStack },
    ...because('stack-deleted', { name }),
  };
}

function deleteRack(rack: Rack, ground: Ground, reasonOf: ReasonOf): Change {
  const reason =
    ground === 'empty' ? because('rack-empty') : reasonOf(ground, wordForSource(sourceOfRack(rack)));
  return { kind: 'delete-rack', rack, ground, ...reason };
}

/** Those that are deleted, including those that are then recreated. */
function goneDevices(changes: readonly Change[]): Set<Device> {
  const gone = new Set<Device>();
  for (const change of changes) {
    if (change.kind === 'delete-device' || change.kind === 'replace-device') gone.add(change.device);
  }
  return gone;
}

/** By owner, the names of existing racks that stay. */
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

/** Those that have anything to do. */
export function lanes(all: readonly Lane[]): Lane[] {
  return all.filter(({ changes }) => changes.length > 0);
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const values = map.get(key);
  if (values) values.push(value);
  else map.set(key, [value]);
}
