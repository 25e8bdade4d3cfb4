/** The API server against a real OpenStack: `OS_AUTH_URL` with an administrator's `OS_USERNAME`, `OS_PASSWORD`. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { showServer } from '../../src/openstack/compute.ts';
import {
  createProject,
  deleteProject,
  deleteUser,
  findProject,
  findRole,
  findUsers,
  listGrants,
  revokeRole,
} from '../../src/openstack/identity.ts';
import type { ProjectId, ServerId } from '../../src/openstack/model.ts';
import { findStack } from '../../src/openstack/orchestration.ts';
import { Session } from '../../src/openstack/session.ts';
import { OwnCloud } from '../../src/operations/own-cloud.ts';
import { Secret } from '../../src/runtime/secret.ts';
import { freePort } from '../../src/sandbox/free-port.ts';
import { type RunningApi, startApi } from '../support/api.ts';
import { setting, signIn } from './openrc.ts';
import { waitingFor } from './wait-for.ts';

/** How long the cloud itself may take: a server boots after those that another test deletes. */
const waitFor = waitingFor(120_000);

const authUrl = setting('OS_AUTH_URL');
const login = `live${Date.now()}`;
const name = `CM_${login}`;

const admin = signIn();
let api: RunningApi;
let adminEnv: Record<string, string>;
let made: { user_id: string; project_id: string };

const signUp = (draft: Record<string, unknown> = {}, env: Record<string, unknown> = {}) =>
  api.send('POST', '/create_user_project', {
    cloud_env: { ...adminEnv, ...env },
    username: login,
    password: 'live-password',
    email: 'live@example.com',
    ...draft,
  });
const userEnv = () => ({ ...adminEnv, ...made, username: undefined, password: 'live-password' });
const userSession = () =>
  new Session({
    credentials: {
      kind: 'password',
      authUrl,
      user: { id: made.user_id },
      password: new Secret('live-password'),
      project: { id: made.project_id },
    },
  });

beforeAll(async () => {
  api = await startApi({ authUrls: [authUrl], ownCloud: new OwnCloud(admin) });
  const { userId, projectId } = await admin.token();
  adminEnv = {
    auth_url: authUrl,
    user_id: userId,
    password: setting('OS_PASSWORD'),
    project_id: String(projectId),
  };
});

afterAll(async () => {
  for (const user of await findUsers(admin, { name })) await deleteUser(admin, user.id);
  const { domainId = 'default' } = await admin.token();
  const project = await findProject(admin, { name: `${name}_proj`, domainId });
  if (project) await deleteProject(admin, project.id);
  await admin.close();
  await api[Symbol.asyncDispose]();
}, 60_000);

test('ten calls at once, of a user that is not there yet, make one', async () => {
  const answers = await Promise.all(Array.from({ length: 10 }, () => signUp()));

  made = answers[0]?.body;
  expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(201));
  expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
  expect(await findUsers(admin, { name })).toMatchObject([
    { id: made.user_id, defaultProjectId: made.project_id, description: 'Concertim Managed User' },
  ]);
  expect(await listGrants(admin, { projectId: made.project_id as ProjectId })).toHaveLength(4);
}, 60_000);

test('a repeat answers the same, also with the ids as the portal keeps them', async () => {
  const dashed = made.user_id.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');

  const answer = await signUp({ cloud_user_id: dashed, project_id: made.project_id });

  expect(answer).toMatchObject({ status: 201, body: made });
});

test('a repeat gives back what was removed', async () => {
  const projectId = made.project_id as ProjectId;
  for (const grant of await listGrants(admin, { projectId })) {
    if (grant.userId === made.user_id) await revokeRole(admin, grant);
  }
  for (const user of await findUsers(admin, { name })) await deleteUser(admin, user.id);

  const answer = await signUp({ cloud_user_id: made.user_id, project_id: projectId });

  expect(answer.body.project_id).toBe(projectId);
  expect(answer.body.user_id).not.toBe(made.user_id);
  expect(await listGrants(admin, { projectId })).toHaveLength(4);
  made = answer.body;
}, 60_000);

test('with billing CloudKitty may rate the project', async () => {
  const before = await listGrants(admin, { projectId: made.project_id as ProjectId });

  const answer = await signUp({}, { billing_enabled: 'True' });

  expect(answer.status).toBe(201);
  expect(await listGrants(admin, { projectId: made.project_id as ProjectId })).toHaveLength(
    before.length + 1,
  );
});

