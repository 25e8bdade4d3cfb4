import type { PortalSnapshot } from '../concertim/model.ts';
import type { PortalProfile } from '../concertim/profile.ts';
import { listFlavors, listServerGroups } from '../openstack/compute.ts';
import {
  collections,
  type FlavorId,
  type Kind,
  type ObjectId,
  type ProjectId,
  type Server,
  type ServerGroup,
  type ServerGroupId,
  type ServerId,
  type Stack,
  type StackId,
  type Unreadable,
} from '../openstack/model.ts';
import { readStackMembers, showStack } from '../openstack/orchestration.ts';
import type { Session } from '../openstack/session.ts';
import type { StackList } from '../openstack/stack-list.ts';
import { absentees } from '../plan/absentees.ts';
import type { DeletionPolicy } from '../plan/brake.ts';
import { noProjectsKnown, settleClaims } from '../plan/claims.ts';
import { membersOf } from '../plan/membership.ts';
import type { CloudObservation, StackTree } from '../plan/observation.ts';
import { keyOfSource, type RackKey, sourceOfRack, stackKey } from '../plan/ownership.ts';
import { indexPortal, ownersOfProjects, type PortalIndex } from '../plan/portal-index.ts';
import { shownKinds } from '../plan/shown-kinds.ts';
import type { Clock } from '../runtime/clock.ts';
import { onceFor } from '../runtime/once-for.ts';
import type { Random } from '../runtime/random.ts';
import { ServiceError } from '../runtime/severity.ts';
import type { CloudLists } from './cloud-lists.ts';
import { type Announced, gatherEvidence } from './evidence.ts';
import type { ExternalNetworks } from './external-networks.ts';
import { type FurtherKind, observeKind, type SeenKind } from './kind-source.ts';
import { OutageWatch } from './outage.ts';
import { problemsOf, readableRows } from './readable-rows.ts';
import { isKnown, isShown, rootsOf, stackTrees } from './stack-trees.ts';
import type { TreeMemory } from './tree-memory.ts';
import type { UnassignedServers } from './unassigned-servers.ts';
import type { Unread } from './unread.ts';

export interface ObserveOptions {
  readonly session: Session;
  readonly lists: CloudLists;
  readonly externalNetworks: ExternalNetworks;
  readonly unassigned: UnassignedServers;
  readonly memory: TreeMemory;
  readonly deletions: DeletionPolicy;
  readonly clock: Clock;
  readonly random: Random;
}

/** What was seen, and what could not be read: one object's failure is its own. */
export interface SeenCloud {
  readonly cloud: CloudObservation;
  readonly unread: readonly Unread[];
  /** The root of every stack that Heat listed. */
  readonly rootOfStack: ReadonlyMap<StackId, StackId>;
}

/** What the lists of a cloud have. */
export interface ListedCloud {
  readonly profile: PortalProfile;
  readonly kinds: readonly Kind[];
  readonly servers: ReadonlyMap<ServerId, Server | Unreadable<ServerId>>;
  /** Servers that Nova reports as deleted. */
  readonly deleted: ReadonlySet<ServerId>;
  readonly volumes: SeenKind<'volume'>;
  readonly networks: SeenKind<'network'>;
  readonly stacks: StackList;
  readonly flavors: Awaited<ReturnType<typeof listFlavors>>;
  readonly externalNetworks: CloudObservation['externalNetworks'];
}

/**
 * The whole cloud: a list of each kind, two requests for each tree that is new or has changed, and a question for each object
 * that the portal has and the lists have not. The lists are whole, or this throws.
 */
export async function observeCloud(
  options: ObserveOptions,
  portal: PortalSnapshot,
  announced: Announced,
  signal?: AbortSignal,
): Promise<SeenCloud> {
  const projects = [...ownersOfProjects(portal.owners).keys()];
  const lists = await listCloud(options, { profile: portal.profile, projects }, signal);
  return observeListed(options, lists, { portal, candidates: portal, announced }, signal);
}

/**
 * The lists of each kind, whole.
 *
 * @param portal its release, and the projects of its owners: where the account may not list all stacks, it lists those of each project
 */
export async function listCloud(
  options: ObserveOptions,
  { profile, projects }: { readonly profile: PortalProfile; readonly projects: readonly ProjectId[] },
  signal?: AbortSignal,
): Promise<ListedCloud> {
  const { session, memory } = options;
  const kinds = shownKinds(profile);
  const observe = async <K extends FurtherKind>(kind: K): Promise<SeenKind<K>> =>
    kinds.includes(kind) ? observeKind(kind, session, signal) : notObserved;
  const [lists, volumes, networks, flavors, externalNetworks] = await Promise.all([
    options.lists.read(session, { projects }, signal),
    observe('volume'),
    observe('network'),
    listFlavors(session, { signal }),
    options.externalNetworks.read(session, signal),
    // While the cloud answers.
    memory.load(),
  ]);
  return { profile, kinds, ...lists, volumes, networks, flavors, externalNetworks };
}

