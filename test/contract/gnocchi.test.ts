import { request } from 'undici';
import { expect, test } from 'vitest';
import {
  aggregateMeasures,
  findArchivePolicyOf,
  findRefusedMetrics,
  listArchivePolicies,
  searchResources,
} from '../../src/openstack/metric.ts';
import type { ProjectId, RoleId, UserId } from '../../src/openstack/model.ts';
import { listProjectsWithRole } from '../../src/openstack/role-assignments.ts';
import { Session } from '../../src/openstack/session.ts';
import { Secret } from '../../src/runtime/secret.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { recording, replay } from '../support/recording.ts';
import { SmallCloud } from '../support/small-cloud.ts';

/** A cloud that answers whatever it is asked with one recording. */
async function answering(name: string) {
  return SmallCloud.start({ routes: (app) => app.all('/*', (_, reply) => replay(reply, recording(name))) });
}

const wanted = {
  type: 'instance',
  ids: ['b89f6bb6-dc11-4bf2-8af1-92148e8cf5c5'],
  names: ['cpu', 'memory.usage'],
  granularity: 60,
  since: Date.UTC(2026, 10, 22, 19, 2),
} as const;

test('the recorded archive policies are read, their grains in seconds', async () => {
  await using cloud = await answering('gnocchi/archive-policies');

  const policies = await listArchivePolicies(cloud.session());

  expect(policies.find(({ name }) => name === 'concertim_rate_policy')).toEqual({
    name: 'concertim_rate_policy',
    methods: ['rate:mean', 'mean'],
    grains: [
      { seconds: 5, timespan: 3_600 },
      { seconds: 60, timespan: 43_200 },
      { seconds: 3_600, timespan: 2_592_000 },
    ],
  });
});

test('the archive policy of a recorded metric is read; a metric that is gone has none', async () => {
  await using cloud = await answering('gnocchi/metric');
  await using without = await answering('gnocchi/measures-metric-404');

  expect(await findArchivePolicyOf(cloud.session(), 'cf86e391')).toMatchObject({
    name: 'concertim_rate_policy',
  });
  expect(await findArchivePolicyOf(without.session(), 'cf86e391')).toBeUndefined();
});

test('a recorded interface is read, with the instance that it belongs to', async () => {
  await using cloud = await answering('gnocchi/search-interface-by-instance');

  const found = await searchResources(cloud.session(), 'instance_network_interface', {
    projects: ['6bc815b484df425b93e372ff66d583b3' as ProjectId],
  });

  expect(found).toMatchObject([
    {
      id: 'c0473923-f051-5431-aad2-26ff2151faca',
      instanceId: 'b89f6bb6-dc11-4bf2-8af1-92148e8cf5c5',
      projectId: '6bc815b484df425b93e372ff66d583b3',
    },
  ]);
  expect(found[0]?.metrics['network.outgoing.bytes']).toBe('459552fd-4d6f-4430-8109-9cfc4764d0c2');
});

test.for(['no-group', 'by-instance'])('recorded measures are read: %s', async (shape) => {
  await using cloud = await answering(`gnocchi/aggregates-several-metrics-${shape}`);

  const answer = await aggregateMeasures(cloud.session(), wanted);

  const measures = answer.kind === 'measures' ? answer.measures : new Map();
  expect(measures.size).toBe(6);
  expect(measures.get('b89f6bb6-dc11-4bf2-8af1-92148e8cf5c5')?.get('memory.usage')?.slice(0, 2)).toEqual([
    { at: Date.UTC(2026, 10, 22, 19, 9), value: 84.34 },
    { at: Date.UTC(2026, 10, 22, 19, 10), value: 85.5 },
  ]);
});

test('a recorded refusal for a method names the metric; nothing found is no refusal', async () => {
  await using refusing = await answering('gnocchi/aggregates-one-instance-of-another-policy');
  await using empty = await answering('gnocchi/aggregates-no-match-no-group');

  expect(await aggregateMeasures(refusing.session(), wanted)).toEqual({
    kind: 'refused',
    refusal: {
      reason: 'Metrics with unknown aggregation',
      culprits: ['35d50cb6-9e36-4660-b6d2-95cbc54d7968'],
    },
  });
  expect(await aggregateMeasures(empty.session(), wanted)).toEqual({ kind: 'measures', measures: new Map() });
});

