import type { ServerGroupId, ServerId, StackServers } from '../openstack/model.ts';
import { recall } from './memory.ts';
import type { CloudObservation, StackTree } from './observation.ts';
import { type RackKey, serverOfDevice, stackKey, standaloneKey } from './ownership.ts';
import { compareTexts, type PortalIndex } from './portal-index.ts';
import { deletedState, rackStatus } from './status.ts';

/**
 * Which source each server belongs to. The first of these that says so decides, and of two stacks that both have a
 * server the one with the lower id:
 *
 * 1. it is a resource of the stack's tree: read in this run, recorded in the rack, or hinted by Nova;
 * 2. it is a member of one of the tree's server groups;
 * 3. its device already stands in a rack of the stack;
 * 4. it belongs to no stack, be it one that merely was not seen, and the configuration gives such servers a rack.
 *
 * A server that is in none of these is not shown. A stack that was deleted has none.
 */
export function rackKeyOfServers(
  cloud: CloudObservation,
  index: PortalIndex,
  standaloneServers: 'ignore' | 'rack',
): Map<ServerId, RackKey> {
  const keys = new Map<ServerId, RackKey>();
  const claim = (server: ServerId, key: RackKey) => {
    if (!keys.has(server) && cloud.servers.has(server)) keys.set(server, key);
  };
  const membersOfGroup = new Map(cloud.serverGroups.map((group) => [group.id, group.members]));
  const groupsOfTree = new Map<RackKey, readonly ServerGroupId[]>();

  for (const tree of cloud.trees.toSorted((a, b) => compareTexts(a.root.id, b.root.id))) {
    if (rackStatus(tree.root.status) === deletedState) continue;
    const key = stackKey(tree.root.id);
    const known = membersOf(tree, index);
    for (const server of known?.servers ?? []) claim(server, key);
    groupsOfTree.set(key, known?.serverGroups ?? []);
  }
  for (const server of cloud.servers.values()) {
    if (server.kind !== 'server' || server.rootStackId === null) continue;
    const key = stackKey(server.rootStackId);
    if (groupsOfTree.has(key)) claim(server.id, key);
  }
  for (const [key, groups] of groupsOfTree) {
    for (const group of groups) for (const server of membersOfGroup.get(group) ?? []) claim(server, key);
  }
  for (const key of groupsOfTree.keys()) {
    for (const rack of index.racksOfSource.get(key) ?? []) {
      for (const device of index.devicesOfRack.get(rack.id) ?? []) {
        const server = serverOfDevice(device);
        if (server) claim(server, key);
      }
    }
  }
  if (standaloneServers === 'rack') {
    const seen = new Set([...groupsOfTree.keys(), ...deletedStacksOf(cloud)]);
    const elsewhere = serversOfUnseenStacks(cloud, index, seen);
    for (const server of cloud.servers.values()) {
      if (server.kind !== 'server' || !index.ownerOfProject.has(server.projectId)) continue;
      if (cloud.unobserved.has(server.projectId) || elsewhere.has(server.id)) continue;
      claim(server.id, standaloneKey(server.projectId));
    }
  }
  return keys;
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
  { evidence }: CloudObservation,
  index: PortalIndex,
  seen: ReadonlySet<RackKey>,
): Set<ServerId> {
  const servers = new Set<ServerId>();
  for (const [key, source] of index.sources) {
    if (source.kind !== 'stack' || seen.has(key)) continue;
    const isKnown = evidence.stacks.get(source.stackId) !== 'not-found';
    for (const rack of index.racksOfSource.get(key) ?? []) {
      for (const device of index.devicesOfRack.get(rack.id) ?? []) {
        const server = serverOfDevice(device);
        if (server) servers.add(server);
      }
      for (const server of (isKnown && recall(rack)?.servers) || []) servers.add(server);
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
