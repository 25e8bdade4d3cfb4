import fc from 'fast-check';
import type { PortalSnapshot } from '../../src/concertim/model.ts';
import { type PortalProfile, profiles, releases } from '../../src/concertim/profile.ts';
import type {
  NetworkId,
  ProjectId,
  ServerFlavor,
  ServerGroup,
  ServerId,
  StackId,
  VolumeId,
} from '../../src/openstack/model.ts';
import { changesOf } from '../../src/plan/change.ts';
import { plan } from '../../src/plan/plan.ts';
import type { PlanSettings } from '../../src/plan/plan-settings.ts';
import { TreeMemory } from '../../src/reconcile/tree-memory.ts';
import {
  address,
  portal as emptyPortal,
  flavor,
  group,
  network,
  owner,
  server,
  settings,
  stack,
  template,
  unreadable,
  volume,
} from './builders.ts';
import { byHand } from './by-hand.ts';
import { type Listing, observe, type PaperCloud } from './paper-cloud.ts';
import { PaperPortal } from './paper-portal.ts';

/**
 * Stories that end in a cloud and a portal which has to be brought in step with it: an earlier cloud, of whose plan
 * some or all was carried out, then what people did to the portal by hand, then what became of the cloud.
 *
 * Everything is drawn from small pools, so that names, units and ids meet: ids have their beginnings in common, names
 * differ in what the portal does not take.
 */
export interface Situation {
  readonly cloud: PaperCloud;
  readonly portal: PortalSnapshot;
  readonly settings: PlanSettings;
  /** What was found of trees when the earlier cloud was read. */
  readonly memory: TreeMemory;
}

/** As Heat takes them. */
const stackNames = ['a', 'a.b', 'a_b', 'a-b', 'a-2', 'a-b-55555', 'b', 'n'.repeat(255)];
const serverNames = ['a', 'a.b', 'a_b', 'a-b', 'a-2', 'a-b-00000', 'b', '', 'ü', 'n'.repeat(255)];
type ServerState = [vmState: string, taskState: string | null];
const serverStates: ServerState[] = [
  ['active', null],
  ['active', 'powering-off'],
  ['active', 'image_uploading'],
  ['building', 'spawning'],
  ['error', null],
  ['stopped', null],
  ['deleted', null],
  ['dreaming', null],
];
const stackStatuses = [
  'CREATE_COMPLETE',
  'UPDATE_IN_PROGRESS',
  'UPDATE_FAILED',
  'SUSPEND_COMPLETE',
  'DELETE_COMPLETE',
  'DREAM_OF',
];
const addresses = [
  address({ address: '10.0.0.1' }),
  address({ address: '203.0.113.1', type: 'floating' }),
  address({ address: '192.0.2.7', network: 'provider' }),
  address({ address: 'fd00::1', version: 6, network: 'constructor' }),
];
/** The last two have taken the place of the first two, one under an id of its own, one under the same. */
const flavors = [
  flavor({ id: 'f-1', name: 'm1', vcpus: 1, disk: 0 }),
  flavor({ id: 'f-2', name: 'm2', vcpus: 2 }),
  flavor({ id: 'f-4', name: 'm4', vcpus: 4 }),
  flavor({ id: 'f-8', name: 'a', vcpus: 8, ram: 0 }),
  flavor({ id: 'f-1-again', name: 'm1', vcpus: 4 }),
  flavor({ id: 'f-2', name: 'm2', vcpus: 2, ram: 4096 }),
];

type Told<A> = A extends fc.Arbitrary<infer T> ? T : never;

const listing = fc.oneof(
  { weight: 30, arbitrary: fc.constant<Listing>('listed') },
  { weight: 1, arbitrary: fc.constantFrom<Listing>('left out', 'left out, no answer') },
);
const mostly = fc.nat(15).map((lot) => lot > 0);
const project = fc.constantFrom('p1', 'p1', 'p1', 'p2', 'p2', 'p3').map((id) => id as ProjectId);

