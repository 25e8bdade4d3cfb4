/** The calls of portals from 1.0 on about users and teams: repeated, interrupted and concurrent. */
import { describe, expect, test } from 'vitest';
import { startApi } from '../support/api.ts';
import { type ApiCloud, startApiCloud } from '../support/api-cloud.ts';
import { named, rolesIn, staffRoles } from '../support/identity-facts.ts';

const carol = { username: 'carol', name: 'Carol C.', password: 'first-password', email: 'carol@example.com' };
const marked = { description: 'Concertim Managed User' };

const ask = (cloud: ApiCloud, method: string, path: string, body: Record<string, unknown>) =>
  cloud.api.send(method, path, { cloud_env: cloud.admin, ...body });
const createUser = (cloud: ApiCloud, draft: Record<string, unknown> = {}) =>
  ask(cloud, 'POST', '/user', { ...carol, ...draft });
const createTeam = (cloud: ApiCloud, draft: Record<string, unknown> = {}) =>
  ask(cloud, 'POST', '/team', { name: 'red team', ...draft });

/** A user and a team, both made through the API, with the user in the team. */
async function signUp(cloud: ApiCloud, role = 'admin') {
  const { body: user } = await createUser(cloud);
  const { body: team } = await createTeam(cloud);
  const ids = { user_id: String(user.user_cloud_id), project_id: String(team.project_id) };
  const joined = await ask(cloud, 'POST', '/team_role', { team_role: { role, ...ids } });
  return { ids, joined };
}

test('a user of the portal gets a user of the cloud, with neither project nor role', async () => {
  await using cloud = await startApiCloud();
  const { identity } = cloud.sandbox.cloud;

  const answer = await createUser(cloud);

  const id = answer.body.user_cloud_id;
  expect(answer).toMatchObject({ status: 201, body: { success: true, username: 'carol', user_id: id } });
  expect(identity.users.get(id)).toMatchObject({
    name: 'CM_carol',
    email: 'carol@example.com',
    description: 'Concertim Managed User: Carol C.',
    defaultProjectId: undefined,
  });
  expect(identity.grants().filter(({ userId }) => userId === id)).toEqual([]);
});

test.each([{ email: null }, { email: undefined }, { name: null }])(
  'a user with %o is made',
  async (draft) => {
    await using cloud = await startApiCloud();

    expect((await createUser(cloud, draft)).status).toBe(201);
  },
);

test('ten calls at once, of two processes, make one user and one team', async () => {
  await using cloud = await startApiCloud();
  const { identity } = cloud.sandbox.cloud;
  await using other = await startApi({ authUrls: [String(cloud.admin['auth_url'])] });
  const both = [cloud, { ...cloud, api: other }];
  const ten = Array.from({ length: 10 }, (_, n) => both[n % 2] as ApiCloud);

  const users = await Promise.all(ten.map((each) => createUser(each)));
  const teams = await Promise.all(ten.map((each) => createTeam(each)));

  expect(new Set(users.map(({ body }) => body.user_cloud_id)).size).toBe(1);
  expect(new Set(teams.map(({ body }) => body.project_id)).size).toBe(1);
  expect(named(identity.users, 'CM_carol')).toHaveLength(1);
  expect(named(identity.projects, 'CM_red team')).toHaveLength(1);
});

test('the same login with another password is another person, and gets no account of the earlier one', async () => {
  await using cloud = await startApiCloud();
  await createUser(cloud);

  const answer = await createUser(cloud, { password: 'of-somebody-else' });

  expect(answer.status).toBe(409);
  expect(answer.body.message).toMatch(/was made for an earlier user of that login/);
  expect(named(cloud.sandbox.cloud.identity.users, 'CM_carol')[0]?.password).toBe('first-password');
});

test.each([
  { what: 'user', other: 'CM_CAROL' },
  { what: 'user', other: 'CM_cárol' },
  { what: 'project', other: 'CM_Red Team' },
])('a $what named $other is the same to Keystone: that is explained', async ({ what, other }) => {
  await using cloud = await startApiCloud();
  const { identity } = cloud.sandbox.cloud;
  if (what === 'user') identity.createUser({ name: other, password: 'x', ...marked });
  else identity.createProject({ name: other, description: 'Concertim Managed Project' });

  const answer = what === 'user' ? await createUser(cloud) : await createTeam(cloud);

  expect(answer.status).toBe(409);
  expect(answer.body.message).toContain(`Keystone has a ${what} "${other}"`);
  expect(answer.body.message).toContain('tells neither capitals from small letters nor accents');
});

