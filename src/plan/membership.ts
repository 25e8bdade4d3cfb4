import type { ProjectId, Server, ServerId, StackServers } from '../openstack/model.ts';
import { recall } from './memory.ts';
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
import { deletedState, rackStatus } from './status.ts';

/**
 * Which source a server belongs to. The first of these that says so decides, and of two stacks that both have a server the
 * one with the lower id:
 *
 * 1. it is a resource of the stack's tree: read in this run, or recorded in the rack;
 * 2. Nova hints at the stack;
 * 3. it is a member of one of the tree's server groups;
 * 4. its device already stands in a rack of the stack;
 * 5. it belongs to no stack, be it one that merely was not seen, and the configuration gives such servers a rack.
 *
 * Of whatever says so only stacks of the server's own project count: a hint or a server group can be given by anyone who makes
 * a server. A server that is in none of these is not shown. A stack that was deleted has none.
 */
export function membership(
  cloud: CloudObservation,
  index: PortalIndex,
  standaloneServers: 'ignore' | 'rack',
): (server: Server) => RackKey | undefined {
  const membersOfGroup = new Map(cloud.serverGroups.map((group) => [group.id, group.members]));
  const stacks: ProjectOfStack = new Map();
  const ofTree = new Map<ServerId, RackKey>();
  const ofGroup = new Map<ServerId, RackKey>();
  const isOf = (id: ServerId, project: ProjectId) => {
    const server = cloud.servers.get(id);
    return server?.kind === 'server' && server.projectId === project;
  };
  // Looked at more closely only where several claim one server; the rest is found out when it is asked for.
  const claim = (claims: Map<ServerId, RackKey>, id: ServerId, key: RackKey, project: ProjectId) => {
    if (!claims.has(id) || isOf(id, project)) claims.set(id, key);
  };
  // The lowest id last: it has the last word.
  for (const tree of cloud.trees.toSorted((a, b) => compareTexts(b.root.id, a.root.id))) {
    const { id, projectId, status } = tree.root;
    if (rackStatus(status) === deletedState) continue;
    const key = stackKey(id);
    stacks.set(key, projectId);
    const { servers, serverGroups } = membersOf(tree, index) ?? nothing;
    for (const server of servers) claim(ofTree, server, key, projectId);
    for (const group of serverGroups) {
      for (const server of membersOfGroup.get(group) ?? []) claim(ofGroup, server, key, projectId);
    }
  }
  const standaloneKeyOf =
    standaloneServers === 'rack' ? standaloneMembership(cloud, index, stacks) : () => undefined;
  return (server) => {
    const { id, projectId } = server;
    const ifOfProject = (key: RackKey | undefined) =>
      key !== undefined && stacks.get(key) === projectId ? key : undefined;
    return (
      ifOfProject(ofTree.get(id)) ??
      ifOfProject(hintedStack(server)) ??
      ifOfProject(ofGroup.get(id)) ??
      stackOfPlace(server, index, stacks) ??
      standaloneKeyOf(server)
    );
  };
}

/** The project of each stack that is there. */
type ProjectOfStack = Map<RackKey, ProjectId>;

const nothing: StackServers = { servers: [], serverGroups: [] };

function hintedStack({ rootStackId }: Server): RackKey | undefined {
  return rootStackId === null ? undefined : stackKey(rootStackId);
}

/** The stack in whose rack a server's device stands; of several the one with the lowest id. */
function stackOfPlace(
  { id, projectId }: Server,
  index: PortalIndex,
  stacks: ProjectOfStack,
): RackKey | undefined {
  let lowest: RackKey | undefined;
  for (const { location } of index.devicesOfServer.get(id) ?? []) {
    const rack = location && index.racks.get(location.rackId);
    const source = rack && sourceOfRack(rack);
    const key = source ? keyOfSource(source) : undefined;
    if (key === undefined || stacks.get(key) !== projectId) continue;
    if (lowest === undefined || key < lowest) lowest = key;
  }
  return lowest;
}

/** Where the servers stand that belong to no stack, as far as their project's stacks could be seen. */
function standaloneMembership(
  cloud: CloudObservation,
  index: PortalIndex,
  stacks: ProjectOfStack,
): (server: Server) => RackKey | undefined {
  const elsewhere = serversOfUnseenStacks(
    cloud,
    index,
    new Set([...stacks.keys(), ...deletedStacksOf(cloud)]),
  );
  return ({ id, projectId }) =>
    index.ownerOfProject.has(projectId) && !cloud.unobserved.has(projectId) && !elsewhere.has(id)
      ? standaloneKey(projectId)
      : undefined;
}

/** Stacks of which the cloud says itself that they were deleted. */
export function deletedStacksOf(cloud: CloudObservation): Set<RackKey> {
  const deleted = new Set<RackKey>();
  for (const { root } of cloud.trees) {
    if (rackStatus(root.status) === deletedState) deleted.add(stackKey(root.id));
  }
  for (const [id, evidence] of cloud.evidence.stacks) if (evidence === 'deleted') deleted.add(stackKey(id));
  return deleted;
}

/**
 * Servers of stacks that were not seen in this run, as their racks show and remember them. One that Heat does not know
 * by its id has only those that stand in its rack.
 */
function serversOfUnseenStacks(
  { evidence, servers: seenServers }: CloudObservation,
  index: PortalIndex,
  seen: ReadonlySet<RackKey>,
): Set<ServerId> {
  const servers = new Set<ServerId>();
  for (const [key, source] of index.sources) {
    if (source.kind !== 'stack' || seen.has(key)) continue;
    const project = projectOfRack(key, index);
    const isKnown = evidence.stacks.get(source.stackId) !== 'not-found';
    for (const rack of index.racksOfSource.get(key) ?? []) {
      for (const device of index.devicesOfRack.get(rack.id) ?? []) {
        const server = serverOfDevice(device);
        if (server) servers.add(server);
      }
      for (const id of (isKnown && recall(rack)?.servers) || []) {
        const server = seenServers.get(id);
        // Whoever writes another project's servers into his rack does not hide them.
        if (server?.kind === 'server' && server.projectId === project) servers.add(id);
      }
    }
  }
  return servers;
}

/** What a tree is made of: as read, else as its rack remembers it. */
export function membersOf({ root, content }: StackTree, index: PortalIndex): StackServers | undefined {
  if (content) return content;
  for (const rack of index.racksOfSource.get(stackKey(root.id)) ?? []) {
    const memory = recall(rack);
    if (memory) return memory;
  }
  return undefined;
}
