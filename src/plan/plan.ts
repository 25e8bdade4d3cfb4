import type { Device, PortalSnapshot, Rack, UserId } from '../concertim/model.ts';
import type { Change, Lane, Plan } from './change.ts';
import { type Departures, departingTemplates, departures } from './departures.ts';
import { desiredState, type MappingSettings } from './desired-state.ts';
import { renameDoubles } from './doubles.ts';
import type { CloudObservation } from './observation.ts';
import { keyOfSource, type RackKey, sourceOfRack } from './ownership.ts';
import { planRacks } from './plan-racks.ts';
import { planTemplates } from './plan-templates.ts';
import type { DeletionPolicy } from './policy.ts';
import { compareTexts, indexPortal, inOrderOfIds, type PortalIndex } from './portal-index.ts';

export interface PlanSettings extends MappingSettings {
  readonly deletions: DeletionPolicy;
  /** Height of a new rack, in units, unless its devices need more. */
  readonly defaultRackHeight: number;
}

/** What a configuration without a word about it says. */
export const defaultPlanSettings: PlanSettings = {
  standaloneServers: 'ignore',
  defaultRackHeight: 42,
  deletions: { maxDeletions: 5, maxShare: 0.3, allowAll: false },
};

/**
 * What to change in the portal until it shows the cloud:
 *
 * ```
 *  portal ──► doubles ──────────────────────► 1 renames
 *  cloud ──► desired state ─┬─► departures ──► 3 removals
 *                           ├─► templates ───► 2 templates             6 leftovers
 *                           └─► racks ───────► 4 racks    5 devices    6 leftovers
 * ```
 *
 * Pure: the same two snapshots give the same plan, in whatever order their lists are; and when all of a plan has been
 * applied, the next one is empty.
 */
export function plan(cloud: CloudObservation, snapshot: PortalSnapshot, settings: PlanSettings): Plan {
  const { changes: renames, portal } = renameDoubles(inOrderOfIds(snapshot), cloud.scope);
  const index = indexPortal(portal);
  const desired = desiredState(cloud, portal, index, settings);
  const leaving = departures(cloud, desired, portal, index, settings);
  const { changes: templateChanges, templates } = planTemplates(desired.templates, portal.templates);

  const removals = new Map<RackKey | 'loose', Change[]>();
  removeDepartures(leaving, index, removals);
  const racks: Lane[] = [];
  const devices: Lane[] = [];
  const leftovers: Lane[] = [];
  const held = [...leaving.held];
  const taken = takenNames(portal, leaving);
  for (const rack of desired.racks) {
    const planned = planRacks(rack, {
      index,
      templates,
      leaving: leaving.devices,
      keyOfDevice: desired.keyOfDevice,
      takenNames: ofOwner(taken, rack.ownerId),
      defaultRackHeight: settings.defaultRackHeight,
    });
    for (const change of planned.removals) append(removals, rack.key, change);
    if (planned.racks.length > 0) racks.push({ name: rack.key, changes: planned.racks });
    if (planned.devices.length > 0) devices.push({ name: rack.key, changes: planned.devices });
    if (planned.leftovers.length > 0) leftovers.push({ name: rack.key, changes: planned.leftovers });
    held.push(...planned.held);
  }
  for (const rack of leaving.racksMovedOut)
    leftovers.push({ name: laneOf(rack), changes: [deleteRack(rack)] });
  const gone = goneDevices([...removals.values(), ...devices.map(({ changes }) => changes)].flat());
  const templatesLeaving = departingTemplates(cloud, desired, portal, gone, settings.deletions);
  held.push(...templatesLeaving.held);
  const templateRemovals = [...templatesLeaving.allowed].map(
    (template): Change => ({
      kind: 'delete-template',
      template,
      reason: 'its flavor is gone, and no device uses it',
    }),
  );

  return {
    phases: [
      lanes([{ name: 'doubles', changes: renames }]),
      lanes([{ name: 'templates', changes: templateChanges }]),
      lanes([...removals].map(([name, changes]) => ({ name, changes }))),
      racks,
      devices,
      lanes([...leftovers, { name: 'templates', changes: templateRemovals }]),
    ].filter((phase) => phase.length > 0),
    held: held.sort((a, b) => compareTexts(a.kind, b.kind) || compareTexts(String(a.id), String(b.id))),
    warnings: [...leaving.warnings, ...templatesLeaving.warnings],
    unknownStates: desired.unknownStates,
  };
}

function removeDepartures(
  { devices, racks }: Departures,
  index: PortalIndex,
  removals: Map<RackKey | 'loose', Change[]>,
): void {
  for (const device of devices) {
    const rack = device.location && index.racks.get(device.location.rackId);
    append(removals, laneOf(rack), { kind: 'delete-device', device, reason: 'its server is gone' });
  }
  for (const rack of racks) append(removals, laneOf(rack), deleteRack(rack));
}

function laneOf(rack: Rack | null | undefined): RackKey | 'loose' {
  const source = rack && sourceOfRack(rack);
  return source ? keyOfSource(source) : 'loose';
}

function deleteRack(rack: Rack): Change {
  return { kind: 'delete-rack', rack, reason: 'its stack is gone' };
}

/** Those that are deleted, be it to be made anew. */
function goneDevices(changes: readonly Change[]): Set<Device> {
  const gone = new Set<Device>();
  for (const change of changes) {
    if (change.kind === 'delete-device' || change.kind === 'replace-device') gone.add(change.device);
  }
  return gone;
}

/** Per owner the names of the racks that are there and stay. */
function takenNames(portal: PortalSnapshot, leaving: Departures): Map<UserId, Set<string>> {
  const taken = new Map<UserId, Set<string>>();
  for (const rack of portal.racks) if (!leaving.racks.has(rack)) ofOwner(taken, rack.ownerId).add(rack.name);
  return taken;
}

function ofOwner(taken: Map<UserId, Set<string>>, owner: UserId): Set<string> {
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
