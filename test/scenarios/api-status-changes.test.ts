/** What portal users do to devices and racks happens in the cloud, and is looked at again at once. */
import { expect, test } from 'vitest';
import { type ApiCloud, startApiCloud } from '../support/api-cloud.ts';

function change(cloud: ApiCloud, path: string, action: string, env = cloud.user) {
  return cloud.api.send('POST', `/update_status/${path}`, { cloud_env: env, action });
}

const firstServer = (cloud: ApiCloud) => cloud.servers[0] ?? '';
const firstStack = (cloud: ApiCloud) => cloud.stacks[0] ?? '';

test.each([
  { before: [], action: 'off', after: 'stopped' },
  { before: ['stop'], action: 'on', after: 'active' },
  { before: ['shelve'], action: 'on', after: 'active' },
  { before: [], action: 'suspend', after: 'suspended' },
  { before: ['suspend'], action: 'resume', after: 'active' },
  { before: ['pause'], action: 'resume', after: 'active' },
] as const)('$action of a server after $before makes it $after', async ({ before, action, after }) => {
  await using cloud = await startApiCloud();
  const { compute } = cloud.sandbox.cloud;
  const id = firstServer(cloud);
  for (const verb of before) compute.act(id, verb);

  const answer = await change(cloud, `devices/${id}`, action);

  expect(answer).toMatchObject({ status: 202, body: { success: true } });
  expect(compute.server(id)?.vmState).toBe(after);
  expect(cloud.api.reconciled).toEqual([{ kind: 'server', id, projectId: undefined, deleted: false }]);
});

test('a server that is destroyed is gone', async () => {
  await using cloud = await startApiCloud();
  const id = firstServer(cloud);

  const answer = await change(cloud, `instances/${id}`, 'destroy');

  expect(answer.status).toBe(202);
  expect(cloud.sandbox.cloud.compute.server(id)).toBeUndefined();
});

test('a stack is suspended, resumed and destroyed', async () => {
  await using cloud = await startApiCloud();
  const { orchestration } = cloud.sandbox.cloud;
  const id = firstStack(cloud);
  const states: string[] = [];

  for (const action of ['suspend', 'resume', 'destroy']) {
    await change(cloud, `racks/${id}`, action);
    const stack = orchestration.stack(id);
    states.push(`${stack?.action}_${stack?.result}`);
  }

  expect(states).toEqual(['SUSPEND_COMPLETE', 'RESUME_COMPLETE', 'DELETE_COMPLETE']);
  const projectId = cloud.user['project_id'];
  const reference = { kind: 'stack', id, projectId, deleted: false };
  expect(cloud.api.reconciled).toEqual([reference, reference, reference]);
});

test("an administrator destroys another project's stack", async () => {
  await using cloud = await startApiCloud();
  const id = firstStack(cloud);

  const answer = await change(cloud, `racks/${id}`, 'destroy', cloud.admin);

  expect(answer.status).toBe(202);
  expect(cloud.sandbox.cloud.orchestration.stack(id)?.deletedAt).toBeDefined();
});

test("a conflict is reported in Nova's own words, and nothing is looked at again", async () => {
  await using cloud = await startApiCloud();
  const id = firstServer(cloud);

  const answer = await change(cloud, `devices/${id}`, 'on');

  expect(answer.status).toBe(409);
  expect(answer.body).toEqual({
    error: 'Conflict',
    message: `Cannot 'start' instance ${id} while it is in vm_state active`,
    request_id: answer.headers.get('x-request-id'),
  });
  expect(cloud.api.reconciled).toEqual([]);
});

test("a stack that is busy is a conflict in Heat's own words", async () => {
  await using cloud = await startApiCloud({ sandbox: { pace: 1 } });
  const id = firstStack(cloud);
  await change(cloud, `racks/${id}`, 'suspend');

  const answer = await change(cloud, `racks/${id}`, 'resume');

  expect(answer.status).toBe(409);
  expect(answer.body.message).toMatch(/^Stack \S+ already has an action \(SUSPEND\) in progress\.$/);
});