test.each([56, 57, 80])(
  'a login of %i characters is signed up, and the repeat gets the same ids',
  async (length) => {
    await using cloud = await startApiCloud();
    const username = 'x'.repeat(length);
    const signUpOf = () => ask(cloud, 'POST', '/create_user_project', { ...carol, username });

    const first = await signUpOf();
    const again = await signUpOf();

    const project = cloud.sandbox.cloud.identity.projects.get(first.body.project_id);
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.body).toEqual(first.body);
    expect(project?.name.length).toBeLessThanOrEqual(64);
  },
);

test('a login of 81 characters is none of the portal', async () => {
  await using cloud = await startApiCloud();

  expect((await createUser(cloud, { username: 'x'.repeat(81) })).status).toBe(400);
});

test.each(['PATCH /user', 'POST /change_user_details'])('%s changes e-mail and password', async (call) => {
  await using cloud = await startApiCloud();
  const { identity } = cloud.sandbox.cloud;
  const [method = '', path = ''] = call.split(' ');
  const { body } = await createUser(cloud);
  const info = { cloud_user_id: body.user_cloud_id, billing_acct_id: 'acct-1' };
  const change = (new_data: Record<string, unknown>) =>
    ask(cloud, method, path, { user_info: { ...info, new_data } });

  const answers = [
    await change({ email: 'new@example.com' }),
    await change({ password: 'second-password' }),
    await change({ password: 'second-password', email: 'new@example.com' }),
    await change({}),
    await change({ password: null }),
  ];

  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  expect(answers.map((answer) => answer.body.updated)).toEqual([
    ['email'],
    ['password'],
    ['email', 'password'],
    [],
    [],
  ]);
  expect(identity.users.get(body.user_cloud_id)).toMatchObject({
    email: 'new@example.com',
    password: 'second-password',
  });
});

test('a new password that Keystone has had already is done when it opens the account', async () => {
  await using cloud = await startApiCloud();
  const { body } = await createUser(cloud);
  cloud.sandbox.faults.add({
    service: 'keystone',
    method: 'PATCH',
    kind: 'answer',
    status: 400,
    body: '{"error": {"code": 400, "message": "The new password cannot be identical to a previous one."}}',
    headers: { 'content-type': 'application/json' },
  });
  const change = (password: string) =>
    ask(cloud, 'PATCH', '/user', {
      user_info: { cloud_user_id: body.user_cloud_id, new_data: { password } },
    });

  const [same, other] = [await change('first-password'), await change('another-one')];

  expect(same).toMatchObject({ status: 200, body: { updated: ['password'] } });
  expect(other.status).toBe(400);
});

test.each([
  { what: 'a field that is not to be changed', new_data: { name: 'x' }, status: 400 },
  { what: 'a user of somebody else', id: 'population', new_data: { email: 'x@example.com' }, status: 403 },
  { what: 'a user who is gone', id: 'f'.repeat(32), new_data: { email: 'x@example.com' }, status: 404 },
])('$what is refused with $status', async ({ id, new_data, status }) => {
  await using cloud = await startApiCloud();
  const foreign = cloud.sandbox.cloud.identity.createUser({ name: 'operator', password: 'x' });
  const { body } = await createUser(cloud);
  const cloud_user_id = id === 'population' ? foreign.id : (id ?? body.user_cloud_id);

  const answer = await ask(cloud, 'PATCH', '/user', { user_info: { cloud_user_id, new_data } });

  expect(answer.status).toBe(status);
  expect(answer.body.message).not.toBe('');
});

test('a team gets a project with those who look after it, and an account of its own', async () => {
  await using cloud = await startApiCloud();
  const { identity } = cloud.sandbox.cloud;

  const answer = await createTeam(cloud);
  const other = await createTeam(cloud, { name: 'blue' });

  const id = answer.body.project_id;
  expect(answer).toMatchObject({
    status: 201,
    body: {
      success: true,
      billing_acct_id: expect.stringMatching(/./),
      billing_account_id: expect.any(String),
    },
  });
  expect(answer.body.billing_acct_id).not.toBe(other.body.billing_acct_id);
  expect(identity.projects.get(id)).toMatchObject({
    name: 'CM_red team',
    description: 'Concertim Managed Project',
  });
  expect(rolesIn(identity, id)).toEqual(staffRoles);
});

