/** A portal user gets a project and a user of the cloud, however often and in whatever circumstances it is asked. */
import { expect, test } from 'vitest';
import { startApi } from '../support/api.ts';
import { type ApiCloud, startApiCloud } from '../support/api-cloud.ts';
import { named, rolesIn } from '../support/identity-facts.ts';

const alice = { username: 'alice', password: 'first-password', email: 'alice@example.com' };

function signUp(cloud: ApiCloud, draft: Record<string, unknown> = {}, env: Record<string, unknown> = {}) {
  return cloud.api.send('POST', '/create_user_project', {
    cloud_env: { ...cloud.admin, ...env },
    ...alice,
    ...draft,
  });
}

test('a first call makes project, user and roles, marked as ours', async () => {
  await using cloud = await startApiCloud();
  const { identity } = cloud.sandbox.cloud;

  const answer = await signUp(cloud);

  const { user_id: userId, project_id: projectId } = answer.body;
  expect(answer.status).toBe(201);
  expect(identity.projects.get(projectId)).toMatchObject({
    name: 'CM_alice_proj',
    domainId: 'default',
    description: 'Concertim Managed Project',
  });
  expect(identity.users.get(userId)).toMatchObject({
    name: 'CM_alice',
    password: 'first-password',
    email: 'alice@example.com',
    description: 'Concertim Managed User',
    defaultProjectId: projectId,
  });
  expect(rolesIn(identity, projectId)).toEqual([
    'CM_alice: member',
    'concertim: admin',
    'concertim: member',
    'concertim: watcher',
  ]);
});

test('the new user can be used at once', async () => {
  await using cloud = await startApiCloud();
  const { body } = await signUp(cloud);
  const env = { ...cloud.admin, ...body, username: undefined, password: 'first-password' };

  const answer = await cloud.api.send('GET', '/key_pairs', { cloud_env: env });

  expect(answer.status).toBe(200);
});

test.each([{ billing_enabled: true }, { billing_enabled: 'True' }])(
  'with billing %o user cloudkitty may rate the project',
  async (env) => {
    await using cloud = await startApiCloud();
    const { identity } = cloud.sandbox.cloud;
    identity.createUser({ name: 'cloudkitty', password: 'secret' });

    const { body } = await signUp(cloud, {}, env);

    expect(rolesIn(identity, body.project_id)).toContain('cloudkitty: rating');
  },
);

test('with billing in the configuration every project is rated', async () => {
  await using cloud = await startApiCloud({ api: { isRated: true } });
  const { identity } = cloud.sandbox.cloud;
  identity.createUser({ name: 'cloudkitty', password: 'secret' });

  const { body } = await signUp(cloud, {}, { billing_enabled: 'False' });

  expect(rolesIn(identity, body.project_id)).toContain('cloudkitty: rating');
});

test('a repeat answers the same ids and changes nothing', async () => {
  await using cloud = await startApiCloud();
  const first = await signUp(cloud);
  cloud.sandbox.services.keystone.forget();

  const again = await signUp(cloud, {
    cloud_user_id: first.body.user_id,
    project_id: first.body.project_id,
  });

  expect(again.body).toEqual(first.body);
  expect(cloud.sandbox.services.keystone.seen.every(({ method }) => method === 'GET')).toBe(true);
});

test('ten calls at once make one project and one user', async () => {
  await using cloud = await startApiCloud();
  const { identity } = cloud.sandbox.cloud;

  const answers = await Promise.all(Array.from({ length: 10 }, () => signUp(cloud)));

  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
  expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
  expect(named(identity.projects, 'CM_alice_proj')).toHaveLength(1);
  expect(named(identity.users, 'CM_alice')).toHaveLength(1);
});

test('calls of two processes at once make one project and one user', async () => {
  await using cloud = await startApiCloud();
  const { identity } = cloud.sandbox.cloud;
  await using other = await startApi({ authUrls: [String(cloud.admin['auth_url'])] });
  const both = [cloud, { ...cloud, api: other }];

  const answers = await Promise.all(Array.from({ length: 8 }, (_, n) => signUp(both[n % 2] as ApiCloud)));

  expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
  expect(named(identity.projects, 'CM_alice_proj')).toHaveLength(1);
  expect(named(identity.users, 'CM_alice')).toHaveLength(1);
});

test('a call with a wrong password does not join one with the right', async () => {
  await using cloud = await startApiCloud();

  const [right, wrong] = await Promise.all([signUp(cloud), signUp(cloud, {}, { password: 'wrong' })]);

  expect([right.status, wrong.status]).toEqual([201, 401]);
});