test('a name that another has is a conflict', async () => {
  const { domainId = 'default' } = await admin.token();
  const taken = await createProject(admin, { name: `${name}b_proj`, domainId, description: 'another' });

  const answer = await signUp({ username: `${login}b` });

  await deleteProject(admin, taken.id);
  expect(answer.status).toBe(409);
  expect(await findUsers(admin, { name: `${name}b` })).toEqual([]);
});

test('a wrong password is a 401', async () => {
  const answer = await signUp({}, { password: 'wrong' });

  expect(answer.status).toBe(401);
});

test('a role that the cloud lacks is named, with the command that makes it', async () => {
  const role = await findRole(admin, 'watcher');
  const rename = (to: string) =>
    admin.request('identity', {
      method: 'PATCH',
      path: `/roles/${role}`,
      route: '/roles/{id}',
      body: { role: { name: to } },
    });
  await rename('watcher-away');

  const answer = await signUp({ username: `${login}c` });

  await rename('watcher');
  expect(answer).toMatchObject({
    status: 424,
    body: { message: expect.stringContaining('openstack role create watcher') },
  });
  expect(await findUsers(admin, { name: `${name}c` })).toEqual([]);
}, 60_000);

test('a cloud that is down is a 502, and its address is in the log', async () => {
  const nowhere = `http://127.0.0.1:${await freePort()}/v3`;
  await using elsewhere = await startApi({ authUrls: [nowhere] });

  const answer = await elsewhere.send('POST', '/create_user_project', {
    cloud_env: { ...adminEnv, auth_url: nowhere },
    username: login,
    password: 'live-password',
  });

  expect(answer).toMatchObject({ status: 502, body: { message: expect.stringMatching(/^Keystone/) } });
  expect(elsewhere.printed.join('')).toContain(new URL(nowhere).host);
});

test('of a cloud that takes 6 s to sign in, the portal, which gives up after 5, gets the answer by a repeat', async () => {
  await using slow = await slowDoor(authUrl, 6_000);
  await using behind = await startApi({ authUrls: [slow.url] });
  const call = (portal: AbortSignal) =>
    fetch(`${behind.url}/create_user_project`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        cloud_env: { ...adminEnv, auth_url: slow.url },
        username: login,
        password: 'live-password',
      }),
      signal: portal,
    });

  const first = await call(AbortSignal.timeout(5_000)).then(
    ({ status }) => status,
    (error: Error) => error.name,
  );
  // The service signs in, and then checks whether the password opens the existing account.
  const again = () => call(AbortSignal.timeout(5_000)).catch(() => undefined);
  const later = (await again()) ?? (await again());

  expect(first).toBe('TimeoutError');
  expect(later?.status).toBe(201);
  expect(await later?.json()).toEqual(made);
  expect(slow.asked()).toBe(2);
}, 60_000);

test('a key pair is generated, listed, a conflict, and removed', async () => {
  const create = () =>
    api.send('POST', '/key_pairs', {
      cloud_env: userEnv(),
      key_pair: { name: 'live', key_type: 'ssh', public_key: null },
    });

  const created = await create();
  const listed = await api.send('GET', '/key_pairs', { cloud_env: userEnv() });
  const again = await create();
  const removed = await api.send('DELETE', '/key_pairs', { cloud_env: userEnv(), keypair_name: 'live' });
  const gone = await api.send('DELETE', '/key_pairs', { cloud_env: userEnv(), keypair_name: 'live' });

  expect(created.status).toBe(201);
  expect(created.body.key_pair.private_key).toContain('PRIVATE KEY');
  expect(listed.body.key_pairs).toMatchObject([
    { name: 'live', fingerprint: created.body.key_pair.fingerprint },
  ]);
  expect([again.status, removed.status, gone.status]).toEqual([409, 200, 200]);
}, 60_000);

test('an x509 pair comes from Nova itself', async () => {
  const created = await api.send('POST', '/key_pairs', {
    cloud_env: userEnv(),
    key_pair: { name: 'live509', key_type: 'x509', public_key: null },
  });
  await api.send('DELETE', '/key_pairs', { cloud_env: userEnv(), keypair_name: 'live509' });

  expect(created).toMatchObject({ status: 201, body: { key_pair: { type: 'x509' } } });
}, 60_000);

