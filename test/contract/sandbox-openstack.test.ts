import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { HttpClient, type HttpResponse, type Method } from '../../src/http/client.ts';
import { isObject } from '../../src/runtime/is-object.ts';
import type { Address, Server } from '../../src/sandbox/cloud/compute.ts';
import type { Project, User } from '../../src/sandbox/cloud/identity.ts';
import type { Stack } from '../../src/sandbox/cloud/stack.ts';
import {
  plain,
  resourceGroup,
  server,
  serverGroup,
  type Template,
} from '../../src/sandbox/cloud/template.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts';
import { ManualClock } from '../support/manual-clock.ts';

/**
 * The sandbox against what a real OpenStack was recorded saying: each recorded request is made to a sandbox in the like
 * state. The status, the headers that matter, every key and every type must be the same, and a refusal's whole body.
 */

interface Recording {
  readonly request: {
    readonly method: Method;
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: unknown;
  };
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: unknown;
  };
}

type Service = 'keystone' | 'nova' | 'heat' | 'neutron';

/** How the state comes about in which a recording was made, and who asked. */
interface Situation {
  readonly as?: 'admin' | 'user' | 'nobody' | 'unscoped';
  readonly options?: SandboxOptions;
  readonly state?: (like: Like) => void;
  /** The server that is asked about, where not the loose one. */
  readonly server?: (like: Like) => Server;
  /** What `marker` names. */
  readonly marker?: (like: Like) => string;
  /** Only the first line of a message: below it Keystone prints its schema. */
  readonly firstLineOnly?: boolean;
}

/** A sandbox with what the recorded cloud had in it. */
interface Like {
  readonly sandbox: Sandbox;
  readonly clock: ManualClock;
  readonly user: User;
  readonly project: Project;
  readonly stack: Stack;
  /** A server of no stack, in the project `admin`. */
  readonly loose: Server;
  readonly credentialId: string;
  readonly token: (as: 'admin' | 'user' | 'unscoped') => string;
}

const asUser: Situation = { as: 'user' };
const switched = (verb: 'stop' | 'suspend'): Situation => ({
  state: ({ sandbox, loose }) => {
    sandbox.cloud.compute.act(loose.id, verb);
    sandbox.cloud.settle();
  },
});
const onStack = (verb: (like: Like) => void, settle = true): Situation => ({
  as: 'user',
  state: (like) => {
    verb(like);
    if (settle) like.sandbox.cloud.settle();
    else like.sandbox.advance();
  },
});
const suspended = ({ sandbox, stack }: Like) => sandbox.cloud.orchestration.suspendStack(stack.id);
const checked = ({ sandbox, stack }: Like) => sandbox.cloud.orchestration.checkStack(stack.id);
const deleted = ({ sandbox, stack }: Like) => sandbox.cloud.orchestration.deleteStack(stack.id);
const resumed = (like: Like) => {
  suspended(like);
  like.sandbox.cloud.settle();
  like.sandbox.cloud.orchestration.resumeStack(like.stack.id);
};
const looseDeleted: Situation = {
  state: ({ sandbox, loose }) => {
    sandbox.cloud.compute.deleteServer(loose.id);
    sandbox.cloud.settle();
  },
};
const looseBuilding: Situation = { server: ({ sandbox, user }) => newServer(sandbox, user.id) };
const ofStack: Situation = {
  server: ({ sandbox, stack }) => mustHave(sandbox.cloud.orchestration.serversOf(stack)[0]),
};
const withAccount: Situation = {
  state: ({ sandbox }) => {
    const { identity } = sandbox.cloud;
    const project = identity.createProject({ name: 'CM_capture_proj' });
    const user = identity.createUser({
      name: 'CM_capture',
      password: 'first-password',
      defaultProjectId: project.id,
    });
    identity.grant(user, project, 'member');
  },
};
const described: Situation = {
  state: ({ sandbox, user }) =>
    sandbox.cloud.identity.updateUser(user, { description: 'Concertim Managed User' }),
};
const notGranted = (role: string): Situation => ({
  state: ({ sandbox: { cloud }, user, project }) =>
    cloud.identity.revoke(user, project, cloud.identity.role(role)),
});
const keyPair = (name: string): Situation => ({
  as: 'user',
  state: ({ sandbox: { cloud }, user, project }) =>
    cloud.keyPairs.add(
      {
        name,
        userId: user.id,
        type: 'ssh',
        publicKey: 'ssh-rsa AAAA',
        fingerprint: '00',
        createdAt: 0,
      },
      { verb: 'import', projectId: project.id },
    ),
});
const newestServers = ({ sandbox }: Like) => [...sandbox.cloud.compute.servers()];
const rename: Situation = { server: ({ loose }) => loose };
const globalIndex: Situation = { options: { heatGlobalIndex: true } };

