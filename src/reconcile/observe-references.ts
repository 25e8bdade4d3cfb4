import type { PortalSnapshot } from '../concertim/model.ts';
import { listFlavors, listServers, showServer } from '../openstack/compute.ts';
import type {
  Flavor,
  ProjectId,
  Reference,
  Server,
  ServerId,
  StackId,
  Unreadable,
} from '../openstack/model.ts';
import { findStack, listProjectStacks } from '../openstack/orchestration.ts';
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
import { indexPortal, type PortalIndex, projectOfRack } from '../plan/portal-index.ts';
import { type Announced, stackEvidence } from './evidence.ts';
import { byId, type ObserveOptions, readServerGroups, readTrees, type SeenCloud } from './observe-cloud.ts';
import { isRemembered, rootOf, stackTrees } from './stack-trees.ts';

/** From so many servers of one project on, its list is cheaper than one question each. */
const manyServers = 20;

type Answer = Server | Unreadable<ServerId> | undefined;

/**
 * The part of the cloud that the references name: the servers themselves, the stacks of their projects, and of the
 * trees that have changed all they are made of. A stop or a start costs one request to Nova and one to Heat.
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
  const index = indexPortal(known.portal);
  const answers = new Map<ServerId, Answer>();
  const ask = async (ids: Iterable<ServerId>) => {
    const unasked = [...new Set(ids)].filter((id) => !answers.has(id));
    const found = await Promise.all(unasked.map((id) => showServer(session, id, signal)));
    for (const [at, id] of unasked.entries()) answers.set(id, found[at]);
  };

  const named = references.filter(({ kind }) => kind === 'server').map(({ id }) => id as ServerId);
  if (named.length <= manyServers) await ask(named);
  const projects = await projectsOf(options, references, answers, index, signal);
  const rows = await Promise.all([...projects].map((project) => listProjectStacks(session, project, signal)));
  const all = rows.flatMap(({ stacks, at }) => stackTrees(stacks, at));
  const scope = racksInScope(
    references,
    rows.flatMap(({ stacks }) => stacks),
    all,
    index,
  );
  const { trees, unread } = await readTrees(
    session,
    all.filter(({ root }) => scope.has(stackKey(root.id))),
    index,
    signal,
  );

  const members = new Set(named);
  for (const tree of trees) {
    if (!tree.content) continue;
    for (const server of tree.content.servers) members.add(server);
  }
  const present = new Set(all.map(({ root }) => stackKey(root.id)));
  const absent = [...scope].filter((key) => !present.has(key));
  for (const key of [
    ...absent,
    ...trees.filter(({ content }) => content).map(({ root }) => stackKey(root.id)),
  ]) {
    for (const server of serversStandingIn(key, index)) members.add(server);
  }
  if (members.size > manyServers) {
    const lists = await Promise.all(
      [...projects].map((projectId) => listServers(session, { projectId }, signal)),
    );
    for (const server of lists.flat()) if (members.has(server.id)) answers.set(server.id, server);
  }
  await ask(members);

  const servers = byId([...answers.values()].filter((server) => server !== undefined));
  const [serverGroups, externalNetworks, flavors, stacks] = await Promise.all([
    readServerGroups(session, trees, index, signal),
    options.externalNetworks.get(session, signal),
    flavorsOf(options, servers.values(), known, signal),
    absentStacks(options, absent, known.announced, index, signal),
  ]);
  const cloud: CloudObservation = {
    scope: { kind: 'some', racks: scope, servers: new Set(answers.keys()) },
    servers,
    trees,
    serverGroups,
    flavors,
    externalNetworks,
    unobserved: new Map(),
    evidence: { servers: absentServers(answers, known.announced), stacks, flavors: new Map() },
  };
  return { cloud, unread };
}

/** The projects to look into, of those that the portal shows. */
async function projectsOf(
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
  for (const { location } of index.devicesOfServer.get(server) ?? []) {
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
      const stack = { id: source.stackId, projectId: projectOfRack(key, index) };
      evidence.set(stack.id, await stackEvidence(session, stack, announced, signal));
    }),
  );
  return evidence;
}

function absentServers(
  answers: ReadonlyMap<ServerId, Answer>,
  announced: Announced,
): Map<ServerId, Evidence> {
  const evidence = new Map<ServerId, Evidence>();
  for (const [id, answer] of answers) {
    if (!answer) evidence.set(id, announced.servers.has(id) ? 'deleted' : 'not-found');
  }
  return evidence;
}
