import type { FastifyInstance } from 'fastify';
import { expect, test } from 'vitest';
import type { ServiceType } from '../../src/openstack/catalog.ts';
import {
  listDeletedServers,
  listFlavors,
  listServerGroups,
  listServers,
  showServer,
} from '../../src/openstack/compute.ts';
import { OpenStackError } from '../../src/openstack/errors.ts';
import type { ProjectId, ServerId, StackId } from '../../src/openstack/model.ts';
import { findStack, readStackMembers, showStack } from '../../src/openstack/orchestration.ts';
import { readProjectStacks, readStacks } from '../../src/openstack/stack-list.ts';
import { explain } from '../../src/runtime/severity.ts';
import { type Recording, recording, recordingsOf, replay } from '../support/recording.ts';
import { SmallCloud } from '../support/small-cloud.ts';

/** The recorded services by the folder of their recordings. */
const services: Readonly<Record<string, ServiceType>> = {
  keystone: 'identity',
  nova: 'compute',
  heat: 'orchestration',
  gnocchi: 'metric',
  neutron: 'network',
};

/** A cloud whose other services answer each GET with the recording that `choose` names for it. */
async function cloudOf(choose: (path: string, query: Record<string, string>) => string) {
  return SmallCloud.start({
    routes: (app: FastifyInstance) => {
      app.get('/compute/v2.1/', (_, reply) => replay(reply, recording('nova/version')));
      app.get('/*', (request, reply) => {
        const [path = ''] = request.url.split('?');
        return replay(reply, recording(choose(path, request.query as Record<string, string>)));
      });
    },
  });
}

const server = (recording: Recording) => (recording.response.body as { server: { id: ServerId } }).server;
const stack = (recording: Recording) => (recording.response.body as { stack: Record<string, string> }).stack;

test('the recorded token is read: user, project, roles and catalog', async () => {
  await using cloud = await SmallCloud.start();
  const { response } = recording('keystone/token-project-scoped');
  const body = JSON.stringify(response.body);
  cloud.faults.add({
    service: 'cloud',
    kind: 'answer',
    status: response.status,
    body,
    headers: { 'x-subject-token': 'gAAAAA', date: 'Sun, 22 Nov 2026 19:15:38 GMT' },
  });
  const now = Date.UTC(2030, 0, 1);

  const token = await cloud.session({ clock: { now: () => now, sleep: async () => {} } }).token();

  expect(token).toMatchObject({
    userId: '33d1c1f3fa934a06a6d58b0e7c90af17',
    userName: 'concertim',
    projectId: '231fa2efb929475ca6e3fbe7f8c524af',
    domainId: 'default',
    expiresAt: now + 3_600_000,
  });
  expect(token.text.reveal()).toBe('gAAAAA');
  expect(token.roles.map(({ name }) => name).toSorted()).toEqual(['admin', 'member', 'reader', 'watcher']);
  expect(token.catalog).toContainEqual({
    type: 'orchestration',
    interface: 'internal',
    region: 'RegionOne',
    url: 'http://127.0.0.1:8004/v1/231fa2efb929475ca6e3fbe7f8c524af',
  });
});

test('a recorded token without a project has no catalog, and that is said', async () => {
  await using cloud = await SmallCloud.start();
  const { response } = recording('keystone/token-unscoped');
  cloud.faults.add({
    service: 'cloud',
    kind: 'answer',
    status: response.status,
    body: JSON.stringify(response.body),
    headers: { 'x-subject-token': 'gAAAAA' },
  });

  const list = listFlavors(cloud.session());

  await expect(list).rejects.toMatchObject({ hint: 'It is empty: has the user a role in its project?' });
});

test('the recorded servers of all projects are read, with the flavor inside', async () => {
  await using cloud = await cloudOf(() => 'nova/servers-detail-all-tenants-2.79');

  const servers = await listServers(cloud.session());

  expect(servers).toHaveLength(6);
  expect(servers[0]).toEqual({
    kind: 'server',
    id: 'b89f6bb6-dc11-4bf2-8af1-92148e8cf5c5',
    name: 'gateway.cluster-user1',
    projectId: '6bc815b484df425b93e372ff66d583b3',
    vmState: 'active',
    taskState: null,
    flavor: { kind: 'embedded', name: 'm1.tiny', vcpus: 1, ram: 512, disk: 1 },
    addresses: [
      {
        network: 'cluster-user1.network',
        address: '10.10.3.172',
        version: 4,
        type: 'fixed',
        mac: 'fa:16:3e:3a:3e:e6',
      },
      {
        network: 'cluster-user1.network',
        address: '203.0.113.18',
        version: 4,
        type: 'floating',
        mac: 'fa:16:3e:3a:3e:e6',
      },
    ],
    keyName: null,
    volumes: [],
    rootStackId: null,
    createdAt: '2026-11-22T19:14:44Z',
  });
});