test('a repeat creates the user again when it was removed', async () => {
  await using cloud = await startApiCloud();
  const { identity } = cloud.sandbox.cloud;
  const { body: before } = await signUp(cloud);
  const [user] = named(identity.users, 'CM_alice');
  if (user) identity.deleteUser(user);

  const { body: after } = await signUp(cloud, {
    cloud_user_id: before.user_id,
    project_id: before.project_id,
  });

  expect(after.project_id).toBe(before.project_id);
  expect(after.user_id).not.toBe(before.user_id);
  expect(rolesIn(identity, after.project_id)).toContain('CM_alice: member');
});

test('a repeat creates the project again when it was removed, and the user has it as default project', async () => {
  await using cloud = await startApiCloud();
  const { identity } = cloud.sandbox.cloud;
  const { body: before } = await signUp(cloud);
  const [project] = named(identity.projects, 'CM_alice_proj');
  if (project) identity.deleteProject(project);

  const { body: after } = await signUp(cloud, { cloud_user_id: before.user_id });

  expect(after.user_id).toBe(before.user_id);
  expect(identity.users.get(after.user_id)?.defaultProjectId).toBe(after.project_id);
  expect(rolesIn(identity, after.project_id)).toHaveLength(4);
});

test('a repeat gives back a role that was taken away', async () => {
  await using cloud = await startApiCloud();
  const { identity } = cloud.sandbox.cloud;
  const { body } = await signUp(cloud);
  const [user] = named(identity.users, 'CM_alice');
  const [project] = named(identity.projects, 'CM_alice_proj');
  if (user && project) identity.revoke(user, project, identity.role('member'));

  await signUp(cloud);

  expect(rolesIn(identity, body.project_id)).toContain('CM_alice: member');
});

test.each(['user', 'project'] as const)(
  'a %s of that name that is not ours is never adopted',
  async (what) => {
    await using cloud = await startApiCloud();
    const { identity } = cloud.sandbox.cloud;
    if (what === 'user') identity.createUser({ name: 'CM_alice', password: 'x', description: 'Alice' });
    else identity.createProject({ name: 'CM_alice_proj', description: 'of somebody else' });

    const answer = await signUp(cloud);

    expect(answer.status).toBe(409);
    expect(answer.body).toMatchObject({ error: 'Conflict' });
    expect(answer.body.message).toContain(`Keystone has a ${what} CM_alice`);
    expect(named(identity.projects, 'CM_alice_proj')).toHaveLength(what === 'user' ? 0 : 1);
  },
);

test('a project that the portal knows and that bears another name now is a conflict', async () => {
  await using cloud = await startApiCloud();
  const [other] = cloud.sandbox.population.accounts;

  const answer = await signUp(cloud, { project_id: other?.project.id });

  expect(answer.status).toBe(409);
  expect(answer.body.message).toContain(`Concertim knows project ${other?.project.id} as CM_alice_proj`);
});

test('a role and a user that are missing are named with the commands that make them', async () => {
  await using cloud = await startApiCloud({ api: { isRated: true } });
  cloud.sandbox.faults.add({
    service: 'keystone',
    path: /roles\?name=watcher/,
    kind: 'rewrite',
    rewrite: () => ({ roles: [] }),
  });

  const answer = await signUp(cloud);

  expect(answer.status).toBe(424);
  expect(answer.body.message).toBe(
    'Keystone lacks role watcher (openstack role create watcher), user cloudkitty (openstack user create --domain default --password-prompt cloudkitty).',
  );
  expect(named(cloud.sandbox.cloud.identity.projects, 'CM_alice_proj')).toEqual([]);
});

test('a failure half-way takes back what the call has made', async () => {
  await using cloud = await startApiCloud();
  const { identity } = cloud.sandbox.cloud;
  cloud.sandbox.faults.add({
    service: 'keystone',
    method: 'PUT',
    skip: 2,
    kind: 'answer',
    status: 403,
    body: '{"error": {"code": 403, "message": "You are not authorized.", "title": "Forbidden"}}',
    headers: { 'content-type': 'application/json' },
  });

  const answer = await signUp(cloud);

  expect(answer.status).toBe(403);
  expect(answer.body.message).toBe('Keystone: You are not authorized.');
  expect(named(identity.projects, 'CM_alice_proj')).toEqual([]);
  expect(named(identity.users, 'CM_alice')).toEqual([]);
});