test.each([{ ids: 'known' }, { ids: 'not known' }])(
  'a team that was half made is completed, its ids $ids',
  async ({ ids }) => {
    await using cloud = await startApiCloud();
    const { identity } = cloud.sandbox.cloud;
    const { body } = await createTeam(cloud);
    const { concertim } = cloud.sandbox.population;
    const project = identity.projects.get(body.project_id);
    if (project) identity.revoke(concertim, project, identity.role('watcher'));

    const again = await createTeam(cloud, ids === 'known' ? { project_id: body.project_id } : {});

    expect(again.body).toEqual(body);
    expect(rolesIn(identity, body.project_id)).toEqual(staffRoles);
  },
);

test('a team of an earlier name does not inherit who was in it', async () => {
  await using cloud = await startApiCloud();
  await signUp(cloud);

  const answer = await createTeam(cloud);

  expect(answer.status).toBe(409);
  expect(answer.body.message).toMatch(/of an earlier owner of that name: other users have roles in it/);
});

test('nor does a user of an earlier login inherit what is in the project', async () => {
  await using cloud = await startApiCloud();
  const { identity, networking } = cloud.sandbox.cloud;
  const sign = () => ask(cloud, 'POST', '/create_user_project', carol);
  const { body } = await sign();
  const user = identity.users.get(body.user_id);
  if (user) identity.deleteUser(user);
  networking.addRouter({ name: 'their router', projectId: body.project_id });

  const refused = await sign();
  networking.routers.clear();
  const taken = await sign();

  expect(refused.status).toBe(409);
  expect(refused.body.message).toMatch(/it holds router their router/);
  expect(taken.body.project_id).toBe(body.project_id);
});

test.each([
  { role: 'admin', roles: ['CM_carol: member'] },
  { role: 'member', roles: ['CM_carol: reader'] },
])("the portal's $role of a team is $roles in the cloud, and never admin", async ({ role, roles }) => {
  await using cloud = await startApiCloud();

  const { ids, joined } = await signUp(cloud, role);

  expect(joined.status).toBe(201);
  expect(rolesIn(cloud.sandbox.cloud.identity, ids.project_id)).toEqual([...roles, ...staffRoles]);
});

test('the admin of a team sees no server of another project', async () => {
  await using cloud = await startApiCloud();
  const { ids } = await signUp(cloud);
  const env = { ...cloud.admin, password: carol.password, ...ids };

  const answer = await cloud.api.send('POST', `/update_status/instances/${cloud.servers[0]}`, {
    cloud_env: env,
    action: 'off',
  });

  expect(answer.status).toBe(404);
});

