/** Users, teams and what they may see, through the API, on a real OpenStack with its stock policies. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deleteProject, deleteUser, findProject, findUsers } from '../../src/openstack/identity.ts';
import { OwnCloud } from '../../src/operations/own-cloud.ts';
import { type RunningApi, startApi } from '../support/api.ts';
import { setting, signIn } from './openrc.ts';

const authUrl = setting('OS_AUTH_URL');
const login = `team${Date.now()}`;
const password = 'live-password';

const admin = signIn();
let api: RunningApi;
let adminEnv: Record<string, string>;
let ids: { user_id: string; project_id: string };

const ask = (method: string, path: string, body: Record<string, unknown> = {}) =>
  api.send(method, path, { cloud_env: adminEnv, ...body });
const userEnv = () => ({ ...adminEnv, password, ...ids });

beforeAll(async () => {
  const { userId, projectId } = await admin.token();
  const project = String(projectId);
  const secret = setting('OS_PASSWORD');
  adminEnv = { auth_url: authUrl, user_id: userId, password: secret, project_id: project };
  api = await startApi({ authUrls: [authUrl], ownCloud: new OwnCloud(admin) });
  const user = await ask('POST', '/user', { username: login, password });
  const team = await ask('POST', '/team', { name: login });
  ids = { user_id: user.body.user_cloud_id, project_id: team.body.project_id };
}, 60_000);

afterAll(async () => {
  const { domainId = 'default' } = await admin.token();
  for (const user of await findUsers(admin, { name: `CM_${login}` })) await deleteUser(admin, user.id);
  const project = await findProject(admin, { name: `CM_${login}`, domainId });
  if (project) await deleteProject(admin, project.id);
  await api[Symbol.asyncDispose]();
  await admin.close();
}, 60_000);

test('the admin of a team is no administrator of the cloud', async () => {
  const joined = await ask('POST', '/team_role', { team_role: { role: 'admin', ...ids } });
  const keyPairs = await api.send('GET', '/key_pairs', { cloud_env: userEnv() });
  const users = await api.send('POST', '/user', { cloud_env: userEnv(), username: `${login}b`, password });

  expect([joined.status, keyPairs.status]).toEqual([201, 200]);
  expect(users.status).toBe(403);
});

test('limits, quotas and statistics are numbers', async () => {
  const limits = await api.send('GET', '/team/limits', { cloud_env: userEnv() });
  const quotas = await api.send('GET', `/team/${ids.project_id}/quotas`);
  const statistics = await api.send('GET', '/statistics');

  expect([limits.status, quotas.status, statistics.status]).toEqual([200, 200, 200]);
  expect(limits.body.limits).toMatchObject({ totalRAMUsed: 0, maxTotalRAMSize: expect.any(Number) });
  expect(quotas.body.quotas.ram).toEqual(expect.any(Number));
  expect(statistics.body.stats.total_vcpus).toBeGreaterThan(0);
});

test('a role is taken away, and again; then the team and the user go, and again', async () => {
  const twice = async (path: string, body: Record<string, unknown>) => [
    (await ask('DELETE', path, body)).status,
    (await ask('DELETE', path, body)).status,
  ];

  expect(await twice('/team_role', { team_role: { role: 'admin', ...ids } })).toEqual([200, 200]);
  expect(await twice('/team', { team_info: { project_id: ids.project_id } })).toEqual([200, 200]);
  expect(await twice('/user', { user_info: { cloud_user_id: ids.user_id } })).toEqual([200, 200]);
});