test('a failure in a project that was there leaves it as it was', async () => {
  await using cloud = await startApiCloud();
  const { identity } = cloud.sandbox.cloud;
  const project = identity.createProject({
    name: 'CM_alice_proj',
    description: 'Concertim Managed Project',
  });
  cloud.sandbox.faults.add({ service: 'keystone', method: 'PUT', skip: 2, kind: 'answer', status: 403 });

  await signUp(cloud);

  expect(named(identity.users, 'CM_alice')).toEqual([]);
  expect(identity.projects.get(project.id)).toBe(project);
  expect(rolesIn(identity, project.id)).toEqual([]);
});

test('what cannot be taken back is said', async () => {
  await using cloud = await startApiCloud();
  cloud.sandbox.faults.add({ service: 'keystone', method: 'PUT', kind: 'answer', status: 403 });
  cloud.sandbox.faults.add({
    service: 'keystone',
    method: 'DELETE',
    path: /projects\/\w+$/,
    kind: 'answer',
    status: 403,
  });

  const answer = await signUp(cloud);

  expect(answer.body.message).toMatch(/Left behind: project CM_alice_proj; a repeat goes on from there\.$/);
});

test('an answer that is lost after the user was made is no failure', async () => {
  await using cloud = await startApiCloud();
  cloud.sandbox.faults.add({
    service: 'keystone',
    method: 'POST',
    path: /\/v3\/users$/,
    times: 1,
    kind: 'reset-after',
  });

  const answer = await signUp(cloud);

  expect(answer.status).toBe(201);
  expect(named(cloud.sandbox.cloud.identity.users, 'CM_alice')).toHaveLength(1);
});

test('a wrong password of the administrator is a 401', async () => {
  await using cloud = await startApiCloud();

  const answer = await signUp(cloud, {}, { password: 'wrong' });

  expect(answer.status).toBe(401);
  expect(answer.body.message).toMatch(/^Keystone refuses these credentials/);
});

test('a password of the new user that Keystone refuses is not repeated in the answer', async () => {
  await using cloud = await startApiCloud();
  cloud.sandbox.faults.add({
    service: 'keystone',
    method: 'POST',
    path: /\/v3\/users$/,
    kind: 'answer',
    status: 400,
    body: JSON.stringify({
      error: { code: 400, message: 'The password first-password is too simple.', title: 'Bad Request' },
    }),
    headers: { 'content-type': 'application/json' },
  });

  const answer = await signUp(cloud);

  expect(answer.status).toBe(400);
  expect(JSON.stringify(answer.body) + cloud.api.printed.join('')).not.toContain('first-password');
});

test('a cloud that is down is a 502 in words, and its address and the reason are in the log', async () => {
  await using cloud = await startApiCloud({
    api: { session: { retry: { tries: 1, baseMs: 0, maxMs: 0, longestRetryAfterMs: 0 } } },
  });
  await cloud.sandbox.services.keystone.close();

  const answer = await signUp(cloud);

  const origin = new URL(String(cloud.admin['auth_url'])).origin;
  expect(answer.status).toBe(502);
  expect(answer.body.message).toBe('Keystone of the cloud cannot be reached at the moment. Try again later.');
  expect(cloud.api.printed.join('')).toContain(`"url":"${origin}","code":"ECONNREFUSED"`);
});

test('a cloud that does not answer is a 504', async () => {
  await using cloud = await startApiCloud({
    api: {
      session: { timeoutMs: 50, retry: { tries: 1, baseMs: 0, maxMs: 0, longestRetryAfterMs: 0 } },
    },
  });
  cloud.sandbox.faults.add({ service: 'keystone', path: /roles/, kind: 'stall' });

  const answer = await signUp(cloud);

  expect(answer.status).toBe(504);
});

test('a repeat that the cloud is too slow for gets what was found before', async () => {
  await using cloud = await startApiCloud({ api: { patienceMs: 30 } });
  const { body: first } = await signUp(cloud);
  cloud.sandbox.faults.add({ service: 'keystone', kind: 'delay', ms: 500 });

  const again = await signUp(cloud);

  expect(again).toMatchObject({ status: 201, body: first });
});

test('a repeat while the first call runs waits for that one', async () => {
  await using cloud = await startApiCloud();
  cloud.sandbox.faults.add({ service: 'keystone', kind: 'delay', ms: 50 });

  const first = signUp(cloud);
  const again = signUp(cloud);

  expect((await first).body).toEqual((await again).body);
  const made = cloud.sandbox.services.keystone.seen.filter(
    ({ method, url }) => method === 'POST' && url === '/v3/projects',
  );
  expect(made).toHaveLength(1);
});
