/** Users, teams and what they may see, through the API, on a real OpenStack with its stock policies. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { showServer } from '../../src/openstack/compute.ts';
import { deleteProject, deleteUser, findProject, findUsers } from '../../src/openstack/identity.ts';
import type * as openstack from '../../src/openstack/model.ts';
import type { NetworkId, ServerId } from '../../src/openstack/model.ts';
import { showNetwork } from '../../src/openstack/network.ts';
import { deletePort } from '../../src/openstack/network-actions.ts';
import { Session } from '../../src/openstack/session.ts';
import { readStacks } from '../../src/openstack/stack-list.ts';
import { OwnCloud } from '../../src/operations/own-cloud.ts';
import { Secret } from '../../src/runtime/secret.ts';
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
const allServers = {
  method: 'GET',
  path: '/servers',
  route: '/servers',
  query: { all_tenants: 1 },
} as const;

/** The user's own, past the API. */
class UserSession {
  readonly session = new Session({
    credentials: {
      kind: 'password',
      authUrl,
      user: { id: ids.user_id },
      password: new Secret(password),
      project: { id: ids.project_id },
    },
    region: setting('OS_REGION_NAME'),
  });

  async [Symbol.asyncDispose](): Promise<void> {
    await this.session.close();
  }
}

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

test('the admin of a team neither sees nor touches what is of other projects', async () => {
  await using user = new UserSession();
  const servers = await admin.request('compute', allServers);
  const [theirs] = (JSON.parse(servers.text) as { servers: { id: string }[] }).servers;
  const update = (type: string, id: string | undefined, action: string) =>
    api.send('POST', `/update_status/${type}/${id}`, { cloud_env: userEnv(), action });
  const stacks = await readStacks(admin, { projects: [] });
  const stack = stacks.stacks.find(({ parentId }) => parentId === null);

  const listed = await user.session.request('compute', { ...allServers, accept: [403] });
  const stopped = await update('instances', theirs?.id, 'off');
  const destroyed = await update('instances', theirs?.id, 'destroy');
  const rack = await update('racks', stack?.id, 'destroy');

  expect(theirs).toBeDefined();
  expect(stack).toBeDefined();
  expect(listed.status).toBe(403);
  expect([stopped.status, destroyed.status, rack.status]).toEqual([404, 404, 404]);
  const { taskState } = (await showServer(admin, theirs?.id as ServerId)) as openstack.Server;
  expect(taskState).toBeNull();
});

test('a network with a port of somebody else on it stays, and the port is named; without it the network goes', async () => {
  await using user = new UserSession();
  const make = async (session: Session, what: 'network' | 'port', draft: object) => {
    const path = `/${what}s`;
    const sent = { method: 'POST', path, route: path, body: { [what]: draft } } as const;
    const { text } = await session.request('network', sent);
    return (JSON.parse(text) as Record<string, { id: string }>)[what]?.id ?? '';
  };
  const lan = await make(user.session, 'network', { name: `${login}-lan` });
  const { projectId } = await admin.token();
  const port = await make(admin, 'port', {
    network_id: lan,
    project_id: projectId,
    device_owner: 'compute:nova',
    device_id: 'server-of-somebody-else',
  });
  const destroy = () =>
    api.send('POST', `/update_status/networks/${lan}`, { cloud_env: userEnv(), action: 'destroy' });

  const refused = await destroy();
  const stillThere = await showNetwork(admin, lan as NetworkId);
  const team = await ask('DELETE', '/team', { team_info: { project_id: ids.project_id } });
  await deletePort(admin, port);
  const done = await destroy();
  const again = await destroy();

  expect(refused).toMatchObject({
    status: 409,
    body: { message: expect.stringMatching(/is in use: instance server-of-somebody-else\. Remove/) },
  });
  expect(stillThere).toBeDefined();
  expect(team).toMatchObject({ status: 409, body: { message: expect.stringContaining(`${login}-lan`) } });
  expect([done.status, again.status]).toEqual([202, 202]);
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