test('the recorded pages are followed over their links to the empty one, though they name another host', async () => {
  const markers = new Map([
    [undefined, 'nova/servers-detail-page-1'],
    ['e7416589-5ba9-4ee8-ac29-38545ec02fcc', 'nova/servers-detail-page-2'],
    ['def63ade-0237-445e-a068-35cea3c8b4fa', 'nova/servers-detail-page-3'],
    ['fbdc5c11-5d80-428d-89d0-d6bd21414e9f', 'nova/servers-detail-page-4'],
  ]);
  await using cloud = await cloudOf(
    (_, { marker }) => markers.get(marker) ?? 'nova/servers-detail-bad-marker-400',
  );

  const servers = await listServers(cloud.session());

  const whole = recording('nova/servers-detail-all-tenants').response.body as { servers: { id: string }[] };
  expect(servers.map(({ id }) => id).toSorted()).toEqual(whole.servers.map(({ id }) => id).toSorted());
});

const servers = recordingsOf('nova').filter((name) => /server-show-(?!.*404)|server-show$/.test(name));

test.each(servers)('%s is read as a server', async (name) => {
  await using cloud = await cloudOf(() => name);
  const { id } = server(recording(name));

  const read = await showServer(cloud.session(), id);

  expect(read).toMatchObject({ kind: 'server', id });
});

test('the recorded states of a server are reported apart', async () => {
  const states = async (name: string) => {
    await using cloud = await cloudOf(() => name);
    const read = await showServer(cloud.session(), 'any' as ServerId);
    return read?.kind === 'server' ? [read.vmState, read.taskState] : undefined;
  };

  expect(await states('nova/server-show-building')).toEqual(['building', 'scheduling']);
  expect(await states('nova/server-show-error')).toEqual(['error', null]);
  expect(await states('nova/server-show-after-stop')).toEqual(['stopped', null]);
  expect(await states('nova/server-show-after-suspend')).toEqual(['suspended', null]);
});

test.each(['nova/server-show-404', 'nova/server-show-deleted-404'])(
  'after %s the server is not there',
  async (name) => {
    await using cloud = await cloudOf(() => name);

    expect(await showServer(cloud.session(), 'any' as ServerId)).toBeUndefined();
  },
);

test('of the recorded changes only the deleted servers count as deleted', async () => {
  await using cloud = await cloudOf(() => 'nova/servers-detail-changes-since');

  const deleted = await listDeletedServers(cloud.session(), { since: '2026-11-22T18:15:44Z' });

  expect(deleted).toEqual(['99805fd2-afeb-4501-8543-8b8556f43a95', expect.stringMatching(/^4cc2d3a7/)]);
});

test('the recorded flavors and server groups are read', async () => {
  await using cloud = await cloudOf((path) =>
    path.endsWith('/flavors/detail') ? 'nova/flavors-detail-2.61' : 'nova/server-groups-all-2.64',
  );
  const session = cloud.session();

  const flavors = await listFlavors(session);
  const groups = await listServerGroups(session);

  expect(flavors).toEqual([
    { id: '1', name: 'm1.tiny', vcpus: 1, ram: 512, disk: 1 },
    { id: '2', name: 'm1.small', vcpus: 1, ram: 2048, disk: 20 },
    { id: '3', name: 'm1.medium', vcpus: 2, ram: 4096, disk: 40 },
    { id: '4', name: 'm1.large', vcpus: 4, ram: 8192, disk: 80 },
  ]);
  expect(groups).toHaveLength(2);
  expect(groups[0]).toMatchObject({ projectId: 'ca7703481a5f4491af20fae8271af2fd', members: { length: 3 } });
});

test('the recorded list of an administrator is the list of all projects', async () => {
  await using cloud = await cloudOf(() => 'heat/stacks-global-tenant');

  const list = await readStacks(cloud.session(), { projects: [] });

  expect(list.stacks.map(({ name, projectId }) => [name, projectId])).toEqual([
    ['captured', '6bc815b484df425b93e372ff66d583b3'],
    ['cluster-user2', 'ca7703481a5f4491af20fae8271af2fd'],
    ['cluster-user1', '6bc815b484df425b93e372ff66d583b3'],
  ]);
  expect(cloud.seen).toHaveLength(1);
});

