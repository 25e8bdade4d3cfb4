import type { PortalSnapshot } from '../concertim/model.ts';
import { listFlavors, listServerGroups, listServers } from '../openstack/compute.ts';
import type {
  ProjectId,
  Server,
  ServerGroup,
  ServerId,
  Stack,
  StackId,
  Unreadable,
} from '../openstack/model.ts';
import { listStackMembers, listStacks, showStack } from '../openstack/orchestration.ts';
import type { Session } from '../openstack/session.ts';
import { absentees } from '../plan/absentees.ts';
import type { DeletionPolicy } from '../plan/brake.ts';
import { noProjectsKnown, settleClaims } from '../plan/claims.ts';
import { membersOf } from '../plan/membership.ts';
import type { CloudObservation, StackTree } from '../plan/observation.ts';
import { stackKey } from '../plan/ownership.ts';
import { indexPortal, ownersOfProjects, type PortalIndex } from '../plan/portal-index.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';
import { ServiceError } from '../runtime/severity.ts';
import { type Announced, gatherEvidence } from './evidence.ts';
import type { ExternalNetworks } from './external-networks.ts';
import { OutageWatch } from './outage.ts';
import { isRemembered, isShown, rootsOf, stackTrees } from './stack-trees.ts';
import type { Strays } from './strays.ts';

export interface ObserveOptions {
  readonly session: Session;
  readonly externalNetworks: ExternalNetworks;
  readonly strays: Strays;
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

/** Something of the cloud that could not be read. */
export interface Unread {
  readonly object: 'stack' | 'server' | 'project';
  readonly id: string;
  readonly name: string;
  readonly error: unknown;
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
  const { session } = options;
  const projects = [...ownersOfProjects(portal.owners).keys()];
  const [servers, stacks, flavors, externalNetworks] = await Promise.all([
    listServers(session, {}, signal),
    listStacks(session, { projects }, signal),
    listFlavors(session, signal),
    options.externalNetworks.read(session, signal),
  ]);
  const rows = stackTrees(stacks.stacks, stacks.at);
  const serversById = byId(servers);
  const projectOfStack = projectsOf(stacks.stacks);
  const claims = settleClaims(portal, { ...noProjectsKnown, ofStack: (id) => projectOfStack.get(id) });
  const index = indexPortal(claims.portal);
  const { trees: firstRead, unread } = await readTrees(options, rows, index, signal);
  const doubtful = new Set(options.strays.doubtfulTrees(serversById, firstRead, index));
  const trees = await Promise.all(
    firstRead.map(async (tree) => (doubtful.has(tree) ? readAgain(session, tree, signal) : tree)),
  );
  const absent = absentees(
    {
      servers: serversById,
      volumes: undefined,
      networks: undefined,
      roots: rows.map(({ root }) => root),
      flavors,
    },
    portal,
    index,
  );
  const [{ evidence, servers: leftOut }, serverGroups] = await Promise.all([
    gatherEvidence(session, absent, {
      ...options,
      announced,
      maxDeletions: options.deletions.maxDeletions,
      shownServers: index.devicesOf.server.size,
      signal,
    }),
    readServerGroups(session, trees, index, signal),
  ]);
  for (const server of leftOut) serversById.set(server.id, server);
  const cloud: CloudObservation = {
    scope: { kind: 'all' },
    servers: serversById,
    volumes: undefined,
    networks: undefined,
    trees,
    projectOfStack,
    serverGroups,
    flavors,
    externalNetworks,
    unobserved: stacks.unobserved,
    evidence,
  };
  return { cloud, unread, rootOfStack: rootsOf(stacks.stacks) };
}

/**
 * The trees that the portal shows or shall show, those read that have changed. One that cannot be read keeps its rack
 * as it is, but for what its row says; one without a rack waits for the next run.
 *
 * @throws what Heat said last, when it goes away meanwhile
 */
export async function readTrees(
  { session, clock }: Pick<ObserveOptions, 'session' | 'clock'>,
  rows: readonly StackTree[],
  index: PortalIndex,
  signal?: AbortSignal,
): Promise<{ trees: StackTree[]; unread: Unread[] }> {
  const unread: Unread[] = [];
  const watch = new OutageWatch(clock, { signal });
  const trees = await Promise.all(
    rows
      .filter((tree) => isShown(tree, index))
      .map(async (tree): Promise<StackTree | undefined> => {
        if (isRemembered(tree, index)) return tree;
        try {
          return await watch.ask(() => readTree(session, tree, watch.signal));
        } catch (error) {
          signal?.throwIfAborted();
          unread.push({ object: 'stack', id: tree.root.id, name: tree.root.name, error });
          return index.racksOfSource.has(stackKey(tree.root.id)) ? tree : undefined;
        }
      }),
  );
  watch.throwIfAway();
  return { trees: trees.filter((tree) => tree !== undefined), unread };
}

/** As it is remembered, where it cannot be read. */
async function readAgain(session: Session, tree: StackTree, signal?: AbortSignal): Promise<StackTree> {
  try {
    return await readTree(session, tree, signal);
  } catch {
    signal?.throwIfAborted();
    return tree;
  }
}

/** All of them, or none where no tree has any: most clouds do without. */
export async function readServerGroups(
  session: Session,
  trees: readonly StackTree[],
  index: PortalIndex,
  signal?: AbortSignal,
): Promise<ServerGroup[]> {
  const hasGroups = (tree: StackTree) => (membersOf(tree, index)?.serverGroups.length ?? 0) > 0;
  return trees.some(hasGroups) ? listServerGroups(session, signal) : [];
}

/** Listed, and gone when it was read: the next run finds out which of the two is true. */
class VanishedError extends ServiceError {
  override readonly name = 'VanishedError';

  constructor({ name, id }: Stack) {
    super(`Stack ${name} (${id}) was listed by Heat and then not found.`, { severity: 'transient' });
  }
}

async function readTree(session: Session, tree: StackTree, signal?: AbortSignal): Promise<StackTree> {
  const [detail, members] = await Promise.all([
    showStack(session, tree.root, signal),
    listStackMembers(session, tree.root, ['server'], signal),
  ]);
  if (!detail) throw new VanishedError(tree.root);
  return {
    ...tree,
    root: detail.stack,
    content: { ...members, outputs: detail.outputs, parameters: detail.parameters },
  };
}

/** Whose each stack is, root or nested. */
export function projectsOf(stacks: readonly Stack[]): Map<StackId, ProjectId> {
  return new Map(stacks.map(({ id, projectId }) => [id, projectId]));
}

/** For looking up; a repeated id once. */
export function byId(
  servers: readonly (Server | Unreadable<ServerId>)[],
): Map<ServerId, Server | Unreadable<ServerId>> {
  return new Map(servers.map((server) => [server.id, server]));
}
