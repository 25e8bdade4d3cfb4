import {
  type CloudObject,
  collections,
  type Kind,
  kinds,
  type ObjectId,
  type ProjectId,
  type Server,
  type ServerId,
  type StackMembers,
} from '../openstack/model.ts';
import type { CloudObservation, StackTree } from './observation.ts';
import {
  keyOfSource,
  type RackKey,
  serverOfDevice,
  sourceOfRack,
  stackKey,
  standaloneKey,
} from './ownership.ts';
import { compareTexts, type PortalIndex, projectOfRack } from './portal-index.ts';
import { seenOf } from './seen.ts';
import { deletedState, rackStatus } from './status.ts';

/**
 * Which source an object belongs to. The first rule that names one decides; if it names two stacks, the one with the lower id
 * counts:
 *
 * 1. it is a resource of the stack's tree, as that was last read;
 * 2. of a server: Nova hints at the stack;
 * 3. of a server: it is a member of one of the tree's server groups;
 * 4. its device already stands in a rack of the stack;
 * 5. of a server: it belongs to no stack, not even to one that was not seen, and the configuration gives such servers a rack.
 *
 * Only stacks of the object's own project count: anyone who creates a server can set its hint or its server group. An object
 * that no rule matches is not shown: a volume or a network that a stack merely uses may belong to somebody else. A deleted
 * stack has no objects.
 */
export function membership(
  cloud: CloudObservation,
  index: PortalIndex,
  standaloneServers: 'ignore' | 'rack',
): (object: CloudObject) => RackKey | undefined {
  const membersOfGroup = new Map(cloud.serverGroups.map((group) => [group.id, group.members]));
  const stacks: ProjectOfStack = new Map();
  const ofTree: Record<Kind, Claims> = { server: new Map(), volume: new Map(), network: new Map() };
  const ofGroup: Claims = new Map();
  const doubtful = new Set(cloud.unobserved.keys());
  const isOf = (kind: Kind, id: ObjectId, project: ProjectId) => {
    const object = seenOf(cloud, kind)?.get(id);
    return object !== undefined && object.kind !== 'unreadable' && object.projectId === project;
  };
  // To save time, the project is checked here only where several stacks claim one object; otherwise when the claim is used.
  const claim = (claims: Claims, kind: Kind, object: ObjectId, key: RackKey, projectId: ProjectId) => {
    if (!claims.has(object) || isOf(kind, object, projectId)) claims.set(object, key);
  };
  // The lowest id last: it has the last word.
  for (const tree of cloud.trees.toSorted((a, b) => compareTexts(b.root.id, a.root.id))) {
    const { id, projectId, status } = tree.root;
    if (rackStatus(status) === deletedState) continue;
    const key = stackKey(id);
    stacks.set(key, projectId);
    const members = membersOf(tree, cloud);
    if (!members) continue;
    for (const kind of kinds)
      for (const object of members[collections[kind]]) claim(ofTree[kind], kind, object, key, projectId);
    for (const group of members.serverGroups) {
      if (cloud.unreadable.serverGroups.has(group)) doubtful.add(projectId);
      for (const server of membersOfGroup.get(group) ?? []) claim(ofGroup, 'server', server, key, projectId);
    }
  }
  const standaloneKeyOf =
    standaloneServers === 'rack' ? standaloneMembership(cloud, index, stacks, doubtful) : () => undefined;
  const ifOfProject = (key: RackKey | undefined, { projectId }: CloudObject) =>
    key !== undefined && stacks.get(key) === projectId ? key : undefined;
  return (object) => {
    const { kind, id } = object;
    const ofItsTree = ifOfProject(ofTree[kind].get(id), object);
    if (ofItsTree !== undefined) return ofItsTree;
    if (kind !== 'server') return stackOfPlace(object, index, stacks);
    return (
      ifOfProject(hintedStack(object), object) ??
      ifOfProject(ofGroup.get(id), object) ??
      stackOfPlace(object, index, stacks) ??
      standaloneKeyOf(object)
    );
  };
}