test('a member whom stock policy refuses global_tenant gets the recorded list of its project', async () => {
  await using cloud = await cloudOf((_, query) =>
    query['global_tenant'] ? 'heat/stacks-global-tenant-default-policy-403' : 'heat/stacks-show-nested',
  );
  const project = '6bc815b484df425b93e372ff66d583b3' as ProjectId;

  const list = await readStacks(cloud.session(), { projects: [project] });

  expect(list.stacks.map(({ name, parentId }) => [name, parentId])).toEqual([
    ['captured-compute-irkwltilfnfx', 'df47f69d-5985-4a39-a219-4207e01ef8a4'],
    ['captured', null],
    ['cluster-user1-compute-nzi5t7wvn5oi', '14bbf8a9-5206-42a1-af92-f27f0e4c0566'],
    ['cluster-user1', null],
  ]);
  expect(list.stacks.every(({ projectId }) => projectId === project)).toBe(true);
});

test("Heat's recorded link to the next page is followed", async () => {
  await using cloud = await cloudOf((_, { marker }) => (marker ? 'heat/stacks' : 'heat/stacks-page'));
  const project = '6bc815b484df425b93e372ff66d583b3' as ProjectId;

  const { stacks } = await readProjectStacks(cloud.session(), project);

  expect(stacks.map(({ name }) => name)).toEqual(['captured', 'cluster-user1']);
});

const stacks = recordingsOf('heat').filter((name) => /stack-show(?!.*(302|404))/.test(name));

test.each(stacks)('%s is read as a stack', async (name) => {
  await using cloud = await cloudOf(() => name);
  const { id, stack_name, stack_status, stack_owner } = stack(recording(name));
  const ref = { id: id as StackId, name: 'any', projectId: '6bc815b484df425b93e372ff66d583b3' as ProjectId };

  const read = await showStack(cloud.session(), ref);

  expect(read?.stack).toMatchObject({
    ...ref,
    name: stack_name,
    status: stack_status,
    owner: stack_owner,
    parentId: null,
  });
});

test('of the recorded outputs those without a value are left out', async () => {
  const keys = async (name: string) => {
    await using cloud = await cloudOf(() => name);
    const ref = { id: 'x' as StackId, name: 'x', projectId: 'x' as ProjectId };
    return (await showStack(cloud.session(), ref))?.outputs;
  };

  expect(await keys('heat/stack-show')).toEqual([
    { key: 'compute_addresses', value: ['10.10.1.45', '10.10.2.86'] },
    { key: 'gateway_address', value: '203.0.113.65' },
    { key: 'gateway_private_address', value: '10.10.3.57' },
    { key: 'web_access', value: 'http://203.0.113.65/' },
  ]);
  expect(await keys('heat/stack-show-in-progress')).toEqual([{ key: 'web_access', value: 'http:///' }]);
  expect(await keys('heat/stack-show-unresolved-outputs')).toEqual([]);
});

test('a stack is found by its id alone over the recorded redirection, a deleted one too', async () => {
  const id = 'df47f69d-5985-4a39-a219-4207e01ef8a4' as StackId;
  await using cloud = await cloudOf((path) =>
    path.endsWith(`captured/${id}`) ? 'heat/stack-show-deleted' : 'heat/stack-show-by-id-302',
  );

  const found = await findStack(cloud.session(), id);

  expect(found?.stack).toMatchObject({ id, name: 'captured', status: 'DELETE_COMPLETE' });
  expect(cloud.seen.at(-1)).toBe(
    `GET /orchestration/v1/6bc815b484df425b93e372ff66d583b3/stacks/captured/${id}`,
  );
});

test.each(['heat/stack-show-404', 'heat/stack-show-deleted-by-name-404'])(
  'after %s there is no stack',
  async (name) => {
    await using cloud = await cloudOf(() => name);

    expect(await findStack(cloud.session(), 'any' as StackId)).toBeUndefined();
  },
);

test('of the recorded resources of a tree the servers and their groups are kept apart', async () => {
  await using cloud = await cloudOf(() => 'heat/resources-type-servers-nested');
  const ref = { id: 'x' as StackId, name: 'x', projectId: 'x' as ProjectId };

  const found = await readStackMembers(cloud.session(), ref);

  expect(found).toEqual({
    servers: [
      'c22bb488-c030-4ed7-b099-a7a7b9718653',
      '6bfb7e7f-58ef-446f-8e52-ecd465c6c4d8',
      '5bc7f575-e125-4629-9cd1-51e6024ce267',
    ],
    serverGroups: ['a24367ff-3a83-4dc5-8a01-1e5fbae4c71e'],
    volumes: [],
    networks: [],
  });
});