test('a request that is wrong in itself is an error, and so is a 404 of a proxy', async () => {
  await using wrong = await answering('gnocchi/aggregates-net-by-instance');
  await using proxy = await SmallCloud.start();

  await expect(aggregateMeasures(wrong.session(), wanted)).rejects.toThrow('extra keys not allowed');
  await expect(aggregateMeasures(proxy.session(), wanted)).rejects.toThrow('404');
});

test('recorded role assignments give projects', async () => {
  await using cloud = await answering('keystone/role-assignments-user-role');

  const projects = await listProjectsWithRole(cloud.session(), {
    userId: 'u' as UserId,
    roleId: 'r' as RoleId,
  });

  expect(projects).toContain('231fa2efb929475ca6e3fbe7f8c524af');
});

test('assignments on a domain or the system, and those that come twice, do no harm', async () => {
  const row = (scope: object) => ({ role: { id: 'r' }, user: { id: 'u' }, scope, links: {} });
  const rows = [
    row({ project: { id: 'one' } }),
    row({ domain: { id: 'default' } }),
    row({ system: { all: true } }),
    row({ project: { id: 'two' }, 'OS-INHERIT:inherited_to': 'projects' }),
    row({ project: { id: 'one' } }),
  ];
  let asked: unknown;
  await using cloud = await SmallCloud.start({
    routes: (app) =>
      app.get('/*', ({ query }) => {
        asked = query;
        return { role_assignments: rows, links: {} };
      }),
  });

  const projects = await listProjectsWithRole(cloud.session(), {
    userId: 'u' as UserId,
    roleId: 'r' as RoleId,
  });

  expect(projects).toEqual(['one', 'two']);
  expect(asked).toEqual({ 'user.id': 'u', 'role.id': 'r', effective: 'true' });
});

/*
 * The sandbox's Gnocchi, held to the recordings: the same statuses, the same fields, the same words of refusal.
 */

