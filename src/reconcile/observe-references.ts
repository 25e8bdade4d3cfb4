import type { PortalSnapshot } from '../concertim/model.ts';
import { listFlavors } from '../openstack/compute.ts';
import {
  collections,
  type Flavor,
  type FlavorId,
  type Kind,
  type ObjectId,
  type ObjectReference,
  type ProjectId,
  type Server,
  type ServerGroupId,
  type ServerId,
  type Stack,
  type StackId,
  type Unreadable,
} from '../openstack/model.ts';
import { readProjectStacks } from '../openstack/stack-list.ts';
import { noProjectsKnown, settleClaims } from '../plan/claims.ts';
import { FlavorResolver } from '../plan/flavor-template.ts';
import type { CloudObservation, Evidence, StackTree } from '../plan/observation.ts';
import { isOwnTemplate, objectOfDevice, type RackKey, stackKey } from '../plan/ownership.ts';
import { indexPortal, type PortalIndex, projectsOfRacks } from '../plan/portal-index.ts';
import { shownKinds } from '../plan/shown-kinds.ts';
import { type Announced, stackEvidence, surer } from './evidence.ts';
import { type Answer, NamedObjects } from './named-objects.ts';
import {
  byId,
  hasLeftItsTree,
  type ObserveOptions,
  projectsOf,
  racksWith,
  readServerGroups,
  readTrees,
  type SeenCloud,
} from './observe-cloud.ts';
import { problemsOf, readableRows } from './readable-rows.ts';
import { isForThePortal, projectsToLookInto, racksInScope } from './reference-scope.ts';
import { settled } from './settled.ts';
import { rootsOf, stackTrees } from './stack-trees.ts';
import type { Unread } from './unread.ts';

/** The flavors of the last list, and why some of them could not be read. */
export interface KnownFlavors {
  readonly flavors: readonly Flavor[];
  readonly unreadable: CloudObservation['unreadable']['flavors'];
}

/** From this many objects of a kind in one project, its list is cheaper than one query for each. */
const manyObjects = 20;

/**
 * The part of the cloud that the references name: the objects themselves, the stacks of their projects, and of the
 * trees that have changed all they are made of. A stop or a start costs one request to Nova and one to Heat, and some to Neutron
 * where a server is on a network that has the name of an external one.
 *
 * What cannot be read is left out of the scope and reported; it fails as a whole only when nothing can be read.
 */
export async function observeReferences(
  options: ObserveOptions,
  references: readonly ObjectReference[],
  known: {
    readonly portal: PortalSnapshot;
    readonly flavors: KnownFlavors;
    readonly announced: Announced;
  },
  signal?: AbortSignal,
): Promise<SeenCloud> {
  const { session } = options;
  const index = indexPortal(settleClaims(known.portal, noProjectsKnown).portal);
  const kinds = shownKinds(known.portal.profile);
  const shown = references.filter((reference) => isForThePortal(reference, kinds, index));
  const objects = kinds.map((kind) => new NamedObjects(kind, session, signal));
  const namedOf = (kind: Kind, every = true) =>
    shown.flatMap((reference) =>
      reference.kind === kind && (every || reference.projectId === undefined) ? [reference.id] : [],
    );
  await Promise.all(objects.map(async (each) => each.ask(namedOf(each.kind, false))));
  const unfound: Unread[] = [];
  const context = { index, unread: unfound };
  const projects = await projectsToLookInto(options, shown, objects, context, signal);
  const [{ rows, unreadable, all, unread }] = await Promise.all([
    readRows(options, projects, kinds, signal),
    ...objects.map(async (each) => {
      const named = namedOf(each.kind);
      await each.ask(named.length > manyObjects ? [] : named);
    }),
  ]);
  const scope = racksInScope(shown, rows, all, index, options.memory);
  const read = await readTrees(
    { ...options, kinds },
    all.filter(({ root }) => scope.has(stackKey(root.id))),
    index,
    signal,
  );
  const { trees } = read;

  const present = new Set([...all.map(({ root }) => root.id), ...unreadable.keys()].map(stackKey));
  const absent = [...scope].filter((key) => !present.has(key));
  const standing = [
    ...trees.filter(({ content }) => content).map(({ root }) => stackKey(root.id)),
    ...absent,
  ];
  await Promise.all(
    objects.map(async (each) => {
      const { kind } = each;
      const members = new Set(namedOf(kind));
      for (const { content } of trees) for (const id of content?.[collections[kind]] ?? []) members.add(id);
      for (const key of standing) for (const id of standingIn(kind, key, index)) members.add(id);
      if (members.size > manyObjects) await each.list(projects, members);
      await each.ask(members);
    }),
  );

  noteServers(options, objects);

  const [serverGroups, externalNetworks, flavors, stacks] = await Promise.all([
    readServerGroups(options, trees, signal),
    options.externalNetworks.get(session, found('server')?.values() ?? [], signal),
    flavorsOf(options, found('server')?.values() ?? [], known, signal),
    absentStacks(options, absent, known.announced, index, signal),
  ]);
  const cloud: CloudObservation = {
    scope: {
      kind: 'some',
      racks: scope,
      servers: askedFor('server'),
      volumes: askedFor('volume'),
      networks: askedFor('network'),
    },
    servers: found('server') ?? new Map(),
    volumes: found('volume'),
    networks: found('network'),
    trees,
    remembered: options.memory.trees,
    projectOfStack: projectsOf(rows),
    unreadable: {
      stacks: unreadable,
      flavors: flavors.unreadable,
      serverGroups: problemsOf<ServerGroupId>(serverGroups),
    },
    serverGroups: readableRows(serverGroups),
    flavors: flavors.flavors,
    externalNetworks,
    unobserved: new Map(),
    evidence: {
      servers: evidenceOf('server'),
      volumes: evidenceOf('volume'),
      networks: evidenceOf('network'),
      stacks,
      flavors: new Map(),
    },
  };
  return {
    cloud,
    unread: [...objects.flatMap((each) => each.unread), ...unfound, ...unread, ...read.unread],
    rootOfStack: rootsOf(rows),
  };

  function answersOf(kind: Kind): ReadonlyMap<ObjectId, Answer> | undefined {
    return objects.find((each) => each.kind === kind && !each.isMissing)?.answers;
  }

  function askedFor(kind: Kind): ReadonlySet<ObjectId> {
    return new Set(answersOf(kind)?.keys());
  }

  /** The queried objects that exist, by kind; undefined: portal or cloud do not have the kind. */
  function found(kind: Kind): Map<never, never> | undefined {
    const answers = answersOf(kind);
    return (
      answers && (byId([...answers.values()].filter((answer) => answer !== undefined)) as Map<never, never>)
    );
  }

  /** A targeted run has no lists to confirm that an id is not found: something else has to. */
  function evidenceOf(kind: Kind): Map<ObjectId, Evidence> {
    const evidence = new Map<ObjectId, Evidence>();
    for (const [id, answer] of answersOf(kind) ?? []) {
      if (answer) continue;
      if (known.announced.has(id)) evidence.set(id, 'deleted');
      else evidence.set(id, hasLeft(kind, id) ? 'not-found' : 'disputed');
    }
    return evidence;
  }

  /** Whether the stack in whose rack the object is shown no longer has it, or no longer exists. */
  function hasLeft(kind: Kind, id: ObjectId): boolean {
    if (hasLeftItsTree(kind, id, trees, index)) return true;
    return racksWith(kind, id, index).some((key) => {
      const source = index.sources.get(key);
      const ofStack = source?.kind === 'stack' ? stacks.get(source.stackId) : undefined;
      return ofStack === 'deleted' || ofStack === 'not-found';
    });
  }
}

