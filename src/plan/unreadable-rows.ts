import type { Device, DeviceId, OwnerId, PortalSnapshot, RackId } from '../concertim/model.ts';
import type { ObjectId } from '../openstack/model.ts';
import { unreachable } from '../runtime/unreachable.ts';
import { type Change, type Lane, type Plan, type RackRef, templateKey } from './change.ts';
import type { ForeignClaim } from './claims.ts';
import type { DesiredState } from './desired-state.ts';
import { keyOfSource, metadataKeys, objectOfDevice, type RackKey, sourceOfRack } from './ownership.ts';
import type { PortalIndex } from './portal-index.ts';

/**
 * Rows of the portal that cannot be read (concertim's `UnreadableRow`) show something that is known only in part. Everything that
 * such a row may be counts as present: it is not created a second time, and what it depends on is not deleted. The part that
 * can be read limits this:
 *
 * | row | what is not made | what is not deleted |
 * |---|---|---|
 * | device, its object is known | a device of that object | its rack, its template |
 * | device, its object or its units are not | devices of the stack in whose rack it stands, or of that rack's owner | the same |
 * | rack, its stack is known | anything of that stack | |
 * | rack, its stack is not | racks of its owner, and devices of what stands in it | |
 * | template | the template of its flavor, and what is made from it | |
 *
 * Where not even the rack or the owner is known, this holds for all racks and owners. The racks of a user or team that cannot
 * be read are left alone, like racks without an owner (claims.ts).
 */
export class UnreadableRows {
  readonly #portal: PortalSnapshot;
  readonly #index: PortalIndex;
  readonly #desired: DesiredState;
  readonly #objects = new Set<ObjectId>();
  readonly #sources = new Set<RackKey>();
  readonly #ownersOfDevices = new Set<OwnerId>();
  readonly #ownersOfRacks = new Set<OwnerId>();
  readonly #racks = new Set<RackId>();
  #hidesAnyDevice = false;
  #hidesAnyRack = false;

  constructor(portal: PortalSnapshot, index: PortalIndex, desired: DesiredState) {
    this.#portal = portal;
    this.#index = index;
    this.#desired = desired;
    this.#noteRacks();
    this.#noteDevices();
  }

  /** The plan without changes that create what an unreadable row may already be, or delete what it depends on. */
  withhold(phases: Plan['phases']): Plan['phases'] {
    if (this.#rows.length === 0) return phases;
    const unmade = new Set<string>();
    // Racks are planned before devices: a further rack is not made if all devices that need it are withheld.
    const neededBy = Map.groupBy(
      phases.flat().flatMap(({ name, changes }) => changes.flatMap((change) => needsRack(change, name))),
      ({ rack }) => rack,
    );
    const isUseless = (key: string) =>
      neededBy.get(key)?.every(({ change, lane }) => this.#isHidden(change, lane)) ?? false;
    const isWithheld = (change: Change, lane: string): boolean => {
      if (this.#isHidden(change, lane)) return true;
      if (change.kind === 'create-rack')
        return this.#index.racksOfSource.has(lane as RackKey) && isUseless(change.key);
      return standsOn(change).some((key) => unmade.has(key));
    };
    return phases.map((lanes): Lane[] =>
      lanes.flatMap(({ name, changes }) => {
        const left = changes.filter((change) => {
          if (!isWithheld(change, name)) return true;
          if (change.kind === 'create-rack') unmade.add(change.key);
          if (change.kind === 'create-template') unmade.add(templateKey(change.draft));
          return false;
        });
        return left.length === 0 ? [] : [{ name, changes: left }];
      }),
    );
  }

  /** Without claims that do not fit only because the rack or its owner cannot be read: those are not foreign. */
  unlessUnread(foreign: readonly ForeignClaim[]): readonly ForeignClaim[] {
    if (this.#rows.length === 0) return foreign;
    const { racks, devices } = this.#portal;
    const ownerOf = new Map(racks.map(({ id, ownerId }) => [id, ownerId]));
    const rackOf = new Map(devices.map(({ id, location }) => [id, location?.rackId]));
    return foreign.filter(({ kind, id }) => {
      const rack = kind === 'rack' ? (id as RackId) : rackOf.get(id as DeviceId);
      if (rack === undefined) return true;
      const owner = ownerOf.get(rack);
      return owner === undefined ? !this.#hasUnread('rack', rack) : !this.#hasUnread(undefined, owner);
    });
  }

  get #rows() {
    return this.#portal.unreadable ?? [];
  }

  #hasUnread(object: 'rack' | undefined, id: number | string): boolean {
    return this.#rows.some(
      (row) =>
        (object ? row.object === object : row.object === 'user' || row.object === 'team') &&
        (row.id === undefined || row.id === id),
    );
  }

  #noteRacks(): void {
    const odd = this.#rows.filter(({ object }) => object === 'rack');
    for (const { metadata, ownerId } of odd) {
      const source = metadata && sourceOfRack({ metadata });
      if (source) this.#sources.add(keyOfSource(source));
      else if (metadata) continue;
      else if (ownerId !== undefined) this.#ownersOfRacks.add(ownerId);
      else this.#hidesAnyRack = true;
    }
    if (odd.length === 0) return;
    // These devices count as their metadata says: only the unreadable rack made the claim fail.
    const known = new Set(this.#portal.racks.map(({ id }) => id));
    for (const device of this.#portal.devices) {
      const object = objectOfDevice(device);
      if (object !== undefined && device.location && !known.has(device.location.rackId))
        this.#objects.add(object);
    }
  }

  #noteDevices(): void {
    for (const { object, metadata, rackId, location } of this.#rows) {
      if (object !== 'device') continue;
      if (rackId) this.#racks.add(rackId);
      const shown = metadata && objectOfDevice({ metadata });
      if (shown !== undefined) this.#objects.add(shown);
      const isPlaced = location !== undefined || rackId === null;
      // What it shows, if anything, and where it stands are known: its units are respected like those of any device.
      if (metadata && isPlaced) continue;
      const rack = rackId ? this.#index.racks.get(rackId) : undefined;
      const source = rack && sourceOfRack(rack);
      if (source) this.#sources.add(keyOfSource(source));
      else if (rack) this.#ownersOfDevices.add(rack.ownerId);
      else if (!metadata) this.#hidesAnyDevice = true;
    }
  }

