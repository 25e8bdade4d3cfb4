/** Limits, quotas and statistics through the API on a real cloud, with and without the services that not every cloud has. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deleteProject, findProject } from '../../src/openstack/identity.ts';
import { Session } from '../../src/openstack/session.ts';
import { OwnCloud } from '../../src/operations/own-cloud.ts';
import { Secret } from '../../src/runtime/secret.ts';
import { type RunningApi, startApi } from '../support/api.ts';
import { type CountingProxies, startCountingProxies } from './counting-proxy.ts';
import { setting, signIn } from './openrc.ts';

const admin = signIn();
const team = `usage${Date.now()}`;
let proxies: CountingProxies;
let env: Record<string, string>;

beforeAll(async () => {
  const answer = await admin.request('identity', { method: 'GET', path: '/endpoints', route: '/endpoints' });
  const { endpoints } = JSON.parse(answer.text) as { endpoints: { url: string }[] };
  proxies = await startCountingProxies(endpoints.map(({ url }) => new URL(url).origin));
  const { userId, projectId } = await admin.token();
  const authUrl = proxies.through(setting('OS_AUTH_URL'));
  env = {
    auth_url: authUrl,
    user_id: userId,
    password: setting('OS_PASSWORD'),
    project_id: String(projectId),
  };
}, 60_000);

afterAll(async () => {
  const { domainId = 'default' } = await admin.token();
  const project = await findProject(admin, { name: `CM_${team}`, domainId });
  if (project) await deleteProject(admin, project.id);
  await proxies[Symbol.asyncDispose]();
  await admin.close();
}, 60_000);

/** An API server to which Keystone names no service of these types, with the account of the service. */
async function startWithout(...types: string[]): Promise<RunningApi & { ask: Ask }> {
  proxies.rewrite = (path, answer) => (path.endsWith('/auth/tokens') ? withoutTypes(answer, types) : answer);
  const own = new Session({
    credentials: {
      kind: 'password',
      authUrl: env['auth_url'] ?? '',
      user: { id: env['user_id'] ?? '' },
      password: new Secret(env['password'] ?? ''),
      project: { id: env['project_id'] ?? '' },
    },
    region: setting('OS_REGION_NAME'),
  });
  const api = await startApi({ authUrls: [env['auth_url'] ?? ''], ownCloud: new OwnCloud(own) });
  return {
    ...api,
    ask: (method, path, body) => api.send(method, path, body && { cloud_env: env, ...body }),
    async [Symbol.asyncDispose]() {
      await api[Symbol.asyncDispose]();
      await own.close();
    },
  };
}
type Ask = (method: string, path: string, body?: object) => ReturnType<RunningApi['send']>;

function withoutTypes(answer: string, types: readonly string[]): string {
  const { token } = JSON.parse(answer) as { token?: { catalog?: { type: string }[] } };
  if (!token?.catalog) return answer;
  return JSON.stringify({
    token: { ...token, catalog: token.catalog.filter(({ type }) => !types.includes(type)) },
  });
}

const volumeTypes = ['volumev3', 'block-storage', 'block-store'];

test.each([
  { what: 'with Cinder and Placement', types: [] },
  { what: 'without Cinder', types: volumeTypes },
  { what: 'without Placement', types: ['placement'] },
  { what: 'without both, nor Neutron', types: [...volumeTypes, 'placement', 'network'] },
])('$what the pages of the portal have their numbers', async ({ types }) => {
  const hasCinder = !types.some((type) => volumeTypes.includes(type));
  await using api = await startWithout(...types);
  const { body: made } = await api.ask('POST', '/team', { name: team });

  const limits = await api.ask('GET', '/team/limits', {});
  const quotas = await api.ask('GET', `/team/${made.project_id}/quotas`);
  const statistics = await api.ask('GET', '/statistics');

  expect([limits.status, quotas.status, statistics.status]).toEqual([200, 200, 200]);
  const number = expect.any(Number);
  expect(limits.body.limits).toMatchObject({
    totalCoresUsed: number,
    maxTotalCores: number,
    totalRAMUsed: number,
    maxTotalRAMSize: number,
    totalInstancesUsed: number,
    maxTotalInstances: number,
    totalVolumesUsed: 0,
    // Cinder's own default is ten; no limit is what a cloud without it has.
    maxTotalVolumes: hasCinder ? 10 : -1,
    totalGigabytesUsed: 0,
    maxTotalVolumeGigabytes: hasCinder ? 1_000 : -1,
  });
  expect(quotas.body.quotas).toMatchObject({ ram: number, cores: number, volumes: hasCinder ? 10 : -1 });
  expect(statistics.body.stats).toMatchObject({
    total_vcpus: expect.toSatisfy((vcpus) => vcpus > 0),
    used_vcpus: number,
    running_vms: number,
  });
});

test('a Nova that has no statistics any more, and Placement in its place, give the same totals', async () => {
  await using api = await startWithout();
  const fromNova = await api.ask('GET', '/statistics');
  proxies.missing = /\/os-hypervisors\/statistics$/;

  const fromPlacement = await api.ask('GET', '/statistics');
  proxies.missing = undefined;

  expect(proxies.seen.some((request) => /resource_providers\/[^/]+\/usages/.test(request))).toBe(true);
  expect(fromPlacement.status).toBe(200);
  const { total_vcpus, total_ram, used_vcpus, running_vms } = fromNova.body.stats;
  expect(fromPlacement.body.stats).toMatchObject({ total_vcpus, total_ram, used_vcpus, running_vms });
});

test('without statistics and without Placement the administrator is reported what is missing', async () => {
  await using api = await startWithout('placement');
  proxies.missing = /\/os-hypervisors\/statistics$/;

  const answer = await api.ask('GET', '/statistics');
  proxies.missing = undefined;

  expect(answer).toMatchObject({ status: 502, body: { message: expect.stringMatching(/has no Placement/) } });
});