/** The stacks of the projects, and the trees that they make. */
async function readRows(
  { session, lists }: ObserveOptions,
  projects: Iterable<ProjectId>,
  kinds: readonly Kind[],
  signal: AbortSignal | undefined,
): Promise<{ rows: Stack[]; unreadable: Map<StackId, string>; all: StackTree[]; unread: Unread[] }> {
  const { answers, errors } = await settled(
    [...projects],
    (id) => readProjectStacks(session, id, signal),
    signal,
  );
  for (const [project, rows] of answers) lists.stacks.note(project, rows);
  return {
    rows: [...answers.values()].flatMap(({ stacks }) => stacks),
    unreadable: problemsOf<StackId>([...answers.values()].flatMap(({ unreadable }) => unreadable)),
    all: [...answers.values()].flatMap(({ stacks, at }) => stackTrees(stacks, { now: at, kinds })),
    unread: [...errors].map(([id, error]) => ({ object: 'project', id, name: id, error })),
  };
}

/** The next full run knows what was read of servers, since no list of what has changed shows their addresses and volumes. */
function noteServers({ lists }: ObserveOptions, objects: readonly NamedObjects[]): void {
  const named = objects.find(({ kind }) => kind === 'server');
  if (!named) return;
  lists.servers.note(named.answers as ReadonlyMap<ServerId, Server | Unreadable<ServerId> | undefined>);
  if (named.unread.length > 0) lists.servers.forget();
}

/** Ids of the objects of a kind that devices in a source's racks show. */
function standingIn(kind: Kind, key: RackKey, index: PortalIndex): ObjectId[] {
  const objects: ObjectId[] = [];
  for (const rack of index.racksOfSource.get(key) ?? []) {
    for (const device of index.devicesOfRack.get(rack.id) ?? []) {
      const id = device.kind === kind ? objectOfDevice(device) : undefined;
      if (id) objects.push(id);
    }
  }
  return objects;
}

/** The flavors known from the last full run; read again when a server has one that is not among them. */
async function flavorsOf(
  { session }: ObserveOptions,
  servers: Iterable<Server | Unreadable<Server['id']>>,
  { flavors, portal }: { readonly flavors: KnownFlavors; readonly portal: PortalSnapshot },
  signal: AbortSignal | undefined,
): Promise<KnownFlavors> {
  const resolver = new FlavorResolver(flavors.flavors, portal.templates.filter(isOwnTemplate));
  for (const server of servers) {
    if (server.kind !== 'server' || resolver.knows(server.flavor)) continue;
    const rows = await listFlavors(session, { signal });
    return { flavors: readableRows(rows), unreadable: problemsOf<FlavorId>(rows) };
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