test.each([
  {
    what: 'a server that is not there',
    action: 'off',
    path: () => 'devices/00000000-0000-4000-8000-000000000000',
  },
  {
    what: 'a stack that is not there',
    action: 'suspend',
    path: () => 'racks/00000000-0000-4000-8000-000000000000',
  },
  {
    what: 'a stack that is deleted',
    action: 'resume',
    path: (cloud: ApiCloud) => {
      cloud.sandbox.cloud.orchestration.deleteStack(firstStack(cloud));
      return `racks/${firstStack(cloud)}`;
    },
  },
  {
    what: "another project's server",
    action: 'destroy',
    path: ({ sandbox }: ApiCloud) => {
      const projectId = sandbox.population.accounts[1]?.project.id ?? '';
      return `devices/${[...sandbox.cloud.compute.servers({ projectId }).behind(undefined)][0]?.id}`;
    },
  },
])('$action of $what is a 404', async ({ action, path }) => {
  await using cloud = await startApiCloud();

  const answer = await change(cloud, path(cloud), action);

  expect(answer.status).toBe(404);
});

test('what the cloud refuses is a 403', async () => {
  await using cloud = await startApiCloud();
  const message = "Policy doesn't allow os_compute_api:servers:stop to be performed.";
  cloud.sandbox.faults.add({
    service: 'nova',
    method: 'POST',
    kind: 'answer',
    status: 403,
    body: JSON.stringify({ forbidden: { code: 403, message } }),
    headers: { 'content-type': 'application/json' },
  });

  const answer = await change(cloud, `devices/${firstServer(cloud)}`, 'off');

  expect(answer).toMatchObject({ status: 403, body: { message } });
});

test.each([
  {
    path: 'clusters/c1',
    action: 'destroy',
    message: 'type: expected one of "racks"|"devices"|"instances"|"volumes"|"networks"',
  },
  { path: 'volumes/v1', action: 'off', message: 'action: a volume can destroy' },
  {
    path: 'devices/d1',
    action: 'fly',
    message: 'action: expected one of "on"|"off"|"suspend"|"resume"|"destroy"',
  },
  { path: 'racks/r1', action: 'off', message: 'action: a rack can suspend, resume, destroy' },
  { path: 'devices/..', action: 'off', message: undefined },
  {
    path: 'devices/%2e%2e%2fx',
    action: 'off',
    message: 'id: is no id of the cloud: has Concertim none for it?',
  },
])('$action of $path is not understood', async ({ path, action, message }) => {
  await using cloud = await startApiCloud();

  const answer = await change(cloud, path, action);

  expect([400, 404]).toContain(answer.status);
  if (message !== undefined) expect(answer).toMatchObject({ status: 400, body: { message } });
});

test('a second request with the same credentials needs no login', async () => {
  await using cloud = await startApiCloud();
  const id = firstServer(cloud);
  await change(cloud, `devices/${id}`, 'off');

  await change(cloud, `devices/${id}`, 'on');

  const logins = cloud.sandbox.services.keystone.seen.filter(({ url }) => url.endsWith('/auth/tokens'));
  expect(logins).toHaveLength(1);
});

test('credentials that are good no more are forgotten', async () => {
  await using cloud = await startApiCloud();
  const { identity } = cloud.sandbox.cloud;
  const id = firstServer(cloud);
  await change(cloud, `devices/${id}`, 'off');
  const user = identity.users.get(cloud.user['user_id'] ?? '');
  if (user) identity.updateUser(user, { password: 'another' });

  const answer = await change(cloud, `devices/${id}`, 'on');

  expect(answer.status).toBe(401);
  expect(cloud.api.sessions.size).toBe(0);
});

test('a request to reconcile that fails does not fail the change', async () => {
  await using cloud = await startApiCloud({
    api: { requestReconcile: () => Promise.reject(new Error('the broker is down')) },
  });

  const answer = await change(cloud, `devices/${firstServer(cloud)}`, 'off');

  expect(answer.status).toBe(202);
  expect(cloud.api.printed.join('')).toContain('"event":"writer-not-notified"');
});
