import type { Device, PortalSnapshot, Rack } from '../concertim/model.ts';
import { type CloudObject, collections } from '../openstack/model.ts';
import type { Held } from './change.ts';
import type { DesiredState, MappingSettings } from './desired-state.ts';
import type { Ground } from './ground.ts';
import { isWantedObject, isWantedStack } from './mapping.ts';
import type { CloudObservation, Evidence } from './observation.ts';
import {
  keyOfSource,
  objectOfDevice,
  type RackKey,
  type RackSource,
  sourceOfRack,
  stackKey,
} from './ownership.ts';
import type { PortalIndex } from './portal-index.ts';
import { because, type HeldReasonCode } from './reason.ts';
import { isInScope, presentStacks, seenOf } from './seen.ts';
import { deletedState, statusOf } from './status.ts';

/** What leaves the portal because it has left the cloud, and what stays although it seems to have. */
export interface Departures {
  readonly devices: ReadonlyMap<Device, Ground>;
  /** Empty once those devices are gone. */
  readonly racks: ReadonlyMap<Rack, Ground>;
  /** Empty only once their devices, whose objects now belong elsewhere, have moved. */
  readonly racksMovedOut: ReadonlyMap<Rack, Ground>;
  /** Racks of stacks that the cloud reports as deleted, each with a device in it that is not ours to delete, such as one made by hand. */
  readonly racksKept: ReadonlyMap<Rack, Device>;
  readonly held: readonly Held[];
}

/** What may be removed of one kind, and what is held. */
interface Leaving<T> {
  readonly going: Map<T, Ground>;
  readonly held: Held[];
}

interface Facts {
  readonly cloud: CloudObservation;
  readonly portal: PortalSnapshot;
  readonly index: PortalIndex;
  readonly settings: MappingSettings;
  readonly desired: DesiredState;
  /** What the brake has refused: it stays. */
  readonly kept: ReadonlySet<unknown>;
  /** Stacks that the cloud reports as deleted. */
  readonly deletedStacks: ReadonlySet<RackKey>;
  /** Stacks that the mapping leaves out. */
  readonly unwantedStacks: ReadonlySet<RackKey>;
}

/**
 * Only proof deletes: the cloud says that the object was deleted, or it is in no list *and* not found by id. Everything
 * else that we own and that nobody desires is left alone.
 */
export function departures(
  given: Pick<Facts, 'cloud' | 'desired' | 'portal' | 'index' | 'settings' | 'deletedStacks' | 'kept'>,
): Departures {
  const { cloud, desired, index, settings } = given;
  const unwanted = cloud.trees.filter(({ root }) => !isWantedStack(root, settings));
  const facts = {
    ...given,
    unwantedStacks: new Set(unwanted.map(({ root }) => stackKey(root.id))),
  };
  const devices = leavingDevices(facts);
  const racks = leavingRacks(facts, devices.going);
  const held = [...devices.held, ...racks.held];

  const empty = new Map<Rack, Ground>();
  const movedOut = new Map<Rack, Ground>();
  const racksKept = new Map<Rack, Device>();
  for (const [rack, ground] of racks.going) {
    const others = (index.devicesOfRack.get(rack.id) ?? []).filter((device) => !devices.going.has(device));
    const staying = others.find((device) => desired.keyOfDevice(device) === undefined);
    if (staying) {
      const reason = because('device-kept', { name: staying.name });
      held.push({ kind: 'rack', id: rack.id, name: rack.name, ...reason });
      if (isOfDeletedStack(rack, given.deletedStacks)) racksKept.set(rack, staying);
    } else (others.length === 0 ? empty : movedOut).set(rack, ground);
  }
  return { devices: devices.going, racks: empty, racksMovedOut: movedOut, racksKept, held };
}

/** Absence is no proof here: a user may have written the id of a stack that never existed into his own rack. */
function isOfDeletedStack(rack: Rack, deletedStacks: Facts['deletedStacks']): boolean {
  const source = sourceOfRack(rack);
  return source !== undefined && deletedStacks.has(keyOfSource(source));
}