const stackStory = fc.record({
  name: fc.constantFrom(...stackNames),
  project,
  status: fc.oneof(fc.constant('CREATE_COMPLETE'), fc.constantFrom(...stackStatuses)),
  outputs: fc.uniqueArray(
    fc.record({
      key: fc.constantFrom('url', 'a=b', 'k, l'),
      value: fc.constantFrom<unknown>('http://10.0.0.1/?q=1', 7, ['x', 'y'], { 'a, b': null }),
    }),
    { selector: ({ key }) => key, maxLength: 2 },
  ),
  listing,
  readable: mostly,
  settled: mostly,
});
type StackStory = Told<typeof stackStory>;

type FlavorBy = ServerFlavor['kind'];

const serverStory = fc.record({
  name: fc.constantFrom(...serverNames),
  /** Position of its stack; where there is none, it has none. */
  stack: fc.constantFrom(0, 0, 0, 1, 2, 3, 9),
  via: fc.constantFrom('resource', 'resource', 'group', 'hint'),
  /** Where it has no stack. */
  project,
  state: fc.oneof(fc.constant<ServerState>(['active', null]), fc.constantFrom(...serverStates)),
  flavor: fc.constantFrom(...flavors),
  addresses: fc.subarray(addresses),
  volumes: fc.subarray(['v1', 'v2']),
  readable: mostly,
  listing,
});
type ServerStory = Told<typeof serverStory> & { readonly id: ServerId };

const furtherStory = {
  name: fc.constantFrom('a', 'a.b', 'a-b', 'b', ''),
  stack: fc.constantFrom(0, 0, 1, 2, 9),
  project,
  readable: mostly,
  listing,
};
const volumeStory = fc.record({
  ...furtherStory,
  status: fc.constantFrom('available', 'in-use', 'error_extending', 'creating', 'deleted', 'dreaming'),
  size: fc.constantFrom(1, 20),
  /** Position of the server that has it; undefined: none has. */
  server: fc.option(fc.nat(5), { nil: undefined }),
});
const networkStory = fc.record({
  ...furtherStory,
  status: fc.constantFrom('ACTIVE', 'DOWN', 'BUILD', 'dreaming'),
  adminStateUp: fc.boolean(),
});

const rest = {
  hasService: fc.record({ volumes: mostly, networks: mostly }),
  flavors: fc.subarray(flavors, { minLength: 2 }),
  externalNetworks: fc.subarray(['provider']),
  unobserved: fc.oneof(
    { weight: 4, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.tuple(project) },
  ),
  wasDeleted: fc.func(fc.boolean()),
};

const cloudStory = fc.record({
  stacks: fc.array(orNone(stackStory, 9), { minLength: 1, maxLength: 4 }),
  servers: fc.array(orNone(serverStory, 9), { maxLength: 30, size: 'max' }),
  volumes: fc.array(orNone(volumeStory, 9), { maxLength: 8 }),
  networks: fc.array(orNone(networkStory, 9), { maxLength: 4 }),
  ...rest,
});
type CloudStory = Told<typeof cloudStory>;

/** By position: another story, or an end. */
const cloudChanges = fc.record({
  stacks: fc.array(fc.tuple(fc.nat(3), orNone(stackStory, 2)), { maxLength: 3 }),
  servers: fc.array(fc.tuple(fc.nat(29), orNone(serverStory, 2)), { maxLength: 12 }),
  volumes: fc.array(fc.tuple(fc.nat(7), orNone(volumeStory, 2)), { maxLength: 4 }),
  networks: fc.array(fc.tuple(fc.nat(3), orNone(networkStory, 2)), { maxLength: 2 }),
  ...rest,
});

/** The projects of the portal's owners: in most stories of three users two have one project. */
const projects = fc.oneof(
  { weight: 4, arbitrary: fc.constant(['p1', 'p2', 'p1'] as (ProjectId | null)[]) },
  { weight: 1, arbitrary: fc.array(fc.option(project), { minLength: 3, maxLength: 3 }) },
);