/** Every recording that the sandbox answers. */
const situations: Readonly<Record<Service, Readonly<Record<string, Situation>>>> = {
  keystone: {
    'auth-projects': {},
    'bad-token-401': { as: 'nobody' },
    'domain-show-404': {},
    domains: {},
    'grant-admin-admin': {},
    'grant-again': {},
    'grant-check': {},
    'grant-check-404': notGranted('reader'),
    'grant-concertim-member': {},
    'grant-concertim-watcher': {},
    'grant-delete': {},
    'grant-delete-404': notGranted('member'),
    'grant-unknown-role-404': {},
    'grant-user-member': {},
    'grants-of-user-in-project': {},
    'member-lists-projects-403': asUser,
    'no-token-401': {},
    'project-create': {},
    'project-create-duplicate-409': withAccount,
    'project-create-empty-name-400': { firstLineOnly: true },
    'project-create-unknown-domain-400': {},
    'project-delete': {},
    'project-show': {},
    'project-show-404': {},
    'project-update': {},
    projects: {},
    'projects-by-name': {},
    'projects-by-name-none': {},
    'projects-of-user': {},
    'role-assignments-none': {},
    'role-assignments-project': {},
    'role-assignments-user-role': {},
    'role-assignments-user-role-names': {},
    roles: {},
    'roles-by-name': {},
    'token-application-credential': {},
    'token-application-credential-by-name': {},
    'token-application-credential-scoped-401': {},
    'token-application-credential-wrong-secret-401': {},
    'token-by-token': {},
    'token-disabled-user-401': {
      state: (like) => {
        withAccount.state?.(like);
        const { identity } = like.sandbox.cloud;
        const user = mustHave([...identity.users.values()].find(({ name }) => name === 'CM_capture'));
        identity.updateUser(user, { password: 'second-password', enabled: false });
      },
    },
    'token-malformed-400': { firstLineOnly: true },
    'token-of-member': withAccount,
    'token-project-scoped': {},
    'token-revoked-by-password-change-401': { as: 'nobody' },
    'token-unknown-project-401': {},
    'token-unscoped': {},
    'token-validate': {},
    'token-without-domain-400': {},
    'token-without-password-400': {},
    'token-wrong-password-401': {},
    'user-change-password': described,
    'user-create': {},
    'user-create-duplicate-409': withAccount,
    'user-delete': {},
    'user-delete-404': { state: ({ sandbox, user }) => sandbox.cloud.identity.deleteUser(user) },
    'user-disable': described,
    'user-show': described,
    'user-show-404': {},
    'user-update-email': described,
    users: {},
    'users-by-name': {},
    version: {},
    versions: {},
  },
  nova: {
    'bad-token-401': { as: 'nobody' },
    'flavor-show': {},
    'flavor-show-404': {},
    'flavors-detail': {},
    'flavors-detail-2.61': {},
    'flavors-detail-2.61-other-header': {},
    'flavors-detail-bad-limit-400': {},
    'flavors-detail-bad-marker-400': { marker: () => 'nosuch' },
    'flavors-detail-microversion-406': {},
    'flavors-detail-page': {},
    'keypair-bad-key-400': asUser,
    'keypair-bad-name-400': asUser,
    'keypair-delete': keyPair('generated'),
    'keypair-delete-404': asUser,
    'keypair-duplicate-409': keyPair('imported'),
    'keypair-generate': asUser,
    'keypair-generate-2.10': asUser,
    'keypair-import': asUser,
    'keypair-import-2.92-generate-400': asUser,
    'keypair-import-ed25519': asUser,
    'keypair-show': keyPair('imported'),
    'keypair-show-404': asUser,
    keypairs: keyPair('imported'),
    'keypairs-2.10-of-user-by-admin': { ...keyPair('imported'), as: 'admin' },
    'keypairs-empty': asUser,
    'no-such-route-404': {},
    'server-action-404': {},
    'server-action-bad-400': {},
    'server-confirm-resize': {
      state: (like) => {
        resizing(like);
        like.sandbox.cloud.settle();
      },
    },
    'server-confirm-resize-while-active-409': {},
    'server-create': {},
    'server-delete': {},
    'server-delete-404': looseDeleted,
    'server-groups-all': {},
    'server-groups-all-2.64': {},
    'server-groups-page-2.93': {},
    'server-reboot': {},
    'server-rename': rename,
    'server-rename-2.93': rename,
    'server-resize': {},
    'server-resize-same-flavor-400': {},
    'server-resize-unknown-flavor-400': {},
    'server-resume': switched('suspend'),
    'server-resume-while-active-409': {},
    'server-show': ofStack,
    'server-show-2.79': ofStack,
    'server-show-404': {},
    'server-show-active': {},
    'server-show-after-reboot': {},
    'server-show-after-resume': {},
    'server-show-after-start': {},
    'server-show-after-stop': switched('stop'),
    'server-show-after-suspend': switched('suspend'),
    'server-show-building': looseBuilding,
    'server-show-deleted-404': looseDeleted,
    'server-show-error': {
      server: ({ sandbox, user }) => {
        const server = newServer(sandbox, user.id, 'No valid host was found. ');
        sandbox.cloud.settle();
        return server;
      },
    },
    'server-show-powering-off': {
      state: ({ sandbox, loose }) => sandbox.cloud.compute.act(loose.id, 'stop'),
    },
    'server-show-resized': {
      state: (like) => {
        resizing(like);
        like.sandbox.cloud.settle();
      },
    },
    'server-show-resizing': { state: resizing },
    'server-show-with-floating-ip': {},
    'server-start': switched('stop'),
    'server-start-while-active-409': {},
    'server-start-while-resizing-409': { state: resizing },
    'server-start-while-suspended-409': switched('suspend'),
    'server-stop': {},
    'server-stop-2.93': {},
    'server-stop-while-scheduling': looseBuilding,
    'server-stop-while-stopped-409': switched('stop'),
    'server-suspend': {},
    'server-suspend-while-stopped-409': switched('stop'),
    'server-suspend-while-suspended-409': switched('suspend'),
    'servers-detail-2.93': {},
    'servers-detail-all-tenants': {},
    'servers-detail-all-tenants-2.79': {},
    'servers-detail-all-tenants-member-403': asUser,
    'servers-detail-bad-changes-since-400': {},
    'servers-detail-bad-marker-400': { marker: () => '00000000-0000-0000-0000-000000000000' },
    'servers-detail-bad-microversion-400': {},
    'servers-detail-by-project': {},
    'servers-detail-changes-since': looseDeleted,
    'servers-detail-deleted': looseDeleted,
    'servers-detail-deleted-status-member-403': asUser,
    'servers-detail-member': asUser,
    'servers-detail-member-2.93': asUser,
    'servers-detail-own': looseDeleted,
    'servers-detail-page-1': {},
    'servers-detail-page-2': { marker: (like) => mustHave(newestServers(like)[0]).id },
    'servers-detail-page-3': { marker: (like) => mustHave(newestServers(like)[1]).id },
    'servers-detail-page-4': { marker: (like) => mustHave(newestServers(like).at(-1)).id },
    'servers-detail-page-with-changes-since': looseDeleted,
    'servers-detail-suspended-stack': onStack((like) => {
      suspended(like);
      like.sandbox.cloud.settle();
      const { compute, orchestration } = like.sandbox.cloud;
      compute.act(mustHave(orchestration.serversOf(like.stack)[0]).id, 'resume');
    }),
    'servers-detail-unknown-parameter-2.93-400': {},
    'servers-detail-unscoped': { as: 'unscoped' },
    version: {},
    versions: {},
  },
  heat: {
    'bad-token-401': { as: 'nobody' },
    'no-such-route-404': {},
    'resources-nested': asUser,
    'resources-type-servers': asUser,
    'resources-type-servers-nested': asUser,
    resources: asUser,
    'stack-action-bad-400': asUser,
    'stack-check': asUser,
    'stack-delete': asUser,
    'stack-delete-again': onStack(deleted),
    'stack-resume': onStack(suspended),
    'stack-show': asUser,
    'stack-show-404': asUser,
    'stack-show-after-check': onStack(checked),
    'stack-show-after-resume': onStack(resumed),
    'stack-show-after-suspend': onStack(suspended),
    'stack-show-after-update': onStack(({ sandbox, stack }) =>
      sandbox.cloud.orchestration.resizeGroup(stack.id, 'compute', 3),
    ),
    'stack-show-by-id-302': asUser,
    'stack-show-by-name-302': asUser,
    'stack-show-by-unknown-name-404': {},
    'stack-show-deleted': onStack(deleted),
    'stack-show-deleted-by-name-404': onStack(deleted),
    'stack-show-deleting': onStack(deleted, false),
    'stack-show-during-check': onStack(checked, false),
    'stack-show-during-resume': onStack(resumed, false),
    'stack-show-during-suspend': onStack(suspended, false),
    'stack-show-failed': onStack(({ sandbox, stack }) =>
      sandbox.cloud.orchestration.failStack(
        stack.id,
        'Resource CREATE failed: ValueError: resources.x: failed',
      ),
    ),
    'stack-show-in-progress': onStack(() => {}, false),
    'stack-show-other-project-by-admin': {},
    'stack-show-other-project-path-by-admin': {},
    'stack-show-unresolved-outputs': asUser,
    'stack-suspend': asUser,
    'stacks-bad-limit-400': {},
    'stacks-by-admin': {},
    'stacks-by-status': asUser,
    'stacks-global-tenant': globalIndex,
    'stacks-global-tenant-default-policy-403': {},
    'stacks-global-tenant-member-403': { ...globalIndex, ...asUser },
    'stacks-limit-0': {},
    'stacks-of-unknown-tenant': {},
    'stacks-other-project-member-403': asUser,
    'stacks-page': asUser,
    'stacks-show-nested': asUser,
    'stacks-show-nested-page-by-admin': {},
    'stacks-unknown-marker': {
      marker: () => '00000000-0000-4000-8000-000000000000',
      state: ({ sandbox: { population } }) =>
        population.addCluster(mustHave(population.accounts[1]), { servers: 1 }),
    },
    'stacks-unscoped-403': { as: 'unscoped' },
    'stacks-with-count': asUser,
    stacks: asUser,
    versions: {},
  },
  neutron: { networks: {}, 'networks-external': {} },
};