async function sandboxAsked(sandbox: Sandbox) {
  const { keystone, gnocchi } = sandbox.services;
  const { username, project_name } = sandbox.config.openstack;
  const domain = { name: 'Default' };
  const login = await request(`${keystone.url}/v3/auth/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      auth: {
        identity: {
          methods: ['password'],
          password: { user: { name: username, domain, password: sandbox.config.openstack.password } },
        },
        scope: { project: { name: project_name, domain } },
      },
    }),
  });
  await login.body.dump();
  const token = String(login.headers['x-subject-token']);
  return async (method: 'GET' | 'POST', path: string, body?: unknown) => {
    const response = await request(gnocchi.url + path, {
      method,
      headers: { 'x-auth-token': token, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.statusCode, body: await response.body.json() };
  };
}

/** What a body is made of: names and types, a list by its first element, ids and times as such. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0])];
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, field]) => [key.replace(uuid, '{id}'), shapeOf(field)]),
    );
  }
  if (typeof value === 'string' && uuid.test(value)) return '{id}';
  if (typeof value === 'string' && time.test(value)) return '{time}';
  return typeof value;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00$/;

test('the sandbox has the archive policies that were recorded', async () => {
  await using sandbox = await startSandbox({ pace: 0 });
  const ask = await sandboxAsked(sandbox);

  const { body } = await ask('GET', '/v1/archive_policy');

  expect(body).toEqual(recording('gnocchi/archive-policies').response.body);
  expect(await ask('GET', '/v1/archive_policy/nosuch')).toEqual({
    status: 404,
    body: recording('gnocchi/archive-policy-404').response.body,
  });
});

test('the sandbox shows resources, metrics and measures as they were recorded', async () => {
  await using sandbox = await startSandbox({ projects: 1, stacks: 1, servers: 1, pace: 0 });
  const ask = await sandboxAsked(sandbox);
  const [nic] = [...sandbox.telemetry.resources('instance_network_interface')];
  const [instance] = [...sandbox.telemetry.resources('instance')];

  const search = await ask('POST', '/v1/search/resource/instance_network_interface', {
    '=': { instance_id: nic?.server.id },
  });
  const metric = await ask('GET', `/v1/metric/${nic?.metrics[0]?.id}`);
  const aggregates = await ask('POST', '/v1/aggregates?granularity=60&start=2026-01-01T00:00:00', {
    resource_type: 'instance',
    search: { in: { id: [instance?.id] } },
    operations: ['metric', ['cpu', 'rate:mean'], ['memory.usage', 'mean'], ['vcpus', 'mean']],
  });

  const recorded = (name: string) => shapeOf(recording(`gnocchi/${name}`).response.body);
  const [row] = recorded('search-interface-by-instance') as [Record<string, unknown>];
  expect(row).toMatchObject((shapeOf(search.body) as [Record<string, unknown>])[0]);
  expect(recorded('metric')).toMatchObject(shapeOf({ ...(metric.body as object), resource: {} }) as object);
  expect(Object.keys((aggregates.body as { measures: object }).measures)).toEqual([instance?.id]);
});

test('the sandbox refuses in the recorded words', async () => {
  await using sandbox = await startSandbox({ projects: 1, stacks: 1, servers: 2, pace: 0 });
  const ask = await sandboxAsked(sandbox);
  const [one] = [...sandbox.telemetry.resources('instance')];
  const cpu = one?.metrics.find(({ name }) => name === 'cpu')?.id ?? '';
  const aggregate = (operations: unknown, search: unknown = {}, granularity = 60) =>
    ask('POST', `/v1/aggregates?granularity=${granularity}&start=2026-01-01T00:00:00`, {
      resource_type: 'instance',
      search,
      operations,
    });
  const recorded = (name: string) => {
    const { status, body } = recording(`gnocchi/${name}`).response;
    return { status, body: JSON.parse(JSON.stringify(body)) as { description: { detail?: unknown } } };
  };

  expect(await aggregate(['metric', ['nosuch', 'mean']])).toEqual(recorded('aggregates-unknown-metric'));
  expect(await aggregate(['metric', 'cpu', 'mean'], { '=': { display_name: 'nosuch' } })).toEqual(
    recorded('aggregates-no-match-no-group'),
  );
  const unknown = recorded('aggregates-unknown-aggregation');
  unknown.body.description.detail = [[cpu, 'max']];
  expect(await aggregate(['metric', ['cpu', 'max']], { '=': { id: one?.id } })).toEqual(unknown);
  expect(await ask('POST', '/v1/search/resource/instance', { '=': { nosuch: 'x' } })).toEqual(
    recorded('search-bad-attribute-400'),
  );
  expect(await ask('GET', '/v1/metric/00000000-0000-4000-8000-000000000000')).toEqual(
    recorded('measures-metric-404'),
  );
});

test('queried by metric, the sandbox names all that lack a granularity, as the real one does', async () => {
  await using sandbox = await startSandbox({ projects: 1, stacks: 1, servers: 3, pace: 0 });
  const [first, second, third] = [...sandbox.telemetry.resources('instance')].map(({ metrics, server }) => ({
    server: server.id,
    cpu: metrics.find(({ name }) => name === 'cpu')?.id ?? '',
  }));
  for (const each of [first, third])
    sandbox.telemetry.except(each?.server ?? '', { policies: { cpu: 'low' } });
  const domain = { name: 'Default' };
  const session = new Session({
    credentials: {
      kind: 'password',
      authUrl: sandbox.config.openstack.auth_url,
      user: { name: sandbox.config.openstack.username, domain },
      password: new Secret(sandbox.config.openstack.password),
      project: { name: sandbox.config.openstack.project_name, domain },
    },
  });

  const refused = await findRefusedMetrics(session, {
    ids: [first, second, third].map((each) => each?.cpu ?? ''),
    granularity: 60,
    since: 0,
  });
  await session.close();

  expect(refused).toEqual([first?.cpu, third?.cpu]);
});