const story = fc.record({
  settings: fc.record({
    standaloneServers: fc.constantFrom('ignore', 'rack'),
    defaultRackHeight: fc.constantFrom(1, 2, 8, 42, 72),
    deletions: fc.record({
      maxDeletions: fc.nat(5),
      maxShare: fc.constantFrom(0, 0.3, 1),
      allowAll: mostly.map((likely) => !likely),
    }),
  }),
  projects,
  /** How servers name their flavors: one Nova has one way. */
  flavorBy: fc.constantFrom<FlavorBy>('id', 'embedded'),
  profile: fc.constantFrom(...releases.map((release) => profiles[release])),
  earlier: cloudStory,
  /** How much of the earlier cloud's plan was carried out. */
  percent: fc.oneof({ weight: 4, arbitrary: fc.constant(100) }, { weight: 1, arbitrary: fc.nat(100) }),
  byHand: fc.array(byHand, { maxLength: 6 }),
  projectsSince: orNone(projects, 1),
  since: cloudChanges,
});

/** @throws whatever `plan` throws, and the portal's refusals of the earlier plan */
export const situation: fc.Arbitrary<Situation> = story.map((story) => {
  const told = settings(story.settings);
  const memory = new TreeMemory();
  const portal = new PaperPortal(freshPortal(story.profile, ownersOf(story.projects)));
  const before = portal.snapshot();
  const changes = changesOf(
    plan(observe(cloudOf(story.earlier, story.flavorBy), before, memory), before, told),
  );
  portal.apply(changes.slice(0, Math.ceil((changes.length * story.percent) / 100)));
  let after = portal.snapshot();
  for (const act of story.byHand) after = act(after);
  return {
    cloud: cloudOf(
      {
        ...story.since,
        stacks: changed(story.earlier.stacks, story.since.stacks),
        servers: changed(story.earlier.servers, story.since.servers),
        volumes: changed(story.earlier.volumes, story.since.volumes),
        networks: changed(story.earlier.networks, story.since.networks),
      },
      story.flavorBy,
    ),
    portal: { ...after, owners: ownersOf(story.projectsSince ?? story.projects) },
    settings: told,
    memory,
  };
});

/** With what its release brings with it. */
function freshPortal(profile: PortalProfile, owners: PortalSnapshot['owners']): PortalSnapshot {
  const seeded = [
    template({ id: 1, name: 'network', tag: 'network', height: 1 }),
    template({ id: 2, name: 'volume', tag: 'volume', height: 2 }),
  ];
  return emptyPortal({ profile, owners, templates: profile.statuses.volume.length > 0 ? seeded : [] });
}

function orNone<T>(arbitrary: fc.Arbitrary<T>, freq: number): fc.Arbitrary<T | null> {
  return fc.option(arbitrary, { freq, nil: null });
}

function changed<T>(items: readonly (T | null)[], changes: readonly (readonly [number, T | null])[]) {
  const after = [...items];
  for (const [at, item] of changes) after[at] = item;
  return Array.from(after, (item) => item ?? null);
}

function ownersOf(projects: Told<typeof story>['projects']): PortalSnapshot['owners'] {
  return projects.map((projectId, at) => owner({ id: at + 2, name: `user${at}`, projectId }));
}