/** What the sandbox does not have: no client of ours asks for it. */
const absent: readonly RegExp[] = [
  /^nova\/server-group-delete/,
  /^heat\/(stack-create|output-show|resource-show)/,
  /^neutron\/floatingip/,
];

const cases = Object.entries(situations).flatMap(([service, named]) =>
  Object.entries(named).map(([name, situation]) => ({ service: service as Service, name, situation })),
);

test.each(cases)('$service answers as in $name', async ({ service, name, situation }) => {
  const recorded = readRecording(service, name);
  await using own = changesNothing(recorded, situation) ? undefined : await likeState(name, situation);
  const like = own ?? (await (shared ??= likeState('', {})));

  const answer = await ask(service, recorded, situation, like);

  expect(answer.status).toBe(recorded.response.status);
  expect(differences(recorded.response, answer, situation)).toEqual([]);
});

/** For all that only look: most of the time of a case goes into starting a sandbox. */
let shared: Promise<Like & AsyncDisposable> | undefined;

afterAll(async () => (await shared)?.[Symbol.asyncDispose]());

function changesNothing({ request }: Recording, situation: Situation): boolean {
  const onlyLooks = ['GET', 'HEAD'].includes(request.method) || request.url.endsWith('/auth/tokens');
  return onlyLooks && !situation.state && !situation.server && !situation.options;
}

