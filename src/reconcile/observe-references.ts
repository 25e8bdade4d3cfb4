import type { PortalSnapshot } from '../concertim/model.ts';
import { listFlavors, listServers, showServer } from '../openstack/compute.ts';
import type {
  Flavor,
  ProjectId,
  Reference,
  Server,
  ServerId,
  Stack,
  StackId,
  Unreadable,
} from '../openstack/model.ts';
import { findStack, listProjectStacks } from '../openstack/orchestration.ts';
import type { Session } from '../openstack/session.ts';
import { noProjectsKnown, settleClaims } from '../plan/claims.ts';
import { FlavorResolver } from '../plan/flavor-template.ts';
import { membersOf } from '../plan/membership.ts';
import type { CloudObservation, Evidence, StackTree } from '../plan/observation.ts';
import {
  isOwnTemplate,
  keyOfSource,
  type RackKey,
  serverOfDevice,
  sourceOfRack,
  stackKey,
} from '../plan/ownership.ts';
import { indexPortal, type PortalIndex, projectOfRack, projectsOfRacks } from '../plan/portal-index.ts';
import { type Announced, stackEvidence, surer } from './evidence.ts';
import {
  byId,
  type ObserveOptions,
  projectsOf,
  readServerGroups,
  readTrees,
  type SeenCloud,
  type Unread,
} from './observe-cloud.ts';
import { isRemembered, rootOf, rootsOf, stackTrees } from './stack-trees.ts';

/** From so many servers of one project on, its list is cheaper than one question each. */
const manyServers = 20;

type Answer = Server | Unreadable<ServerId> | undefined;

/**
 * The part of the cloud that the references name: the servers themselves, the stacks of their projects, and of the
 * trees that have changed all they are made of. A stop or a start costs one request to Nova and one to Heat.
 *
 * What cannot be read is left out of the scope and told; it fails as a whole only when nothing can be read.
 */
export async function observeReferences(
  options: ObserveOptions,
  references: readonly Reference[],
  known: {
    readonly portal: PortalSnapshot;
    readonly flavors: readonly Flavor[];
    readonly announced: Announced;
  },
  signal?: AbortSignal,
): Promise<SeenCloud> {
  const { session } = options;
  const index = indexPortal(settleClaims(known.portal, noProjectsKnown).portal);
  const shown = references.filter((reference) => isForThePortal(reference, index));
  const servers = new NamedServers(session, signal);
  const named = shown.filter(({ kind }) => kind === 'server');
  const isMany = named.length > manyServers;
  await servers.ask(idsOf(named.filter(({ projectId }) => projectId === undefined)));
  const projects = await projectsToLookInto(options, shown, servers.answers, index, signal);
  const [{ rows, all, unread }] = await Promise.all([
    readRows(session, projects, signal),
    servers.ask(isMany ? [] : idsOf(named)),
  ]);
  const scope = racksInScope(shown, rows, all, index);
  const read = await readTrees(
    options,
    all.filter(({ root }) => scope.has(stackKey(root.id))),
    index,
    signal,
  );
  const { trees } = read;

  const present = new Set(all.map(({ root }) => stackKey(root.id)));
  const absent = [...scope].filter((key) => !present.has(key));
  const members = new Set(idsOf(named));
  for (const { root, content } of trees) {
    if (!content) continue;
    for (const server of content.servers) members.add(server);
    for (const server of serversStandingIn(stackKey(root.id), index)) members.add(server);
  }
  for (const key of absent) for (const server of serversStandingIn(key, index)) members.add(server);
  if (members.size > manyServers) await servers.list(projects, members);
  await servers.ask(members);

  const found = byId([...servers.answers.values()].filter((server) => server !== undefined));
  const [serverGroups, externalNetworks, flavors, stacks] = await Promise.all([
    readServerGroups(session, trees, index, signal),
    options.externalNetworks.get(session, signal),
    flavorsOf(options, found.values(), known, signal),
    absentStacks(options, absent, known.announced, index, signal),
  ]);
  const cloud: CloudObservation = {
    scope: {
      kind: 'some',
      racks: scope,
      servers: new Set(servers.answers.keys()),
      volumes: new Set(),
      networks: new Set(),
    },
    servers: found,
    volumes: undefined,
    networks: undefined,
    trees,
    projectOfStack: projectsOf(rows),
    serverGroups,
    flavors,
    externalNetworks,
    unobserved: new Map(),
    evidence: {
      servers: serverEvidence(),
      volumes: new Map(),
      networks: new Map(),
      stacks,
      flavors: new Map(),
    },
  };
  return { cloud, unread: [...servers.unread, ...unread, ...read.unread], rootOfStack: rootsOf(rows) };

  /** No list bears out here what Nova says of an id: somebody else has to. */
  function serverEvidence(): Map<ServerId, Evidence> {
    const evidence = new Map<ServerId, Evidence>();
    for (const [id, answer] of servers.answers) {
      if (answer) continue;
      if (known.announced.servers.has(id)) evidence.set(id, 'deleted');
      else evidence.set(id, hasLeft(id) ? 'not-found' : 'disputed');
    }
    return evidence;
  }

  /** Whether Heat has it in the stack no more of whose rack it is shown in, or that stack itself no more. */
  function hasLeft(id: ServerId): boolean {
    return racksWith(id, index).some((key) => {
      const source = index.sources.get(key);
      if (source?.kind !== 'stack') return false;
      const content = trees.find(({ root }) => root.id === source.stackId)?.content;
      if (content) return content.serverGroups.length === 0 && !content.servers.includes(id);
      const ofStack = stacks.get(source.stackId);
      return ofStack === 'deleted' || ofStack === 'not-found';
    });
  }
}