function cloudOf(
  {
    stacks,
    servers,
    volumes,
    networks,
    hasService,
    flavors,
    unobserved,
    externalNetworks,
    wasDeleted,
  }: CloudStory,
  flavorBy: FlavorBy,
): PaperCloud {
  const stackAt = new Map(
    [...stacks.entries()].flatMap(([at, stack]) => (stack ? [[at, stack] as const] : [])),
  );
  const told = [...servers.entries()].flatMap(([at, server]) =>
    server ? [{ ...server, id: serverIdAt(at) }] : [],
  );
  const membersOf = (at: number, via: ServerStory['via']) =>
    told.filter((server) => server.stack === at && server.via === via).map(({ id }) => id);

  return {
    servers: told.map((server) => ({
      listing: server.listing,
      server: serverOf(server, stackAt.get(server.stack), flavorBy),
    })),
    volumes: [...volumes.entries()].flatMap(([at, story]) =>
      story ? [{ object: volumeOf(story, at, stackAt.get(story.stack)), listing: story.listing }] : [],
    ),
    networks: [...networks.entries()].flatMap(([at, story]) =>
      story ? [{ object: networkOf(story, at, stackAt.get(story.stack)), listing: story.listing }] : [],
    ),
    hasService,
    stacks: [...stackAt].map(([at, { name, project, status, outputs, ...seen }]) => ({
      root: stack({ id: stackIdAt(at), name, projectId: project, status }),
      content: {
        servers: membersOf(at, 'resource'),
        serverGroups: [groupOf(at).id],
        volumes: ofStack(volumes, at, volumeIdAt),
        networks: ofStack(networks, at, networkIdAt),
        outputs,
      },
      ...seen,
    })),
    serverGroups: [...stackAt.keys()].map((at) => ({ ...groupOf(at), members: membersOf(at, 'group') })),
    flavors: flavors.filter(({ name }, at) => !flavors.slice(at + 1).some((later) => later.name === name)),
    externalNetworks: { names: new Set(externalNetworks), sharedNames: new Set(), addresses: new Map() },
    unobserved: new Set(unobserved),
    wasDeleted,
  };
}

function serverOf(
  story: ServerStory,
  stack: StackStory | undefined,
  flavorBy: FlavorBy,
): PaperCloud['servers'][number]['server'] {
  if (!story.readable) return unreadable(story.id);
  const { id, name, addresses, volumes, via } = story;
  const [vmState, taskState] = story.state;
  const { vcpus, ram, disk } = story.flavor;
  return server({
    id,
    name,
    projectId: stack?.project ?? story.project,
    vmState,
    taskState,
    flavor:
      flavorBy === 'id'
        ? { kind: 'id', id: story.flavor.id }
        : { kind: 'embedded', name: story.flavor.name, vcpus, ram, disk },
    addresses,
    volumes: volumes.map((id) => ({ id, deleteOnTermination: id === 'v1' })),
    rootStackId: via === 'hint' && stack ? stackIdAt(story.stack) : null,
  });
}

function volumeOf(story: Told<typeof volumeStory>, at: number, of: StackStory | undefined) {
  const id = volumeIdAt(at);
  const { name, status, size, server, project } = story;
  if (!story.readable) return unreadable<VolumeId>(id);
  const servers = server === undefined ? [] : [serverIdAt(server)];
  return volume({ id, name, status, size, servers, projectId: of?.project ?? project });
}

function networkOf(story: Told<typeof networkStory>, at: number, of: StackStory | undefined) {
  const id = networkIdAt(at);
  const { name, status, adminStateUp, project } = story;
  if (!story.readable) return unreadable<NetworkId>(id);
  return network({ id, name, status, adminStateUp, projectId: of?.project ?? project });
}

function ofStack<Id>(
  stories: readonly ({ readonly stack: number } | null)[],
  at: number,
  idAt: (at: number) => Id,
): Id[] {
  return [...stories.entries()].flatMap(([position, story]) => (story?.stack === at ? [idAt(position)] : []));
}

/** Ids come in pairs that share their first 8 characters; all ids, of every kind, share the first 5. */
function idAt(at: number, end: string): string {
  return `00000${String(at >> 1).padStart(3, '0')}-${at & 1}aaa-4bbb-8ccc-${end}`;
}

function serverIdAt(at: number): ServerId {
  return idAt(at, 'dddddddddddd') as ServerId;
}

function volumeIdAt(at: number): VolumeId {
  return idAt(at, 'eeeeeeeeeeee') as VolumeId;
}

function networkIdAt(at: number): NetworkId {
  return idAt(at, 'ffffffffffff') as NetworkId;
}

function stackIdAt(at: number): StackId {
  return `55555${String(at >> 1).padStart(3, '0')}-${at & 1}aaa-4bbb-8ccc-dddddddddddd` as StackId;
}

function groupOf(at: number): ServerGroup {
  return group({ id: `g-${at}` });
}