/** What the lists do not say: what trees are made of, and what became of that which the portal has and the lists have not. */
export async function observeListed(
  options: ObserveOptions,
  { kinds, servers: listed, deleted, volumes, networks, stacks, flavors, externalNetworks }: ListedCloud,
  known: {
    /** The portal as far as it shows this cloud. */
    readonly portal: PortalSnapshot;
    /** The same with rows that may show this cloud, since no cloud lists what they show: that is queried. */
    readonly candidates: PortalSnapshot;
    readonly announced: Announced;
  },
  signal?: AbortSignal,
): Promise<SeenCloud> {
  const { session, memory } = options;
  const rows = stackTrees(stacks.stacks, { now: stacks.at, kinds });
  const projectOfStack = projectsOf(stacks.stacks);
  const index = settledIndex(known.portal, projectOfStack);
  const candidates = settledIndex(known.candidates, projectOfStack);
  const reading = { ...options, kinds };
  const { trees: firstRead, unread } = await readTrees(reading, rows, index, signal);
  const doubtful = new Set(options.unassigned.doubtfulTrees(listed, firstRead, memory.trees, index));
  const trees =
    doubtful.size === 0
      ? firstRead
      : await Promise.all(
          firstRead.map(async (tree) => (doubtful.has(tree) ? readAgain(reading, tree, signal) : tree)),
        );
  const unreadable = problemsOf<StackId>(stacks.unreadable);
  const absent = absentees(
    {
      servers: listed,
      volumes: volumes.objects,
      networks: networks.objects,
      roots: { has: (id) => rootIds(rows).has(id) || unreadable.has(id) },
      flavors,
    },
    known.candidates,
    candidates,
  );
  const [{ evidence, servers: leftOut }, serverGroups] = await Promise.all([
    gatherEvidence(session, absent, {
      ...options,
      announced: new Set([...known.announced, ...deleted]),
      maxDeletions: options.deletions.maxDeletions,
      shownServers: index.devicesOf.server.size,
      seesAll: { volume: volumes.seesAll, network: networks.seesAll },
      hasLeft: (kind, id) => hasLeftItsTree(kind, id, trees, index),
      signal,
    }),
    readServerGroups(options, trees, signal),
  ]);
  const servers =
    leftOut.length === 0 ? listed : new Map([...listed, ...leftOut.map((each) => [each.id, each] as const)]);
  const cloud: CloudObservation = {
    scope: { kind: 'all' },
    servers,
    volumes: volumes.objects,
    networks: networks.objects,
    trees,
    remembered: memory.trees,
    projectOfStack,
    unreadable: {
      stacks: unreadable,
      flavors: problemsOf<FlavorId>(flavors),
      serverGroups: problemsOf<ServerGroupId>(serverGroups),
    },
    serverGroups: readableRows(serverGroups),
    flavors: readableRows(flavors),
    externalNetworks,
    unobserved: stacks.unobserved,
    evidence,
  };
  return {
    cloud,
    unread: [...volumes.unread, ...networks.unread, ...unread],
    rootOfStack: rootsOf(stacks.stacks),
  };
}

/** For kinds that the portal does not show. */
const notObserved = { objects: undefined, seesAll: false, unread: [] };

/** Whether the stack in whose rack an object stands was read and no longer has the object. */
export function hasLeftItsTree(
  kind: Kind,
  id: ObjectId,
  trees: readonly StackTree[],
  index: PortalIndex,
): boolean {
  return racksWith(kind, id, index).some((key) =>
    trees.some(
      ({ root, content }) =>
        stackKey(root.id) === key &&
        content !== undefined &&
        (kind !== 'server' || content.serverGroups.length === 0) &&
        !content[collections[kind]].some((member) => member === id),
    ),
  );
}

/** The sources in whose racks the devices of an object stand. */
export function racksWith(kind: Kind, id: ObjectId, index: PortalIndex): RackKey[] {
  const keys: RackKey[] = [];
  for (const { location } of index.devicesOf[kind].get(id) ?? []) {
    const rack = location && index.racks.get(location.rackId);
    const source = rack && sourceOfRack(rack);
    if (source) keys.push(keyOfSource(source));
  }
  return keys;
}