const idsOf = (named: readonly Reference[]) => named.map(({ id }) => id as ServerId);

/** Whether the portal shows, or shall show, what is named; where the project is not told, it may. */
function isForThePortal({ kind, id, projectId }: Reference, index: PortalIndex): boolean {
  if (projectId === undefined || index.ownerOfProject.has(projectId)) return true;
  return kind === 'server' ? index.devicesOf.server.has(id) : index.racksOfSource.has(stackKey(id));
}

/** What Nova answers about servers that are named. */
class NamedServers {
  /** undefined: there is no such server. One that could not be asked for is not among them. */
  readonly answers = new Map<ServerId, Answer>();
  readonly unread: Unread[] = [];
  readonly #session: Session;
  readonly #signal: AbortSignal | undefined;

  constructor(session: Session, signal: AbortSignal | undefined) {
    this.#session = session;
    this.#signal = signal;
  }

  /** Asks for each that has not been asked for. */
  async ask(ids: Iterable<ServerId>): Promise<void> {
    const unread = new Set(this.unread.map(({ id }) => id));
    const unasked = [...new Set(ids)].filter((id) => !this.answers.has(id) && !unread.has(id));
    const found = await settled(unasked, (id) => showServer(this.#session, id, this.#signal), this.#signal);
    for (const [id, answer] of found.answers) this.answers.set(id, answer);
    for (const [id, error] of found.errors) this.unread.push({ object: 'server', id, name: id, error });
  }

  /** Takes those wanted out of their projects' lists. What is not in them has to be asked for. */
  async list(projects: Iterable<ProjectId>, wanted: ReadonlySet<ServerId>): Promise<void> {
    const list = (projectId: ProjectId) => listServers(this.#session, { projectId }, this.#signal);
    const lists = await Promise.all([...projects].map(list));
    for (const server of lists.flat()) if (wanted.has(server.id)) this.answers.set(server.id, server);
  }
}

/** The stacks of the projects, and the trees that they make. */
async function readRows(
  session: Session,
  projects: Iterable<ProjectId>,
  signal: AbortSignal | undefined,
): Promise<{ rows: Stack[]; all: StackTree[]; unread: Unread[] }> {
  const { answers, errors } = await settled(
    [...projects],
    (id) => listProjectStacks(session, id, signal),
    signal,
  );
  return {
    rows: [...answers.values()].flatMap(({ stacks }) => stacks),
    all: [...answers.values()].flatMap(({ stacks, at }) => stackTrees(stacks, at)),
    unread: [...errors].map(([id, error]) => ({ object: 'project', id, name: id, error })),
  };
}

/** Every question with its answer or its error. @throws when there are only errors */
async function settled<Id, T>(
  ids: readonly Id[],
  question: (id: Id) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<{ answers: Map<Id, T>; errors: Map<Id, unknown> }> {
  const outcomes = await Promise.allSettled(ids.map(question));
  signal?.throwIfAborted();
  const answers = new Map<Id, T>();
  const errors = new Map<Id, unknown>();
  for (const [at, id] of ids.entries()) {
    const outcome = outcomes[at];
    if (outcome?.status === 'fulfilled') answers.set(id, outcome.value);
    else errors.set(id, outcome?.reason);
  }
  if (errors.size > 0 && answers.size === 0) throw [...errors.values()][0];
  return { answers, errors };
}

/** The projects to look into, of those that the portal shows. */
async function projectsToLookInto(
  { session }: ObserveOptions,
  references: readonly Reference[],
  answers: ReadonlyMap<ServerId, Answer>,
  index: PortalIndex,
  signal: AbortSignal | undefined,
): Promise<Set<ProjectId>> {
  const projects = await Promise.all(
    references.map(async (reference) => {
      if (reference.projectId !== undefined) return reference.projectId;
      if (reference.kind === 'stack') {
        const key = stackKey(reference.id);
        if (index.racksOfSource.has(key)) return projectOfRack(key, index);
        return (await findStack(session, reference.id, undefined, signal))?.stack.projectId;
      }
      const server = answers.get(reference.id);
      return server?.kind === 'server' ? server.projectId : projectOfServer(reference.id, index);
    }),
  );
  return new Set(
    projects.filter((project) => project !== undefined && index.ownerOfProject.has(project)) as ProjectId[],
  );
}

/** The racks of what is named, of what has changed beside it, and of stacks that are named and gone. */
function racksInScope(
  references: readonly Reference[],
  rows: readonly StackTree['root'][],
  trees: readonly StackTree[],
  index: PortalIndex,
): Set<RackKey> {
  const scope = new Set<RackKey>();
  const byStackId = new Map(rows.map((row) => [row.id, row]));
  for (const tree of trees) if (!isRemembered(tree, index)) scope.add(stackKey(tree.root.id));
  for (const reference of references) {
    if (reference.kind === 'stack') {
      const row = byStackId.get(reference.id);
      const root = row && rootOf(row, byStackId);
      const key = stackKey(root?.id ?? reference.id);
      if (root || index.racksOfSource.has(key)) scope.add(key);
    } else {
      for (const key of racksWith(reference.id, index)) scope.add(key);
    }
  }
  // A server of whom nobody remembers the stack may be in any of the project: through its server groups.
  for (const tree of trees) {
    if ((membersOf(tree, index)?.serverGroups.length ?? 0) > 0) scope.add(stackKey(tree.root.id));
  }
  return scope;
}

function racksWith(server: ServerId, index: PortalIndex): RackKey[] {
  const keys: RackKey[] = [];
  for (const { location } of index.devicesOf.server.get(server) ?? []) {
    const rack = location && index.racks.get(location.rackId);
    const source = rack && sourceOfRack(rack);
    if (source) keys.push(keyOfSource(source));
  }
  return keys;
}

function projectOfServer(server: ServerId, index: PortalIndex): ProjectId | undefined {
  const [key] = racksWith(server, index);
  return key && projectOfRack(key, index);
}

function serversStandingIn(key: RackKey, index: PortalIndex): ServerId[] {
  const servers: ServerId[] = [];
  for (const rack of index.racksOfSource.get(key) ?? []) {
    for (const device of index.devicesOfRack.get(rack.id) ?? []) {
      const server = serverOfDevice(device);
      if (server) servers.push(server);
    }
  }
  return servers;
}

/** The flavors known from the last full run; read again when a server has one that is not among them. */
async function flavorsOf(
  { session }: ObserveOptions,
  servers: Iterable<Server | Unreadable<ServerId>>,
  { flavors, portal }: { readonly flavors: readonly Flavor[]; readonly portal: PortalSnapshot },
  signal: AbortSignal | undefined,
): Promise<readonly Flavor[]> {
  const resolver = new FlavorResolver(flavors, portal.templates.filter(isOwnTemplate));
  for (const server of servers) {
    if (server.kind === 'server' && !resolver.knows(server.flavor)) return listFlavors(session, signal);
  }
  return flavors;
}

async function absentStacks(
  { session }: ObserveOptions,
  keys: readonly RackKey[],
  announced: Announced,
  index: PortalIndex,
  signal: AbortSignal | undefined,
): Promise<Map<StackId, Evidence>> {
  const evidence = new Map<StackId, Evidence>();
  await Promise.all(
    keys.map(async (key) => {
      const source = index.sources.get(key);
      if (source?.kind !== 'stack') return;
      const id = source.stackId;
      for (const projectId of projectsOfRacks(key, index)) {
        const answer = await stackEvidence(session, { id, projectId }, announced, signal);
        evidence.set(id, surer(evidence.get(id), answer));
      }
    }),
  );
  return evidence;
}