test('a role is changed, changed again, taken away, and taken away again', async () => {
  await using cloud = await startApiCloud();
  const { identity } = cloud.sandbox.cloud;
  const { ids } = await signUp(cloud);
  const role = (method: string, change: Record<string, string>) =>
    ask(cloud, method, '/team_role', { team_role: { ...ids, ...change } });
  const carols = () => rolesIn(identity, ids.project_id).filter((each) => each.startsWith('CM_carol'));

  const down = await role('PATCH', { current_role: 'admin', new_role: 'member' });
  const asMember = carols();
  const again = await role('PATCH', { current_role: 'admin', new_role: 'member' });
  const same = await role('PATCH', { current_role: 'member', new_role: 'member' });
  const stillMember = carols();
  const away = await role('DELETE', { role: 'member' });
  const awayAgain = await role('DELETE', { role: 'member' });

  expect([down, again, same, away, awayAgain].map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  expect([asMember, stillMember]).toEqual([['CM_carol: reader'], ['CM_carol: reader']]);
  expect(carols()).toEqual([]);
});

test('what the service of 2024 granted goes with the role', async () => {
  await using cloud = await startApiCloud();
  const { identity } = cloud.sandbox.cloud;
  const { ids } = await signUp(cloud);
  const [user, project] = [identity.users.get(ids.user_id), identity.projects.get(ids.project_id)];
  if (user && project) identity.grant(user, project, 'admin');

  await ask(cloud, 'PATCH', '/team_role', {
    team_role: { ...ids, current_role: 'admin', new_role: 'member' },
  });

  expect(rolesIn(identity, ids.project_id)).toEqual(['CM_carol: reader', ...staffRoles]);
});

test('a change of role that is broken off is ended by its repeat', async () => {
  await using cloud = await startApiCloud();
  const { identity } = cloud.sandbox.cloud;
  const { ids } = await signUp(cloud);
  cloud.sandbox.faults.add({ service: 'keystone', method: 'DELETE', times: 1, kind: 'answer', status: 403 });
  const change = () =>
    ask(cloud, 'PATCH', '/team_role', { team_role: { ...ids, current_role: 'admin', new_role: 'member' } });

  const broken = await change();
  const between = rolesIn(identity, ids.project_id);
  const ended = await change();

  expect([broken.status, ended.status]).toEqual([403, 200]);
  expect(between).toEqual(['CM_carol: member', 'CM_carol: reader', ...staffRoles]);
  expect(rolesIn(identity, ids.project_id)).toEqual(['CM_carol: reader', ...staffRoles]);
});

test.each([
  { what: 'a role that the portal does not have', change: { role: 'owner' }, status: 400 },
  { what: 'a user who is gone', change: { user_id: 'f'.repeat(32) }, status: 404 },
  { what: 'a team that is gone', change: { project_id: 'f'.repeat(32) }, status: 404 },
  { what: 'a project of somebody else', change: { project_id: 'foreign' }, status: 403 },
])('$what is refused with $status', async ({ change, status }) => {
  await using cloud = await startApiCloud();
  const { ids } = await signUp(cloud);
  const foreign = cloud.sandbox.cloud.identity.createProject({ name: 'foreign' });
  const given = { role: 'admin', ...ids, ...change };
  if (given.project_id === 'foreign') given.project_id = foreign.id;

  const answer = await ask(cloud, 'POST', '/team_role', { team_role: given });

  expect(answer.status).toBe(status);
});

test('a role that the configuration names and Keystone lacks is said with the command that makes it', async () => {
  await using cloud = await startApiCloud({
    api: { teamRoles: { admin: ['member', 'load-balancer_member'], member: ['reader'] } },
  });

  const { joined } = await signUp(cloud);

  expect(joined.status).toBe(424);
  expect(joined.body.message).toBe(
    'Keystone lacks role load-balancer_member (openstack role create load-balancer_member).',
  );
});

test('a team is deleted once nothing is left in it, and again', async () => {
  await using cloud = await startApiCloud();
  const { identity, networking } = cloud.sandbox.cloud;
  const { ids } = await signUp(cloud);
  networking.addRouter({ name: 'edge', projectId: ids.project_id });
  networking.addFloatingIp({
    address: '198.18.0.77',
    projectId: ids.project_id,
    portId: null,
    routerId: null,
  });
  const remove = () =>
    ask(cloud, 'DELETE', '/team', {
      team_info: { project_id: ids.project_id, billing_acct_id: ids.project_id },
    });

  const refused = await remove();
  const isThere = identity.projects.has(ids.project_id);
  networking.routers.clear();
  networking.floatingIps.clear();
  const answers = [await remove(), await remove()];

  expect(refused.status).toBe(409);
  expect(refused.body.message).toBe(
    'First delete what project CM_red team still holds: router edge, floating IP 198.18.0.77.',
  );
  expect(isThere).toBe(true);
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  expect(identity.projects.has(ids.project_id)).toBe(false);
});

test('a team with a stack in it stays, and what is in the way is named', async () => {
  await using cloud = await startApiCloud();
  const [account] = cloud.sandbox.population.accounts;
  if (account) account.project.description = 'Concertim Managed Project';

  const answer = await ask(cloud, 'DELETE', '/team', { team_info: { project_id: account?.project.id } });

  expect(answer.status).toBe(409);
  expect(answer.body.message).toMatch(
    /^First delete what project \S+ still holds: stack \S+, 2 servers \(\S+, \S+\), 2 volumes \(\S+, \S+\), network \S+\.$/,
  );
});

test.each([19, 20])(
  'a team whose routers Neutron does not filter by project is deleted only when all are listed: %i',
  async (others) => {
    await using cloud = await startApiCloud();
    const { identity } = cloud.sandbox.cloud;
    const { ids } = await signUp(cloud);
    const routers = Array.from({ length: others }, (_, at) => ({
      id: `r-${at}`,
      name: '',
      project_id: 'other',
    }));
    cloud.sandbox.faults.add({
      service: 'neutron',
      path: /routers/,
      kind: 'rewrite',
      rewrite: () => ({ routers }),
    });

    const answer = await ask(cloud, 'DELETE', '/team', { team_info: { project_id: ids.project_id } });

    expect(answer.status === 200).toBe(others < 20);
    expect(identity.projects.has(ids.project_id)).toBe(others === 20);
  },
);

test('while a service does not say what is left, a team is not deleted', async () => {
  await using cloud = await startApiCloud();
  const { ids } = await signUp(cloud);
  cloud.sandbox.faults.add({ service: 'neutron', kind: 'answer', status: 500 });

  const answer = await ask(cloud, 'DELETE', '/team', { team_info: { project_id: ids.project_id } });

  expect(answer.status).toBe(502);
  expect(cloud.sandbox.cloud.identity.projects.has(ids.project_id)).toBe(true);
});

test('a team that was half made has no ids, and counts as deleted', async () => {
  await using cloud = await startApiCloud();

  const answer = await ask(cloud, 'DELETE', '/team', {
    team_info: { project_id: null, billing_acct_id: null },
  });

  expect(answer).toMatchObject({ status: 200, body: { success: true } });
});

test.each(['/user', '/delete_user'])('DELETE %s deletes a user, and again', async (path) => {
  await using cloud = await startApiCloud();
  const { identity } = cloud.sandbox.cloud;
  const { body } = await createUser(cloud);
  const remove = () => ask(cloud, 'DELETE', path, { user_info: { cloud_user_id: body.user_cloud_id } });

  const answers = [await remove(), await remove()];

  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  expect(identity.users.has(body.user_cloud_id)).toBe(false);
});

test("a user's project goes first, and with something in it neither goes", async () => {
  await using cloud = await startApiCloud();
  const { identity, networking } = cloud.sandbox.cloud;
  const { body } = await ask(cloud, 'POST', '/create_user_project', carol);
  networking.addRouter({ name: 'edge', projectId: body.project_id });
  const info = {
    cloud_user_id: body.user_id,
    project_id: body.project_id,
    billing_acct_id: body.billing_acct_id,
  };
  const remove = () => ask(cloud, 'DELETE', '/delete_user', { user_info: info });

  const refused = await remove();
  const isThere = identity.users.has(body.user_id);
  networking.routers.clear();
  const answers = [await remove(), await remove()];

  expect(refused).toMatchObject({ status: 409, body: { message: expect.stringContaining('router edge') } });
  expect(isThere).toBe(true);
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  expect([identity.users.has(body.user_id), identity.projects.has(body.project_id)]).toEqual([false, false]);
});

test.each(['user', 'team'])('a %s that is not of Concertim is not deleted', async (what) => {
  await using cloud = await startApiCloud();
  const { identity } = cloud.sandbox.cloud;
  const project = identity.createProject({ name: 'theirs' });
  const user = identity.createUser({ name: 'operator', password: 'x' });

  const answer =
    what === 'user'
      ? await ask(cloud, 'DELETE', '/user', { user_info: { cloud_user_id: user.id } })
      : await ask(cloud, 'DELETE', '/team', { team_info: { project_id: project.id } });

  expect(answer.status).toBe(403);
  expect([identity.users.has(user.id), identity.projects.has(project.id)]).toEqual([true, true]);
});

test('each thing that is done in the cloud is one line, with who requested it, and no secret', async () => {
  await using cloud = await startApiCloud();
  const { ids } = await signUp(cloud);
  await ask(cloud, 'PATCH', '/user', {
    user_info: { cloud_user_id: ids.user_id, new_data: { password: 'second-password' } },
  });
  await ask(cloud, 'DELETE', '/user', { user_info: { cloud_user_id: ids.user_id } });

  const lines = cloud.api.printed
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ msg }) => msg === 'changed in the cloud');

  expect(lines.map(({ verb, kind, id }) => `${String(verb)} ${String(kind)} ${String(id)}`)).toEqual([
    `created user ${ids.user_id}`,
    `created project ${ids.project_id}`,
    `granted role ${ids.user_id}`,
    `changed user ${ids.user_id}`,
    `deleted user ${ids.user_id}`,
  ]);
  for (const line of lines) {
    expect(line).toMatchObject({
      behalf: cloud.admin['user_id'],
      project: cloud.admin['project_id'],
      from: '127.0.0.1',
      requestId: expect.stringMatching(/^req-/),
    });
  }
  expect(cloud.api.printed.join('')).not.toMatch(/first-password|second-password/);
});