function leavingDevices(facts: Facts): Leaving<Device> {
  const { cloud, desired, portal, index, deletedStacks, kept } = facts;
  const leaving: Leaving<Device> = { going: new Map(), held: [] };
  // Every device of ours shows something that is wanted: none leaves.
  if (desired.presentDevices === index.ownedDevices) return leaving;
  for (const device of portal.devices) {
    const { kind } = device;
    const id = objectOfDevice(device);
    if (id === undefined || kept.has(device) || desired.keyOfDevice(device) !== undefined) continue;
    if (!isInScope(cloud.scope, kind, id)) continue;

    const source = sourceOfDevice(device, index);
    const stackIsDeleted = source?.kind === 'stack' && deletedStacks.has(keyOfSource(source));
    const seen = seenOf(cloud, kind);
    const object = seen?.get(id);
    if (object?.kind === 'unreadable') continue;
    if (object) {
      if (stackIsDeleted || statusOf(object) === deletedState) leaving.going.set(device, 'deleted');
      else if (isUnwanted(object, source, facts)) leaving.going.set(device, 'left out');
      continue;
    }
    if (!seen) {
      // The kind was not observed; but what is in a deleted stack is deleted with it.
      if (stackIsDeleted) leaving.going.set(device, 'deleted');
      continue;
    }
    const evidence = cloud.evidence[collections[kind]].get(id);
    if (isGone(evidence) || (stackIsDeleted && evidence === 'hidden')) {
      leaving.going.set(device, stackIsDeleted || evidence === 'deleted' ? 'deleted' : 'absent');
    } else leaving.held.push(hold('device', device, evidence));
  }
  return leaving;
}

/** Whether the settings exclude an object that is present in the cloud. */
function isUnwanted(
  object: CloudObject,
  source: RackSource | undefined,
  { settings, unwantedStacks }: Facts,
): boolean {
  if (!isWantedObject(object, settings)) return true;
  if (source?.kind === 'standalone') return settings.standaloneServers === 'ignore';
  return source !== undefined && unwantedStacks.has(keyOfSource(source));
}

function leavingRacks(facts: Facts, leavingDevices: Departures['devices']): Leaving<Rack> {
  const { cloud, desired, portal, settings, deletedStacks, unwantedStacks, kept } = facts;
  const leaving: Leaving<Rack> = { going: new Map(), held: [] };
  const present = presentStacks(cloud);
  const hasStandalone = settings.standaloneServers !== 'ignore';
  const wantedRacks = new Set(hasStandalone ? desired.racks.map(({ key }) => key) : []);

  for (const rack of portal.racks) {
    const source = sourceOfRack(rack);
    if (!source || kept.has(rack)) continue;
    const key = keyOfSource(source);
    if (cloud.scope.kind === 'some' && !cloud.scope.racks.has(key)) continue;
    if (source.kind === 'standalone') {
      if (!hasStandalone) leaving.going.set(rack, 'left out');
      else if (isForsaken(rack, key, facts, { wantedRacks, leavingDevices }))
        leaving.going.set(rack, 'empty');
    } else if (deletedStacks.has(key)) leaving.going.set(rack, 'deleted');
    else if (unwantedStacks.has(key)) leaving.going.set(rack, 'left out');
    else if (!present.has(key)) {
      const evidence = cloud.evidence.stacks.get(source.stackId);
      if (isGone(evidence)) leaving.going.set(rack, evidence === 'nested' ? 'deleted' : 'absent');
      else leaving.held.push(hold('rack', rack, evidence));
    }
  }
  return leaving;
}

/** Whether no server is left that a rack of servers without a stack is for. */
function isForsaken(
  rack: Rack,
  key: RackKey,
  { cloud, desired, index }: Facts,
  {
    wantedRacks,
    leavingDevices,
  }: { readonly wantedRacks: ReadonlySet<RackKey>; readonly leavingDevices: Departures['devices'] },
): boolean {
  return (
    cloud.scope.kind === 'all' &&
    !wantedRacks.has(key) &&
    (index.devicesOfRack.get(rack.id) ?? []).every(
      (device) => leavingDevices.has(device) || desired.keyOfDevice(device) !== undefined,
    )
  );
}

function sourceOfDevice(device: Device, index: PortalIndex): RackSource | undefined {
  const rack = device.location && index.racks.get(device.location.rackId);
  return rack ? sourceOfRack(rack) : undefined;
}

/** Of a nested stack there is nothing to show: a rack of its own was made when Heat said of it that it were none. */
export function isGone(evidence: Evidence | undefined): boolean {
  return evidence === 'deleted' || evidence === 'not-found' || evidence === 'nested';
}

function hold(kind: 'rack' | 'device', { id, name }: Rack | Device, evidence: Evidence | undefined): Held {
  return { kind, id, name, ...because(reasonToHold(evidence)) };
}

function reasonToHold(evidence: Evidence | undefined): HeldReasonCode {
  if (evidence === 'exists') return 'not-listed';
  if (evidence === 'hidden') return 'sight-limited';
  if (evidence === 'disputed') return 'deletion-unconfirmed';
  return 'query-failed';
}
