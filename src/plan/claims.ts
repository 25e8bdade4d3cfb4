import type { Device, Owner, OwnerId, PortalSnapshot, Rack } from '../concertim/model.ts';
import type { Kind, ObjectId, ProjectId, StackId } from '../openstack/model.ts';
import { metadataKeys, objectOfDevice, type RackSource, sourceOfRack } from './ownership.ts';
import { ownersOfProjects } from './portal-index.ts';

/** What the cloud says of the project of an object; undefined: it has not been seen, so nothing contradicts a claim. */
export interface KnownProjects {
  readonly ofStack: (id: StackId) => ProjectId | undefined;
  readonly ofObject: (kind: Kind, id: ObjectId) => ProjectId | undefined;
}

/** Before anything was read of the cloud. */
export const noProjectsKnown: KnownProjects = { ofStack: () => undefined, ofObject: () => undefined };

/** A rack or device of the portal whose metadata names what is not its owner's. */
export interface ForeignClaim {
  readonly kind: 'rack' | 'device';
  readonly id: number | string;
  readonly name: string;
  /** Name of the user or team that has it; its id where the portal does not list it. */
  readonly owner: string;
  /** What it claims: `stack <id> of project <id>`. */
  readonly claim: string;
}

/**
 * Metadata in the portal can be written by the portal's users: it says what an object shows, never whose that is. A claim
 * fits when the owner of the rack is the portal's owner of the project that the cloud has the object in:
 *
 * | claim | fits when |
 * |---|---|
 * | rack: a stack | its owner owns a project, and the stack, if it was seen, is of that project |
 * | rack: the servers of a project | its owner owns that project |
 * | device: a server, volume or network | its rack makes no false claim, that rack's owner owns a project, and the object, if it was seen, is of it |
 * | device in no rack | the object, if it was seen, is of a project that somebody owns |
 *
 * Several racks of one owner for one stack all fit (a stack spills into further racks), and so do several devices of one
 * object in such racks (the answer to a creation was lost).
 *
 * @returns what does not fit, and the portal with it as if it had been made by hand: not changed, not filled, not counted
 */
export function settleClaims(
  portal: PortalSnapshot,
  known: KnownProjects,
): { readonly portal: PortalSnapshot; readonly foreign: readonly ForeignClaim[] } {
  const owners = new Map(portal.owners.map((owner) => [owner.id, owner]));
  const ownProjects = projectsOfOwners(portal.owners);
  const foreign: ForeignClaim[] = [];
  const disownedRacks = new Set<Rack['id']>();
  const disownedDevices = new Set<Device>();
  /** The project is that of a rack that makes no false claim and whose owner has one. */
  const racks = new Map<Rack['id'], { readonly ownerId: OwnerId; readonly project: ProjectId | undefined }>();

  for (const rack of portal.racks) {
    const { id, ownerId } = rack;
    const source = sourceOfRack(rack);
    const ownProject = ownProjects.get(ownerId);
    const project = source?.kind === 'stack' ? known.ofStack(source.stackId) : source?.projectId;
    const fits = ownProject !== undefined && (project === undefined || project === ownProject);
    racks.set(id, { ownerId, project: fits ? ownProject : undefined });
    if (fits || !source) continue;
    disownedRacks.add(id);
    foreign.push({
      kind: 'rack',
      id,
      name: rack.name,
      owner: owners.get(ownerId)?.name ?? String(ownerId),
      claim: claimOf(source, project),
    });
  }

  const someoneOwns = new Set(ownProjects.values());
  for (const device of portal.devices) {
    const object = objectOfDevice(device);
    if (object === undefined) continue;
    const { location, kind } = device;
    const project = known.ofObject(kind, object);
    const rack = location && racks.get(location.rackId);
    const fits = location
      ? rack?.project !== undefined && (project === undefined || project === rack.project)
      : project === undefined || someoneOwns.has(project);
    if (fits) continue;
    const ownerId = rack?.ownerId;
    disownedDevices.add(device);
    foreign.push({
      kind: 'device',
      id: device.id,
      name: device.name,
      owner: ownerId === undefined ? 'unknown' : (owners.get(ownerId)?.name ?? String(ownerId)),
      claim: `${kind} ${object}${ofProject(project)}`,
    });
  }
  if (foreign.length === 0) return { portal, foreign };
  return {
    portal: {
      ...portal,
      racks: portal.racks.map((rack) => (disownedRacks.has(rack.id) ? withoutClaim(rack) : rack)),
      devices: portal.devices.map((device) => (disownedDevices.has(device) ? withoutClaim(device) : device)),
    },
    foreign,
  };
}

/** A foreign claim as a sentence. */
export function describeClaim({ kind, id, owner, claim }: Omit<ForeignClaim, 'name'>): string {
  return `${kind} ${id} owned by ${owner} claims ${claim}`;
}

/** Of each user who owns a project, that project. Of two users with one project only the first owns it. */
function projectsOfOwners(owners: readonly Owner[]): Map<OwnerId, ProjectId> {
  return new Map([...ownersOfProjects(owners)].map(([project, { id }]) => [id, project]));
}

function claimOf(source: RackSource, project: ProjectId | undefined): string {
  if (source.kind === 'standalone') return `the servers${ofProject(source.projectId)}`;
  return `stack ${source.stackId}${ofProject(project)}`;
}

function ofProject(project: ProjectId | undefined): string {
  return project === undefined ? '' : ` of project ${project}`;
}

const claimKeys = new Set<string>(Object.values(metadataKeys));

/** A row as if it had been made by hand. */
export function withoutClaim<T extends Rack | Device>(object: T): T {
  const metadata = Object.fromEntries(Object.entries(object.metadata).filter(([key]) => !claimKeys.has(key)));
  return { ...object, metadata };
}