/** The stack that claims each object. */
type Claims = Map<ObjectId, RackKey>;

/** The project of each existing stack. */
type ProjectOfStack = Map<RackKey, ProjectId>;

function hintedStack({ rootStackId }: Server): RackKey | undefined {
  return rootStackId === null ? undefined : stackKey(rootStackId);
}

/** The stack in whose rack an object's device stands; of several the one with the lowest id. */
function stackOfPlace(
  { kind, id, projectId }: CloudObject,
  index: PortalIndex,
  stacks: ProjectOfStack,
): RackKey | undefined {
  let lowest: RackKey | undefined;
  for (const { location } of index.devicesOf[kind].get(id) ?? []) {
    const rack = location && index.racks.get(location.rackId);
    const source = rack && sourceOfRack(rack);
    const key = source ? keyOfSource(source) : undefined;
    if (key === undefined || stacks.get(key) !== projectId) continue;
    if (lowest === undefined || key < lowest) lowest = key;
  }
  return lowest;
}

/**
 * Where the servers stand that belong to no stack, as far as their project's stacks could be seen.
 *
 * @param doubtful projects whose stacks or server groups could not all be seen
 */
function standaloneMembership(
  cloud: CloudObservation,
  index: PortalIndex,
  stacks: ProjectOfStack,
  doubtful: ReadonlySet<ProjectId>,
): (server: Server) => RackKey | undefined {
  const elsewhere = serversOfUnseenStacks(
    cloud,
    index,
    new Set([...stacks.keys(), ...deletedStacksOf(cloud)]),
  );
  const isHinted = ({ rootStackId }: Server) =>
    rootStackId !== null && cloud.unreadable.stacks.has(rootStackId);
  return (server) =>
    index.ownerOfProject.has(server.projectId) &&
    !doubtful.has(server.projectId) &&
    !elsewhere.has(server.id) &&
    !isHinted(server)
      ? standaloneKey(server.projectId)
      : undefined;
}

/** Stacks that the cloud reports as deleted. */
export function deletedStacksOf(cloud: CloudObservation): Set<RackKey> {
  const deleted = new Set<RackKey>();
  for (const { root } of cloud.trees) {
    if (rackStatus(root.status) === deletedState) deleted.add(stackKey(root.id));
  }
  for (const [id, evidence] of cloud.evidence.stacks) if (evidence === 'deleted') deleted.add(stackKey(id));
  return deleted;
}

/**
 * Servers of stacks that were not seen in this run: those that stand in the stacks' racks, and those that were found when the
 * stacks were last read. A stack that Heat does not find by its id has only the former.
 */
function serversOfUnseenStacks(
  { evidence, remembered, servers: seenServers, unreadable }: CloudObservation,
  index: PortalIndex,
  seen: ReadonlySet<RackKey>,
): Set<ServerId> {
  const servers = new Set([...unreadable.stacks.keys()].flatMap((id) => remembered.get(id)?.servers ?? []));
  for (const [key, source] of index.sources) {
    if (source.kind !== 'stack' || seen.has(key)) continue;
    const project = projectOfRack(key, index);
    const isKnown = evidence.stacks.get(source.stackId) !== 'not-found';
    for (const rack of index.racksOfSource.get(key) ?? []) {
      for (const device of index.devicesOfRack.get(rack.id) ?? []) {
        const server = serverOfDevice(device);
        if (server) servers.add(server);
      }
    }
    for (const id of (isKnown && remembered.get(source.stackId)?.servers) || []) {
      const server = seenServers.get(id);
      // An owner who writes another project's stack into his rack does not hide its servers.
      if (server?.kind === 'server' && server.projectId === project) servers.add(id);
    }
  }
  return servers;
}

/** The members of a stack's tree, as last read; undefined: it was never read. */
export function membersOf(
  { root, content }: StackTree,
  { remembered }: Pick<CloudObservation, 'remembered'>,
): StackMembers | undefined {
  return content ?? remembered.get(root.id);
}