test('of all recorded resources of a tree the networks are had with the servers', async () => {
  await using cloud = await cloudOf(() => 'heat/resources-nested');
  const ref = { id: 'x' as StackId, name: 'x', projectId: 'x' as ProjectId };

  const found = await readStackMembers(cloud.session(), ref, ['server', 'network']);

  expect(found.servers).toHaveLength(3);
  expect(found.networks).toHaveLength(1);
});

const errors = Object.keys(services)
  .flatMap(recordingsOf)
  .filter((name) => recording(name).response.status >= 300);

test.each(errors)("%s is an error with the service's own message", async (name) => {
  const { status, headers, body } = recording(name).response;
  await using cloud = await cloudOf(() => name);

  const error = await refusal(cloud, name);

  expect(error.status).toBe(status);
  expect(error.requestId).toBe(headers['X-Openstack-Request-Id'] ?? headers['x-openstack-request-id']);
  expect(error.severity).toBe(status === 401 ? 'transient' : 'terminal');
  expect(error.upstream).not.toContain('\n');
  expect(error.upstream !== '').toBe(isRefusal(body));
});

function isRefusal(body: unknown): boolean {
  return body !== '' && !JSON.stringify(body).includes('"versions"');
}

test.each([
  ['keystone/project-show-404', 'Could not find project: ffffffffffffffffffffffffffffffff.'],
  ['keystone/token-malformed-400', "'identity' is a required property"],
  ['keystone/project-create-empty-name-400', "Invalid input for field 'name': '' is too short"],
  ['nova/bad-token-401', 'The request you have made requires authentication.'],
  ['nova/server-stop-while-stopped-409', /^Cannot 'stop' instance \S+ while it is in vm_state stopped$/],
  [
    'nova/servers-detail-all-tenants-member-403',
    "Policy doesn't allow os_compute_api:servers:detail:get_all_tenants to be performed.",
  ],
  ['nova/keypair-bad-key-400', 'Keypair data is invalid: failed to generate fingerprint'],
  [
    'nova/flavors-detail-microversion-406',
    'Version 2.9999 is not supported by the API. Minimum is 2.1 and maximum is 2.93.',
  ],
  ['heat/stack-show-404', 'The Stack (nosuch) could not be found.'],
  ['heat/stack-create-missing-parameter-400', 'The Parameter (a) was not provided.'],
  ['heat/stack-show-by-id-302', /^The resource was found at\s+http:/],
  ['gnocchi/resource-404', 'Resource 00000000-0000-4000-8000-000000000000 does not exist'],
  ['gnocchi/aggregates-no-match', 'Metrics not found: ["cpu"]'],
  ['gnocchi/aggregates-net-by-instance', "Invalid input: extra keys not allowed @ data['resource_type']"],
  ['neutron/floatingip-show-404', 'Floating IP 00000000-0000-4000-8000-000000000000 could not be found'],
])('the message of %s is %s', async (name, message) => {
  await using cloud = await cloudOf(() => name);

  const error = await refusal(cloud, name);

  expect(error.upstream).toMatch(message);
  expect(error.message).toContain(error.upstream);
});

async function refusal(cloud: SmallCloud, name: string): Promise<OpenStackError> {
  const service = services[name.split('/')[0] ?? ''];
  if (!service) throw new Error(`no service for ${name}`);
  const answer = cloud.session().request(service, { method: 'GET', path: '/x', route: '/x' });
  const error: unknown = await answer.catch((error: unknown) => error);
  if (!(error instanceof OpenStackError)) throw new Error(`${name} was not an error`, { cause: error });
  return error;
}

const refusedLogins = recordingsOf('keystone').filter((name) => /token-.*-40[013]$/.test(name));

test.each(refusedLogins)('%s at the login is fatal', async (name) => {
  await using cloud = await SmallCloud.start();
  const { status, body } = recording(name).response;
  cloud.faults.add({ service: 'cloud', kind: 'answer', status, body: JSON.stringify(body) });

  const error: unknown = await cloud
    .session()
    .token()
    .catch((error: unknown) => error);

  expect(error).toMatchObject({ name: 'OpenStackError', service: 'Keystone', status, severity: 'fatal' });
  expect(explain(error)).toMatch(status === 401 ? /Check name and password/ : /the address of Keystone/);
});