test('a user whose password the portal has lost is reported what to do', async () => {
  await using cloud = await startApiCloud();

  const answer = await cloud.api.send('GET', '/key_pairs', { cloud_env: { ...cloud.user, password: null } });

  expect(answer.status).toBe(400);
  expect(answer.body.message).toBe(
    'cloud_env.password: is null: Concertim has lost the password that this user has in the cloud. Set a new password for the user in Concertim',
  );
});

test.each(['/user', '/create_user_project', '/team'])(
  'POST %s of what an administrator has disabled is refused, and says how to enable it',
  async (path) => {
    await using cloud = await startApiCloud();
    const { identity } = cloud.sandbox.cloud;
    const signUpAgain = (known: object) =>
      ask(cloud, 'POST', path, path === '/team' ? { name: 'red team', ...known } : { ...carol, ...known });
    const { body: made } = await signUpAgain({});
    const isUser = path !== '/team';
    const thing = isUser ? identity.users.get(made.user_cloud_id) : identity.projects.get(made.project_id);
    if (!thing) throw new Error('nothing was made');
    thing.enabled = false;

    const plain = await signUpAgain({});
    const known = { cloud_user_id: made.user_cloud_id, project_id: made.project_id };
    const again = await signUpAgain(path === '/user' ? {} : isUser ? known : { project_id: made.project_id });

    for (const { status, body } of [plain, again]) {
      expect(status).toBe(409);
      expect(body.message).toMatch(
        new RegExp(
          `is disabled in Keystone.* openstack ${isUser ? 'user' : 'project'} set --enable ${thing.id}$`,
        ),
      );
    }
  },
);

