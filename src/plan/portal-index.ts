import type { Device, Owner, OwnerId, PortalSnapshot, Rack, RackId } from '../concertim/model.ts';
import type { Kind, ObjectId, ProjectId } from '../openstack/model.ts';
import { keyOfSource, objectOfDevice, type RackKey, type RackSource, sourceOfRack } from './ownership.ts';

/** The portal's state by the keys that a plan asks for. Everything is in the order of the portal's ids. */
export interface PortalIndex {
  /** The owner of each project. If two owners have the same project, see `ownersOfProjects`. */
  readonly ownerOfProject: ReadonlyMap<ProjectId, Owner>;
  readonly racksOfSource: ReadonlyMap<RackKey, readonly Rack[]>;
  readonly sources: ReadonlyMap<RackKey, RackSource>;
  /** By the kind and the id of what they show. */
  readonly devicesOf: Readonly<Record<Kind, ReadonlyMap<ObjectId, readonly Device[]>>>;
  /** How many devices `devicesOf` has. */
  readonly ownedDevices: number;
  /** Ours and foreign ones. */
  readonly devicesOfRack: ReadonlyMap<RackId, readonly Device[]>;
  readonly racks: ReadonlyMap<RackId, Rack>;
  readonly owners: ReadonlyMap<OwnerId, Owner>;
}

/** The project that a source's racks are shown for; undefined when their owner has none. */
export function projectOfRack(key: RackKey, index: PortalIndex): ProjectId | undefined {
  const owner = index.owners.get(index.racksOfSource.get(key)?.[0]?.ownerId as OwnerId);
  return (owner?.projectId ?? undefined) as ProjectId | undefined;
}

/** The project of the owner of a device's rack; undefined when it stands in none, or the owner has no project. */
export function projectOfDevice({ location }: Device, index: PortalIndex): ProjectId | undefined {
  const rack = location && index.racks.get(location.rackId);
  return (rack && (index.owners.get(rack.ownerId)?.projectId as ProjectId | null)) ?? undefined;
}

/** The projects of all who have racks of a source: of a stack that was not seen several may claim to have it. */
export function projectsOfRacks(key: RackKey, index: PortalIndex): ProjectId[] {
  const owners = new Set(index.racksOfSource.get(key)?.map(({ ownerId }) => ownerId));
  return [...owners].flatMap((owner) => (index.owners.get(owner)?.projectId ?? []) as ProjectId | []);
}

/** What was made of a snapshot: a run asks for it several times, and a targeted one for the whole portal. */
const ordered = new WeakMap<PortalSnapshot, PortalSnapshot>();
const indices = new WeakMap<PortalSnapshot, PortalIndex>();

/** The lists of a portal by their ids: the portal gives them in the order in which rows were last written. */
export function inOrderOfIds(snapshot: PortalSnapshot): PortalSnapshot {
  let portal = ordered.get(snapshot);
  if (!portal) {
    freezeLists(snapshot);
    const { profile, owners, racks, devices, templates, unreadable } = snapshot;
    portal = {
      profile,
      owners: inOrder(owners),
      racks: inOrder(racks),
      devices: inOrder(devices),
      templates: inOrder(templates),
      ...(unreadable && { unreadable }),
    };
    ordered.set(snapshot, portal);
    ordered.set(portal, portal);
  }
  return portal;
}

function freezeLists(snapshot: PortalSnapshot): void {
  Object.freeze(snapshot);
  for (const list of Object.values(snapshot)) Object.freeze(list);
}

/** Indexes a snapshot, once. The snapshot is frozen, so that the cached index stays true. */
export function indexPortal(snapshot: PortalSnapshot): PortalIndex {
  const portal = inOrderOfIds(snapshot);
  let index = indices.get(portal);
  if (!index) indices.set(portal, (index = newIndex(portal)));
  return index;
}

/** The owner of each project. Of two owners with the same project, one who is not about to be deleted counts first, then the lower id. */
export function ownersOfProjects(owners: readonly Owner[]): Map<ProjectId, Owner> {
  const ofProjects = new Map<ProjectId, Owner>();
  const inTurn = inOrder(owners).sort((a, b) => Number(a.leaving) - Number(b.leaving));
  for (const owner of inTurn) {
    if (owner.projectId === null) continue;
    const project = owner.projectId as ProjectId;
    if (!ofProjects.has(project)) ofProjects.set(project, owner);
  }
  return ofProjects;
}

function newIndex(portal: PortalSnapshot): PortalIndex {
  const owners = new Map(portal.owners.map((owner) => [owner.id, owner]));
  const ownerOfProject = ownersOfProjects(portal.owners);

  const racks = new Map<RackId, Rack>();
  const racksOfSource = new Map<RackKey, Rack[]>();
  const sources = new Map<RackKey, RackSource>();
  for (const rack of portal.racks) {
    racks.set(rack.id, rack);
    const source = sourceOfRack(rack);
    if (!source) continue;
    const key = keyOfSource(source);
    sources.set(key, source);
    append(racksOfSource, key, rack);
  }

  const devicesOf: Record<Kind, Map<ObjectId, Device[]>> = {
    server: new Map(),
    volume: new Map(),
    network: new Map(),
  };
  const devicesOfRack = new Map<RackId, Device[]>();
  let ownedDevices = 0;
  for (const device of portal.devices) {
    if (device.location) append(devicesOfRack, device.location.rackId, device);
    const object = objectOfDevice(device);
    if (!object) continue;
    append(devicesOf[device.kind], object, device);
    ownedDevices++;
  }
  // Without the room that they have grown: it is more than what is in them.
  for (const [rack, devices] of devicesOfRack) devicesOfRack.set(rack, [...devices]);
  return {
    ownerOfProject,
    racksOfSource,
    sources,
    devicesOf,
    ownedDevices,
    devicesOfRack,
    racks,
    owners,
  };
}

/** Compares numbers by value and UUIDs as text. UUIDs do not tell which object is older. */
export function compareIds(a: number | string, b: number | string): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return compareTexts(String(a), String(b));
}

/** By code units: the same everywhere, whatever the locale. */
export function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function inOrder<T extends { readonly id: number | string }>(items: readonly T[]): T[] {
  return [...items].sort((a, b) => compareIds(a.id, b.id));
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const values = map.get(key);
  if (values) values.push(value);
  else map.set(key, [value]);
}