/**
 * The trees that the portal shows or is to show; those that have changed are read. One that cannot be read keeps its rack
 * as it is, but for what its row says; one without a rack waits for the next run.
 *
 * @throws Heat's last error, when it becomes unavailable meanwhile
 */
export async function readTrees(
  options: Reading & Pick<ObserveOptions, 'clock'>,
  rows: readonly StackTree[],
  index: PortalIndex,
  signal?: AbortSignal,
): Promise<{ trees: readonly StackTree[]; unread: Unread[] }> {
  const { memory } = options;
  const { known, due } = sortTrees(rows, index, memory, memory.trees);
  if (due.length === 0) return { trees: known, unread: [] };
  const unread: Unread[] = [];
  const watch = new OutageWatch(options.clock, { signal });
  const read = await Promise.all(
    due.map(async (tree): Promise<StackTree | undefined> => {
      try {
        return await watch.ask(() => readTree(options, tree, watch.signal));
      } catch (error) {
        signal?.throwIfAborted();
        unread.push({ object: 'stack', id: tree.root.id, name: tree.root.name, error });
        return index.racksOfSource.has(stackKey(tree.root.id)) ? tree : undefined;
      }
    }),
  );
  watch.throwIfAway();
  return { trees: [...known, ...read.filter((tree) => tree !== undefined)], unread };
}

/** The trees that the portal shows, by whether they have to be read. What is remembered is another map whenever it is other than before. */
const sortTrees = onceFor(
  (rows: readonly StackTree[], index: PortalIndex, memory: TreeMemory, _remembered: TreeMemory['trees']) => {
    const known: StackTree[] = [];
    const due: StackTree[] = [];
    for (const tree of rows)
      if (isShown(tree, index)) (isKnown(tree, index, memory) ? known : due).push(tree);
    return { known, due };
  },
);

/** What is needed to read a tree, and the kinds of members to look for. */
type Reading = Pick<ObserveOptions, 'session' | 'memory'> & { readonly kinds: readonly Kind[] };

/** As it is remembered, where it cannot be read. */
async function readAgain(options: Reading, tree: StackTree, signal?: AbortSignal): Promise<StackTree> {
  try {
    return await readTree(options, tree, signal);
  } catch {
    signal?.throwIfAborted();
    return tree;
  }
}

/** All of them, or none where no tree has any: most clouds do without. */
export async function readServerGroups(
  { session, memory: { trees: remembered } }: Pick<ObserveOptions, 'session' | 'memory'>,
  trees: readonly StackTree[],
  signal?: AbortSignal,
): Promise<(ServerGroup | Unreadable<ServerGroupId>)[]> {
  const hasGroups = (tree: StackTree) => (membersOf(tree, { remembered })?.serverGroups.length ?? 0) > 0;
  return trees.some(hasGroups) ? listServerGroups(session, { signal }) : [];
}

/** Listed, and gone when it was read: the next run finds out which of the two is true. */
class VanishedError extends ServiceError {
  override readonly name = 'VanishedError';

  constructor({ name, id }: Stack) {
    super(`Stack ${name} (${id}) was listed by Heat and then not found.`, { severity: 'transient' });
  }
}

async function readTree(
  { session, memory, kinds }: Reading,
  tree: StackTree,
  signal?: AbortSignal,
): Promise<StackTree> {
  const [detail, members] = await Promise.all([
    showStack(session, tree.root, signal),
    readStackMembers(session, tree.root, kinds, signal),
  ]);
  if (!detail) throw new VanishedError(tree.root);
  const content = { ...members, outputs: detail.outputs, parameters: detail.parameters };
  memory.note(tree, content);
  return { ...tree, root: detail.stack, content };
}

/** The project of each stack, root or nested. */
export const projectsOf = onceFor(
  (stacks: readonly Stack[]): ReadonlyMap<StackId, ProjectId> =>
    new Map(stacks.map(({ id, projectId }) => [id, projectId])),
);

const rootIds = onceFor(
  (trees: readonly StackTree[]): ReadonlySet<StackId> => new Set(trees.map(({ root }) => root.id)),
);

/** The portal without claims that the cloud's stacks contradict. */
const settledIndex = onceFor((portal: PortalSnapshot, projectOfStack: ReadonlyMap<StackId, ProjectId>) => {
  const known = { ...noProjectsKnown, ofStack: (id: StackId) => projectOfStack.get(id) };
  return indexPortal(settleClaims(portal, known).portal);
});

/** For looking up; a repeated id once. */
export function byId<T extends { readonly id: string }>(objects: readonly T[]): Map<T['id'], T> {
  return new Map(objects.map((object) => [object.id, object]));
}