  #isHidden(change: Change, lane: string): boolean {
    switch (change.kind) {
      case 'create-device':
      case 'replace-device': {
        const owner = this.#ownerOf(lane);
        const object = change.draft.metadata[metadataKeys.objectId] as ObjectId;
        return (
          this.#hidesAnyDevice ||
          this.#objects.has(object) ||
          this.#sources.has(lane as RackKey) ||
          (owner !== undefined && this.#ownersOfDevices.has(owner))
        );
      }
      case 'create-rack':
        return (
          this.#hidesAnyRack ||
          this.#sources.has(lane as RackKey) ||
          this.#ownersOfRacks.has(change.draft.ownerId)
        );
      case 'delete-rack':
        return (
          this.#racks.has(change.rack.id) ||
          this.#rows.some(({ object, rackId }) => object === 'device' && rackId === undefined)
        );
      case 'create-template':
        return this.#rows.some(
          ({ object, foreignId }) =>
            object === 'template' && (foreignId === undefined || foreignId === change.draft.foreignId),
        );
      case 'delete-template':
        return this.#rows.some(
          ({ object, templateId }) =>
            object === 'device' && (templateId === undefined || templateId === change.template.id),
        );
      case 'update-rack':
      case 'update-device':
      case 'update-template':
      case 'delete-device':
        return false;
      default:
        return unreachable(change);
    }
  }

  #ownerOf(lane: string): OwnerId | undefined {
    return this.#desired.racks.find(({ key }) => key === lane)?.ownerId;
  }
}

/** The portal with a stand-in for each unreadable device, as if made by hand, so that its units and its name are taken. */
export function withStandIns(portal: PortalSnapshot): PortalSnapshot {
  const standIns = (portal.unreadable ?? []).flatMap(({ object, id, name, location, templateId }) =>
    object === 'device' && location
      ? [
          {
            id: (id ?? '') as DeviceId,
            name: name ?? '',
            description: null,
            status: 'ACTIVE',
            location,
            templateId,
            metadata: {},
            kind: 'server',
            publicIps: undefined,
            privateIps: undefined,
            sshKey: undefined,
            loginUser: undefined,
            volumeDetails: undefined,
          } satisfies Device,
        ]
      : [],
  );
  return standIns.length === 0 ? portal : { ...portal, devices: [...portal.devices, ...standIns] };
}

function newRack(rack: RackRef): string[] {
  return rack.kind === 'new' ? [rack.key] : [];
}

/** Keys of what earlier changes must create first. */
function standsOn(change: Change): string[] {
  if (change.kind !== 'create-device' && change.kind !== 'replace-device') return [];
  const { rack, template } = change;
  return [...newRack(rack), ...(template.kind === 'new' ? [template.key] : [])];
}

function needsRack(change: Change, lane: string) {
  if (change.kind !== 'create-device' && change.kind !== 'replace-device') return [];
  return newRack(change.rack).map((rack) => ({ rack, change, lane }));
}