const signUps: readonly [path: string, draft: Record<string, unknown>][] = [
  ['/user', carol],
  ['/create_user_project', carol],
  ['/team', { name: 'red team' }],
];

describe.each(signUps)('POST %s into a domain', (path, draft) => {
  test.each(['name', 'id'] as const)('that is disabled, given by its %s, is refused', async (by) => {
    await using cloud = await startApiCloud();
    const { identity } = cloud.sandbox.cloud;
    const domain = identity.createDomain('tenants');
    const into = { cloud_env: { ...cloud.admin, [`project_domain_${by}`]: domain[by] } };
    identity.disableDomain(domain);

    const refused = await ask(cloud, 'POST', path, { ...draft, ...into });
    const made = [...identity.users.values(), ...identity.projects.values()].filter(
      ({ domainId }) => domainId === domain.id,
    );
    domain.enabled = true;
    const taken = await ask(cloud, 'POST', path, { ...draft, ...into });

    expect(refused.status).toBe(409);
    expect(refused.body.message).toMatch(
      new RegExp(
        `^The domain tenants is disabled in Keystone, .*openstack domain set --enable ${domain.id}$`,
      ),
    );
    expect(made).toEqual([]);
    expect(taken.status).toBe(201);
  });

  test('that is not there is refused', async () => {
    await using cloud = await startApiCloud();
    const into = { cloud_env: { ...cloud.admin, project_domain_id: 'nowhere' } };

    const refused = await ask(cloud, 'POST', path, { ...draft, ...into });

    expect(refused.status).toBe(400);
    expect(refused.body.message).toBe('Keystone has no domain "nowhere".');
  });
});

test('a portal user whose domain is disabled is refused, and the message names that as a cause', async () => {
  await using cloud = await startApiCloud();
  const { identity } = cloud.sandbox.cloud;
  const domain = identity.createDomain('tenants');
  Object.assign(identity.users.get(cloud.user['user_id'] ?? '') ?? {}, { domainId: domain.id });
  identity.disableDomain(domain);

  const answer = await cloud.api.send('GET', '/key_pairs', { cloud_env: cloud.user });

  expect(answer.status).toBe(401);
  expect(answer.body.message).toContain('the user, the project or their domain is disabled');
});