test('a server is switched off, on, suspended, resumed and destroyed', async () => {
  const session = userSession();
  const id = await bootServer(session);
  const stateIs = (state: string) => async () => {
    const server = await showServer(session, id);
    return server?.kind === 'server' && server.vmState === state && server.taskState === null;
  };
  await waitFor('the server', stateIs('active'));
  const change = (action: string) =>
    api.send('POST', `/update_status/devices/${id}`, { cloud_env: userEnv(), action });

  const early = await change('on');
  for (const [action, state] of [
    ['off', 'stopped'],
    ['on', 'active'],
    ['suspend', 'suspended'],
    ['resume', 'active'],
  ] as const) {
    expect(await change(action)).toMatchObject({ status: 202 });
    await waitFor(action, stateIs(state));
  }
  const destroyed = await change('destroy');
  // Neither while Nova still deletes it nor when it is gone is that an error.
  const during = await change('destroy');
  await waitFor('the deletion', async () => (await showServer(session, id)) === undefined);
  const late = await change('destroy');
  await session.close();

  expect(early).toMatchObject({
    status: 409,
    body: { message: `Cannot 'start' instance ${id} while it is in vm_state active` },
  });
  expect([destroyed.status, during.status, late.status]).toEqual([202, 202, 202]);
}, 300_000);

test('a stack is suspended by its user, and destroyed by an administrator from his own project', async () => {
  const session = userSession();
  const response = await session.request('orchestration', {
    method: 'POST',
    path: '/stacks',
    route: '/stacks',
    body: {
      stack_name: 'live',
      template: {
        heat_template_version: '2018-08-31',
        resources: { text: { type: 'OS::Heat::RandomString' } },
      },
    },
  });
  const { id } = (JSON.parse(response.text) as { stack: { id: Parameters<typeof findStack>[1] } }).stack;
  const statusIs = (status: string) => async () => (await findStack(session, id))?.stack.status === status;
  await waitFor('CREATE_COMPLETE', statusIs('CREATE_COMPLETE'));
  const change = (action: string, env: object) =>
    api.send('POST', `/update_status/racks/${id}`, { cloud_env: env, action });

  const suspended = await change('suspend', userEnv());
  await waitFor('SUSPEND_COMPLETE', statusIs('SUSPEND_COMPLETE'));
  const destroyed = await change('destroy', adminEnv);
  await waitFor('DELETE_COMPLETE', statusIs('DELETE_COMPLETE'));
  const late = await change('destroy', userEnv());
  await session.close();

  expect([suspended.status, destroyed.status, late.status]).toEqual([202, 202, 202]);
}, 300_000);

/** The smallest there is, on no network. */
async function bootServer(session: Session): Promise<ServerId> {
  const get = async (path: string) =>
    JSON.parse((await session.request('compute', { method: 'GET', path, route: path })).text) as Record<
      string,
      { id: string }[]
    >;
  const { images = [] } = await get('/images');
  const { flavors = [] } = await get('/flavors');
  const response = await session.request('compute', {
    method: 'POST',
    path: '/servers',
    route: '/servers',
    headers: { 'openstack-api-version': 'compute 2.37' },
    body: { server: { name: 'live', imageRef: images[0]?.id, flavorRef: flavors[0]?.id, networks: 'none' } },
  });
  return (JSON.parse(response.text) as { server: { id: ServerId } }).server.id;
}

/** A way to Keystone on which every request takes that long. */
async function slowDoor(keystone: string, ms: number) {
  let asked = 0;
  const forward = async (request: IncomingMessage, response: ServerResponse) => {
    asked++;
    const body = await text(request);
    await new Promise((resolve) => setTimeout(resolve, ms));
    const answer = await fetch(new URL(keystone).origin + request.url, {
      method: request.method ?? 'GET',
      headers: { 'content-type': 'application/json' },
      ...(body !== '' && { body }),
    });
    const token = answer.headers.get('x-subject-token');
    response.writeHead(answer.status, token === null ? {} : { 'x-subject-token': token });
    response.end(await answer.text());
  };
  const server = createServer((request, response) => void forward(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${new URL(keystone).pathname}`,
    asked: () => asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