test('every recording of these services is either answered or known to be absent', () => {
  const known = new Set(cases.map(({ service, name }) => `${service}/${name}`));

  const forgotten = Object.keys(situations)
    .flatMap((service) => recordingsOf(service as Service).map((name) => `${service}/${name}`))
    .filter((name) => !known.has(name) && !absent.some((pattern) => pattern.test(name)));

  expect(forgotten).toEqual([]);
});

const folders = ['openstack-sandbox', 'openstack'].map(
  (name) => new URL(`../fixtures/${name}/`, import.meta.url),
);

function recordingsOf(service: Service): string[] {
  const files = folders.flatMap((folder) => {
    try {
      return readdirSync(new URL(service, folder));
    } catch {
      return [];
    }
  });
  return files.map((file) => file.replace('.json', ''));
}

function readRecording(service: Service, name: string): Recording {
  for (const folder of folders) {
    try {
      return JSON.parse(readFileSync(new URL(`${service}/${name}.json`, folder), 'utf8')) as Recording;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  throw new Error(`There is no recording ${service}/${name}.`);
}

async function likeState(name: string, situation: Situation): Promise<Like & AsyncDisposable> {
  const clock = new ManualClock(Date.UTC(2026, 10, 22, 21));
  const sandbox = await startSandbox({
    projects: 2,
    stacks: 0,
    microversion: '2.93',
    clock,
    ...situation.options,
  });
  const { cloud, population } = sandbox;
  const account = mustHave(population.accounts[0]);
  const stack = cloud.orchestration.createStack({
    name: name === 'stack-show-failed' ? 'failing' : 'captured',
    project: account.project,
    owner: account.user,
    template: recordedTemplate(sandbox),
    tags: ['concertim', 'capture'],
    timeoutMins: 20,
  });
  if (name === 'stack-show-in-progress') clock.advance(100);
  else cloud.settle();
  clock.advance(5_000);
  const loose = newServer(sandbox, population.concertim.id);
  if (situation.server !== undefined || name !== 'stack-show-in-progress') cloud.settle();
  const credential = cloud.identity.createApplicationCredential({
    name: 'service',
    secret: 'secret',
    userId: population.concertim.id,
    projectId: population.admin.id,
  });
  const like: Like = {
    sandbox,
    clock,
    user: account.user,
    project: account.project,
    stack,
    loose,
    credentialId: credential.id,
    token: (as) =>
      cloud.identity.issueToken({
        user: as === 'user' ? account.user : population.concertim,
        project: as === 'user' ? account.project : as === 'admin' ? population.admin : undefined,
        methods: ['password'],
      }).id,
  };
  situation.state?.(like);
  clock.advance(50);
  return { ...like, [Symbol.asyncDispose]: () => sandbox.close() };
}

/** The stack that was recorded: a gateway with a floating address, and nodes in a ResourceGroup. */
function recordedTemplate({ cloud }: Sandbox): Template {
  const { networking } = cloud;
  const flavor = mustHave(cloud.compute.flavors.get('1'));
  const imageId = 'd5d4bc7c-81ce-4645-926b-2530183b076e';
  const fixed = networking.fixedAddress('captured.network');
  const make = (name: string, role: string, addresses: readonly Address[]) =>
    server({
      name,
      flavor,
      imageId,
      addresses,
      group: 'server_group',
      metadata: { role, cluster: 'captured' },
    });
  const floating = (servers: readonly Server[]) => servers[0]?.addresses[1]?.address ?? null;
  return {
    description: 'A small cluster, as a cluster builder would launch it.',
    parameters: {
      clustername: 'captured',
      nodes: '2',
      flavor: 'm1.tiny',
      image: 'test-image',
      key_name: '',
      public_network: 'public',
    },
    resources: {
      gateway_ip: plain('OS::Neutron::FloatingIP'),
      router_interface: plain('OS::Neutron::RouterInterface', 'gateway_ip'),
      gateway: make('gateway.captured', 'gateway', [fixed, networking.floatingAddress(fixed)]),
      gateway_port: plain('OS::Neutron::Port', 'gateway_ip', 'gateway'),
      compute: resourceGroup(2, (index) =>
        make(`node${index}.captured`, 'compute', [networking.fixedAddress('captured.network')]),
      ),
      server_group: serverGroup('captured.group', 'soft-anti-affinity'),
      subnet: plain('OS::Neutron::Subnet', 'compute', 'router_interface'),
      network: plain('OS::Neutron::Net', 'subnet', 'compute'),
      router: plain('OS::Neutron::Router', 'router_interface'),
    },
    outputs: [
      { key: 'gateway_address', description: 'the address to log in at', value: floating },
      {
        key: 'compute_addresses',
        value: (servers) =>
          servers.length > 0 ? servers.slice(1).map((each) => each.addresses[0]?.address) : null,
      },
      { key: 'gateway_private_address', value: (servers) => servers[0]?.addresses[0]?.address ?? null },
      {
        key: 'web_access',
        description: 'a page about the cluster',
        value: (servers) => `http://${floating(servers) ?? ''}/`,
      },
    ],
  };
}

function newServer({ cloud, population }: Sandbox, userId: string, failure?: string): Server {
  const flavor = mustHave(cloud.compute.flavors.get('1'));
  return cloud.compute.createServer({
    name: 'captured-unversioned',
    projectId: population.admin.id,
    userId,
    flavor,
    imageId: 'd5d4bc7c-81ce-4645-926b-2530183b076e',
    metadata: { cluster: 'none' },
    addresses: [cloud.networking.fixedAddress('private')],
    failure,
  });
}

function resizing({ sandbox, loose }: Like): void {
  sandbox.cloud.compute.resizeServer(loose.id, mustHave(sandbox.cloud.compute.flavors.get('2')));
}

/** Makes the recorded request, with the sandbox's ids in place of the recorded ones. */
async function ask(
  service: Service,
  { request }: Recording,
  situation: Situation,
  like: Like,
): Promise<HttpResponse> {
  const { sandbox, stack, user, project } = like;
  const { as = 'admin' } = situation;
  const { admin } = sandbox.population;
  const server = situation.server?.(like) ?? like.loose;
  const roleId = (recorded: string) => {
    const name = recordedRoles[recorded];
    return name === undefined ? recorded : sandbox.cloud.identity.role(name).id;
  };
  const { pathname, search, searchParams } = new URL(request.url);
  const path = pathname
    .replace(`/v1/${recordedProject}`, `/v1/${project.id}`)
    .replace(/^\/v1\/[0-9a-f]{32}/, (prefix) => (prefix.endsWith(project.id) ? prefix : `/v1/${admin.id}`))
    .replace(/\/servers\/(?!0000)[0-9a-f-]{36}/, `/servers/${server.id}`)
    .replace(/\/stacks\/(captured|failing)\/[0-9a-f-]{36}/, `/stacks/${stack.name}/${stack.id}`)
    .replace(/\/stacks\/(?!0000)[0-9a-f-]{36}$/, `/stacks/${stack.id}`)
    .replace(/\/projects\/(?!ffff)[0-9a-f]{32}/, `/projects/${project.id}`)
    .replace(/\/users\/(?!ffff)[0-9a-f]{32}/, `/users/${user.id}`)
    .replace(/(?<=\/roles\/)[0-9a-f]{32}/, roleId);
  for (const [name, id] of [
    ['project_id', project.id],
    ['scope.project.id', project.id],
    ['user_id', user.id],
    ['user.id', isConcertims(request.url) ? sandbox.population.concertim.id : user.id],
    ['role.id', roleId(searchParams.get('role.id') ?? '')],
  ] as const) {
    if (searchParams.has(name)) searchParams.set(name, id);
  }
  if (situation.marker) searchParams.set('marker', situation.marker(like));
  const token = as === 'nobody' ? 'gAAAAABnonsense' : like.token(as);
  const headers: Record<string, string> = { ...request.headers };
  if (headers['X-Auth-Token']) headers['X-Auth-Token'] = token;
  if (headers['X-Subject-Token']) headers['X-Subject-Token'] = like.token('admin');
  const ids: Record<string, string> = { token, project: admin.id, application_credential: like.credentialId };
  const body = JSON.stringify(request.body, (key, value: unknown) =>
    key in ids && typeof value === 'object' && value !== null && 'id' in value
      ? { ...value, id: ids[key] }
      : value,
  );
  const http = new HttpClient({ service });
  try {
    return await http.request({
      method: request.method,
      url: `${sandbox.services[service].url}${path}${search === '' ? '' : `?${searchParams.toString()}`}`,
      route: path,
      headers,
      ...(request.body === null ? {} : { body: JSON.parse(body) as unknown }),
    });
  } finally {
    await http.close();
  }
}

const recordedProject = '6bc815b484df425b93e372ff66d583b3';
const recordedRoles: Readonly<Record<string, string>> = {
  '7f3ee0de672e4e05b6865289a46ec435': 'member',
  a34ff9e2d5914572aa8fe1e33adc0f3d: 'watcher',
  '4731d94cbc234354b053b614dc4ee9cd': 'reader',
  '58724d27772b4307b98250feee8466cb': 'admin',
};

/** The service's own user, as against the one whose project it is. */
function isConcertims(url: string): boolean {
  return url.includes('33d1c1f3fa934a06a6d58b0e7c90af17');
}

/** What of the answer is not as it was recorded, in words. */
function differences(recorded: Recording['response'], answer: HttpResponse, situation: Situation): string[] {
  const body = answer.text === '' || isHtml(recorded) ? answer.text : (JSON.parse(answer.text) as unknown);
  const wrong = Object.keys(recorded.headers)
    .map((name) => name.toLowerCase())
    .filter((name) => !transport.has(name) && answer.headers[name] === undefined)
    .map((name) => `no header ${name}`);
  for (const name of [
    'location',
    'openstack-api-version',
    'x-openstack-nova-api-version',
    'www-authenticate',
  ]) {
    const [was, is] = [headerOf(recorded, name), answer.headers[name]].map((text) => withoutIds(text ?? ''));
    if (was !== is) wrong.push(`header ${name}: ${is}, not ${was}`);
  }
  if (isHtml(recorded)) return wrong;
  if (recorded.status < 400) return [...wrong, ...shapeDifferences(recorded.body, body, '')];
  const [was, is] = [recorded.body, body].map((each) => {
    const text = withoutIds(JSON.stringify(each, sortedKeys));
    return situation.firstLineOnly ? text.replace(/\\n.*?"/s, '"') : text;
  });
  return was === is ? wrong : [...wrong, `body: ${is}, not ${was}`];
}

/** Set by the server's software, not by the service. */
const transport = new Set(['content-length', 'content-type', 'connection', 'vary', 'x-auth-token']);

function headerOf({ headers }: Recording['response'], wanted: string): string | undefined {
  return Object.entries(headers).find(([name]) => name.toLowerCase() === wanted)?.[1];
}

function isHtml(recorded: Recording['response']): boolean {
  return typeof recorded.body === 'string' && recorded.body.startsWith('<');
}

function withoutIds(text: string): string {
  return text
    .replaceAll(
      /\b(?!0000|ffff)([0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\b/g,
      '<id>',
    )
    .replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, '<base>');
}

function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Their keys are names that somebody gave. */
const maps = new Set(['addresses', 'metadata', 'parameters']);
/** They may well have nothing in them. */
const mayBeEmpty = new Set([
  'required_by',
  'tags',
  'members',
  'resources',
  'os-extended-volumes:volumes_attached',
]);

/** Where the two differ in keys or types. A null is any type's. */
function shapeDifferences(was: unknown, is: unknown, path: string): string[] {
  if (was === null || is === null || was === undefined || is === undefined) return [];
  if (Array.isArray(was) && Array.isArray(is)) {
    if (was.length > 0 && is.length === 0 && !mayBeEmpty.has(path.split('.').at(-1) ?? '')) {
      return [`${path} is empty`];
    }
    return was.length === 0 || is.length === 0 ? [] : shapeDifferences(union(was), union(is), `${path}[]`);
  }
  if (typeof was !== 'object' || typeof is !== 'object') {
    return typeof was === typeof is ? [] : [`${path} is a ${typeof is}, not a ${typeof was}`];
  }
  if (maps.has(path.split('.').at(-1) ?? '')) {
    return shapeDifferences(Object.values(was), Object.values(is), `${path}.*`);
  }
  const [before, now] = [was, is] as Record<string, unknown>[] as [
    Record<string, unknown>,
    Record<string, unknown>,
  ];
  const missing = Object.keys(before).filter((key) => !(key in now));
  const added = Object.keys(now).filter((key) => !(key in before));
  return [
    ...missing.map((key) => `${path}.${key} is missing`),
    ...added.map((key) => `${path}.${key} is not in the recording`),
    ...Object.keys(before).flatMap((key) => shapeDifferences(before[key], now[key], `${path}.${key}`)),
  ];
}

/** All that the elements have between them, the first value of each that is not null. */
function union(items: readonly unknown[]): unknown {
  if (!items.every(isObject)) {
    return Array.isArray(items[0]) ? items.flat() : items[0];
  }
  const all: Record<string, unknown> = {};
  for (const item of items) {
    for (const [key, value] of Object.entries(item)) {
      all[key] = isObject(value) && all[key] ? union([all[key], value]) : (all[key] ?? value);
    }
  }
  return all;
}

function mustHave<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('The sandbox is not in the state that the test needs.');
  return value;
}
