/** What each released portal asks of the API by itself: its jobs with their retries and time-outs, its pages and buttons. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { request } from 'undici';
import { describe, expect, test } from 'vitest';
import { type Release, releases } from '../../src/concertim/profile.ts';
import { changeUser, deleteUser } from '../../src/sandbox/portal/outbound/account-changes.ts';
import {
  depositCredits,
  listInvoices,
  showDraftInvoice,
} from '../../src/sandbox/portal/outbound/billing-pages.ts';
import {
  createKeyPair,
  deleteKeyPair,
  showKeyPairs,
} from '../../src/sandbox/portal/outbound/key-pair-pages.ts';
import { launch } from '../../src/sandbox/portal/outbound/launch.ts';
import { outboundRules } from '../../src/sandbox/portal/outbound/outbound-rules.ts';
import { configureCloud, signUp } from '../../src/sandbox/portal/outbound/sign-up.ts';
import { requestStatusChange } from '../../src/sandbox/portal/outbound/status-change.ts';
import {
  addTeamRole,
  changeTeamRole,
  deleteTeam,
  removeTeamRole,
} from '../../src/sandbox/portal/outbound/teams.ts';
import { showStatistics, showTeamUsage } from '../../src/sandbox/portal/outbound/usage-pages.ts';
import type { UserRow } from '../../src/sandbox/portal/portal.ts';
import { releaseRules } from '../../src/sandbox/portal/release-rules.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { rolesIn, staffRoles } from '../support/identity-facts.ts';
import { type PortalChain, startPortalChain } from '../support/portal-chain.ts';

const form = { login: 'oscar', name: 'Oscar O.', email: 'oscar@example.org', password: 'oscars-password' };

const withPages = (has: (rules: (typeof outboundRules)[Release]) => boolean) =>
  releases.filter((release) => has(outboundRules[release]));
const withTeams = withPages(({ signUp }) => signUp === 'user');

/** The row of somebody who has signed up. */
async function signedUp(chain: PortalChain, draft: Partial<typeof form> = {}): Promise<UserRow> {
  const { id } = signUp(chain.sandbox.outbound, { ...form, ...draft });
  await chain.finish();
  return rowOf(chain.sandbox, id);
}

function rowOf({ portal }: Sandbox, id: number): UserRow {
  const row = portal.users.get(id);
  if (!row) throw new Error(`there is no user ${id}`);
  return row;
}

/** What Keystone has for the login: the ids of the users and projects, and who has which role in these. */
function accountIn({ cloud: { identity } }: Sandbox, login = form.login) {
  const isOf = ({ name }: { name: string }) => name.startsWith(`CM_${login}`);
  const users = [...identity.users.values()].filter(isOf);
  const projects = [...identity.projects.values()].filter(isOf);
  const roles = projects.flatMap(({ id }) => rolesIn(identity, id));
  return { users: users.map(({ id }) => id), projects: projects.map(({ id }) => id), roles };
}

const wholeAccount = (row: UserRow) => ({
  users: [row.cloud_user_id?.replaceAll('-', '')],
  projects: [row.project_id],
  roles: ['CM_oscar: member', ...staffRoles],
});
const jobsOf = ({ outbound }: Sandbox) =>
  outbound.jobs.jobs.map(({ name, state, tries }) => ({ name, state, tries }));

const chainOf = (release: Release) =>
  outboundRules[release].signUp === 'user'
    ? ['UserSignupJob', 'CreateSingleUserTeamJob', 'CreateTeamThenRoleJob', 'CreateTeamRoleJob']
    : ['UserSignupJob'];

describe.each(releases)('portal %s', (release) => {
  const rules = outboundRules[release];

  test.each(['', '/', '/prefix', '/prefix/'])(
    'a user who signs up has an account, each job done at the first try; base URL with "%s"',
    async (base) => {
      await using chain = await startPortalChain(release, { base });

      const row = await signedUp(chain);

      expect(jobsOf(chain.sandbox)).toEqual(
        chainOf(release).map((name) => ({ name, state: 'done', tries: 1 })),
      );
      expect(accountIn(chain.sandbox)).toEqual(wholeAccount(row));
      expect(row.billing_acct_id).toEqual(rules.account ? expect.stringMatching(/./) : null);
    },
  );

  test('when the cloud is configured again everybody is signed up again, and keeps what they have', async () => {
    await using chain = await startPortalChain(release);
    const before = await signedUp(chain);
    const { id: elsewhere } = await signedUp(chain, { login: 'gina' });
    for (const { id, root } of chain.sandbox.portal.users.all()) {
      if (!root && id !== before.id && id !== elsewhere) chain.sandbox.portal.deleteUser(id);
    }

    configureCloud(chain.sandbox.outbound);
    await chain.finish();

    expect(rowOf(chain.sandbox, before.id)).toEqual(before);
    expect(accountIn(chain.sandbox)).toEqual(wholeAccount(before));
    const jobs = chain.sandbox.outbound.jobs.jobs;
    expect(jobs.filter(({ state }) => state !== 'done')).toEqual([]);
    expect(jobs.filter(({ name }) => name === 'UserSignupJob')).toHaveLength(4);
  });

  test('a cloud that is down for the first tries costs as many tries, and leaves one account', async () => {
    await using chain = await startPortalChain(release, { api: { session: { retry: once } } });
    const { sandbox } = chain;
    const mend = sandbox.faults.add({ service: 'keystone', kind: 'answer', status: 503 });
    let retries = 0;

    signUp(sandbox.outbound, form);
    await chain.finish(async () => {
      retries++;
      if (retries === 3) mend();
    });

    const row = sandbox.portal.users.all().find(({ login }) => login === form.login) as UserRow;
    expect(jobsOf(sandbox)[0]).toEqual({ name: 'UserSignupJob', state: 'done', tries: 4 });
    expect(accountIn(sandbox)).toEqual(wholeAccount(row));
  });

  test('after ten tries in vain the job gives up; signed up again the user gets an account', async () => {
    await using chain = await startPortalChain(release, { api: { session: { retry: once } } });
    const { sandbox, clock } = chain;
    const began = clock.now();
    const mend = sandbox.faults.add({ service: 'keystone', kind: 'answer', status: 503 });
    signUp(sandbox.outbound, form);
    await chain.finish();
    const [givenUp] = jobsOf(sandbox);
    const took = clock.now() - began;
    mend();
    for (const { id, login } of sandbox.portal.users.all())
      if (login === 'user1') sandbox.portal.deleteUser(id);

    configureCloud(sandbox.outbound);
    await chain.finish();

    const row = sandbox.portal.users.all().find(({ login }) => login === form.login) as UserRow;
    expect(givenUp).toEqual({ name: 'UserSignupJob', state: 'given up', tries: 10 });
    expect(took).toBe(15_351_000);
    expect(accountIn(sandbox)).toEqual(wholeAccount(row));
  });

  test('a cloud of 7 s is too slow for a portal that waits 5, whose repeat overlaps the first call: one account', async () => {
    await using chain = await startPortalChain(release, { api: { session: { timeoutMs: 20_000 } } });
    const { sandbox, clock } = chain;
    sandbox.faults.add({
      service: 'keystone',
      method: 'POST',
      path: /\/users$/,
      kind: 'delay',
      ms: 7_000,
      times: 1,
    });
    const isImpatient = rules.timeoutMs < 7_000;

    signUp(sandbox.outbound, form);
    await until(() => clock.slept.includes(7_000));
    clock.advance(rules.timeoutMs < 7_000 ? rules.timeoutMs : 7_000);
    await chain.finish();

    const row = sandbox.portal.users.all().find(({ login }) => login === form.login) as UserRow;
    expect(jobsOf(sandbox)[0]).toEqual({ name: 'UserSignupJob', state: 'done', tries: isImpatient ? 2 : 1 });
    expect(accountIn(sandbox)).toEqual(wholeAccount(row));
  });
});

describe.each(withPages(({ keyPairs }) => keyPairs.length > 0))(
  'the page of key pairs of portal %s',
  (release) => {
    const { keyPairs } = outboundRules[release];

    test('a pair is generated, another imported; they are listed by name; one is deleted, and once more', async () => {
      await using chain = await startPortalChain(release, { base: '/prefix/' });
      const { outbound } = chain.sandbox;
      const { id } = await signedUp(chain);

      const generated = await createKeyPair(outbound, id, { name: 'laptop', publicKey: null });
      const imported = await createKeyPair(outbound, id, { name: 'desk', publicKey: ed25519 });
      const taken = await createKeyPair(outbound, id, { name: 'desk', publicKey: ed25519 });

      expect(generated).toMatchObject({
        ok: true,
        shown: { privateKey: expect.stringMatching(/PRIVATE KEY/) },
      });
      expect(imported).toMatchObject({ ok: true, shown: { privateKey: undefined } });
      expect(taken).toMatchObject({ ok: false, kind: 'refused', message: expect.stringMatching(/desk/) });
      if (!keyPairs.includes('list')) return;
      const fingerprint = imported.ok ? imported.shown.fingerprint : '';
      const desk = { name: 'desk', fingerprint, type: 'ssh' };
      const both = await showKeyPairs(outbound, id);
      expect(both).toEqual({ ok: true, shown: expect.arrayContaining([desk]) });
      expect(both.ok && new Set(both.shown.map(({ name }) => name))).toEqual(new Set(['desk', 'laptop']));
      expect(await deleteKeyPair(outbound, id, 'laptop')).toEqual({ ok: true });
      expect(await deleteKeyPair(outbound, id, 'laptop')).toEqual({ ok: true });
      expect(await showKeyPairs(outbound, id)).toEqual({ ok: true, shown: [desk] });
    });
  },
);

describe.each(withTeams)('teams of portal %s', (release) => {
  test('a second user becomes a member, then an admin, then leaves; never with Keystone’s role admin', async () => {
    await using chain = await startPortalChain(release);
    const { outbound, portal } = chain.sandbox;
    const owner = await signedUp(chain);
    const guest = await signedUp(chain, { login: 'gina' });
    const rolesOfGuest = () => accountIn(chain.sandbox).roles.filter((role) => role.startsWith('CM_gina'));

    const added = await addTeamRole(outbound, { user_id: guest.id, team_id: owner.id, role: 'member' });
    const role = portal.teamRoles.all().find((row) => row.user_id === guest.id && row.team_id === owner.id);
    const asMember = rolesOfGuest();
    const promoted = await changeTeamRole(outbound, role?.id ?? 0, 'admin');
    const asAdmin = rolesOfGuest();
    const limits = await showTeamUsage(outbound, { userId: guest.id, teamId: owner.id });
    const removed = await removeTeamRole(outbound, role?.id ?? 0);

    expect([added.ok, promoted.ok, limits.ok, removed.ok]).toEqual([true, true, true, true]);
    expect([asMember, asAdmin, rolesOfGuest()]).toEqual([['CM_gina: reader'], ['CM_gina: member'], []]);
    expect(portal.teamRoles.all().filter((row) => row.user_id === guest.id)).toHaveLength(1);
  });

  test('a role that could not be given is not listed, and one that could not be taken still is', async () => {
    await using chain = await startPortalChain(release, { api: { session: { retry: once } } });
    const { outbound, portal, faults } = chain.sandbox;
    const owner = await signedUp(chain);
    const guest = await signedUp(chain, { login: 'gina' });
    const listed = () => portal.teamRoles.all().filter((row) => row.team_id === owner.id).length;
    const place = { user_id: guest.id, team_id: owner.id, role: 'member' } as const;
    const down = () => faults.add({ service: 'keystone', kind: 'answer', status: 503 });

    const mend = down();
    const refused = await addTeamRole(outbound, place);
    const afterRefusal = listed();
    mend();
    await addTeamRole(outbound, place);
    const role = portal.teamRoles.all().find((row) => row.user_id === guest.id && row.team_id === owner.id);
    down();
    const kept = await removeTeamRole(outbound, role?.id ?? 0);

    expect(refused).toMatchObject({
      ok: false,
      kind: 'refused',
      message: expect.stringMatching(/^Keystone/),
    });
    expect(kept).toMatchObject({ ok: false, kind: 'refused' });
    expect([afterRefusal, listed()]).toEqual([1, 2]);
  });

  test('a team with a cluster in it stays until that is gone; then team and user are deleted', async () => {
    await using chain = await startPortalChain(release);
    const { sandbox } = chain;
    const owner = await signedUp(chain);
    const { id: stackId } = await sandbox.outbound.makeStack(owner);

    deleteTeam(sandbox.outbound, owner.id);
    await chain.finish(async () => {
      sandbox.cloud.orchestration.deleteStack(stackId);
      sandbox.advance();
    });
    const teamGone = accountIn(sandbox).projects;
    deleteUser(sandbox.outbound, owner.id);
    await chain.finish();

    expect(jobsOf(sandbox).slice(-2)).toEqual([
      { name: 'DeleteTeamJob', state: 'done', tries: 2 },
      { name: 'UserDeletionJob', state: 'done', tries: 1 },
    ]);
    expect(teamGone).toEqual([]);
    expect(accountIn(sandbox)).toEqual({ users: [], projects: [], roles: [] });
    expect(sandbox.portal.users.get(owner.id)).toBeUndefined();
  });

  test('what a team may use, and what the cloud has, are numbers; also without Cinder', async () => {
    for (const cinder of [true, false]) {
      await using chain = await startPortalChain(release, { sandbox: { cinder }, base: '/prefix' });
      const { outbound } = chain.sandbox;
      const { id } = await signedUp(chain);

      expect(await showTeamUsage(outbound, { userId: id })).toMatchObject({ ok: true });
      expect(await showStatistics(outbound)).toMatchObject({ ok: true, shown: { running_vms: 2 } });
    }
  });
});

describe.each(withPages(({ changeUser: change }) => change !== undefined))(
  'accounts of portal %s',
  (release) => {
    test('a new password is the cloud’s after the job, which may be repeated; e-mail likewise', async () => {
      await using chain = await startPortalChain(release, { api: { session: { retry: once } } });
      const { sandbox } = chain;
      const { id } = await signedUp(chain);
      const mend = sandbox.faults.add({ service: 'keystone', method: 'PATCH', kind: 'reset-after' });

      changeUser(sandbox.outbound, id, { email: 'new@example.org', password: 'another-password' });
      await chain.finish(async () => mend());

      expect(jobsOf(sandbox).at(-1)).toEqual({ name: 'UserUpdateJob', state: 'done', tries: 2 });
      const row = rowOf(sandbox, id);
      expect(row).toMatchObject({ foreign_password: 'another-password', pending_foreign_password: null });
      const [userId = ''] = accountIn(sandbox).users;
      expect(sandbox.cloud.identity.users.get(userId)).toMatchObject({
        email: 'new@example.org',
        password: 'another-password',
      });
      expect(await showKeyPairs(sandbox.outbound, id)).toEqual({ ok: true, shown: [] });
    });

    test('after a change of the e-mail alone the portal has lost the password: its pages say what to do', async () => {
      await using chain = await startPortalChain(release);
      const { outbound } = chain.sandbox;
      const { id } = await signedUp(chain);
      changeUser(outbound, id, { email: 'new@example.org' });
      await chain.finish();

      const lost = await showKeyPairs(outbound, id);
      changeUser(outbound, id, { password: 'another-password' });
      await chain.finish();

      expect(lost).toMatchObject({
        ok: false,
        kind: 'refused',
        message: expect.stringMatching(/lost the password/),
      });
      expect(await showKeyPairs(outbound, id)).toEqual({ ok: true, shown: [] });
    });
  },
);

describe.each(releases.filter((release) => releaseRules[release].userDeletion !== undefined))(
  'deletion in portal %s',
  (release) => {
    const isTold = releaseRules[release].userDeletion === 'by a job';

    test('a user deleted by a page or by the API is gone from the cloud where the portal says so, also if all was gone before', async () => {
      await using chain = await startPortalChain(release);
      const { sandbox } = chain;
      for (const login of ['oscar', 'gina']) {
        const { id } = await signedUp(chain, { login });
        const isByApi = login === 'gina';
        if (outboundRules[release].signUp === 'user') {
          if (isByApi) await deleteByApi(chain, 'team', id);
          else deleteTeam(sandbox.outbound, id);
        }
        await chain.finish();
        if (login === 'gina') {
          const { users } = accountIn(sandbox, login);
          const user = sandbox.cloud.identity.users.get(users[0] ?? '');
          if (user) sandbox.cloud.identity.deleteUser(user);
        }

        if (isByApi) await deleteByApi(chain, 'user', id);
        else deleteUser(sandbox.outbound, id);
        await chain.finish();

        expect(sandbox.portal.users.get(id)).toBeUndefined();
        if (isTold) expect(accountIn(sandbox, login)).toEqual({ users: [], projects: [], roles: [] });
      }
      expect(jobsOf(sandbox).filter(({ state }) => state !== 'done')).toEqual([]);
    });
  },
);

/** As an administrator does by a program. */
async function deleteByApi({ sandbox }: PortalChain, what: 'user' | 'team', id: number): Promise<void> {
  const { portal, services } = sandbox;
  const { url } = services.concertim;
  const signIn = await request(`${url}/users/sign_in.json`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user: { login: 'admin', password: 'admin' } }),
  });
  await signIn.body.dump();
  const path = `/api/v1/${what}s/${portal.ids.show(what, id)}`;
  const headers = { accept: 'application/json', authorization: String(signIn.headers['authorization']) };
  const answer = await request(url + path, { method: 'DELETE', headers });
  expect([answer.statusCode, await answer.body.json()]).toEqual([200, {}]);
}

describe.each(withPages(({ invoices }) => invoices !== undefined))(
  'billing pages of portal %s',
  (release) => {
    const { deposit, invoices } = outboundRules[release];

    test('without a billing platform there are no invoices, and a deposit is refused in words', async () => {
      await using chain = await startPortalChain(release);
      const { outbound } = chain.sandbox;
      const { id } = await signedUp(chain);

      const draft = await showDraftInvoice(outbound, id);

      expect(draft).toEqual({
        ok: true,
        shown: invoices?.invoiceKey ? 'nothing to generate' : 'a page of HTML',
      });
      if (invoices?.invoiceKey) expect(await listInvoices(outbound, id)).toEqual({ ok: true, shown: [] });
      if (deposit) {
        expect(await depositCredits(outbound, id, '12.5')).toMatchObject({
          ok: false,
          kind: 'refused',
          message: expect.stringMatching(/billing platform/),
        });
      }
    });
  },
);

describe.each(withPages(({ clusterBuilder }) => clusterBuilder !== undefined))(
  'launches of portal %s',
  (release) => {
    test.each(['1.0.0', '1.1.0', '1.2.0'] as const)('by cluster builder %s', async (builder) => {
      await using chain = await startPortalChain(release);
      const { sandbox } = chain;
      const owner = await signedUp(chain);
      const tooPoor = await launch(sandbox.outbound, owner.id, builder);
      sandbox.portal.users.update(owner.id, { credits: 25 });
      const before = [...sandbox.cloud.orchestration.stacks()].length;

      const launched = await launch(sandbox.outbound, owner.id, builder);

      expect(tooPoor).toEqual({ ok: false, message: 'a launch needs 25 credits' });
      expect([...sandbox.cloud.orchestration.stacks()].length > before).toBe(launched.ok);
      if (builder === '1.0.0') {
        expect(launched).toMatchObject({ ok: false, message: expect.stringMatching(/DUMMYTOKEN/) });
      } else expect(launched).toMatchObject({ ok: true });
    });
  },
);

const once = { tries: 1, baseMs: 0, maxMs: 0, longestRetryAfterMs: 0 };
const ed25519 =
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKx8dEF2AWHz1nttBtF+dlUMh4UbJmbZQng3H+Lc0Nhs someone@example.com';

/** Waits, one turn of the event loop after another, until the condition holds. */
async function until(isSo: () => boolean): Promise<void> {
  for (let turns = 0; turns < 100_000; turns++) {
    if (isSo()) return;
    await nextTurn();
  }
  throw new Error('it did not come to pass');
}

describe.each(withPages(({ statusPaths }) => statusPaths.Instance !== undefined))(
  'buttons of portal %s',
  (release) => {
    const { statusPaths, destroysFailed } = outboundRules[release];

    test('a device is switched off and on, suspended and resumed, by its owner and by an administrator', async () => {
      await using chain = await startPortalChain(release, { base: '/prefix/' });
      const { sandbox } = chain;
      const { device, serverId } = await shown(chain);
      const admin = sandbox.portal.users.all().find(({ root }) => root);
      const states: (string | undefined)[] = [];

      for (const [status, task] of [
        ['ACTIVE', 'off'],
        ['STOPPED', 'on'],
        ['ACTIVE', 'suspend'],
        ['SUSPENDED', 'resume'],
      ] as const) {
        sandbox.portal.devices.update(device, { status });
        const by = task === 'resume' ? admin : undefined;
        const answer = await press(sandbox, { devices: device }, { task, ...(by && { by }) });
        sandbox.advance();
        states.push(answer.success ? sandbox.cloud.compute.server(serverId)?.vmState : answer.errors[0]);
      }

      expect(states).toEqual(['stopped', 'active', 'suspended', 'active']);
    });

    test('what the state of a server forbids is refused in Nova’s words', async () => {
      await using chain = await startPortalChain(release);
      const { device, serverId } = await shown(chain);
      chain.sandbox.portal.devices.update(device, { status: 'STOPPED' });

      const answer = await press(chain.sandbox, { devices: device }, { task: 'on' });

      expect(answer).toEqual({
        success: false,
        errors: [
          `Unable to submit request: Cannot 'start' instance ${serverId} while it is in vm_state active`,
        ],
      });
    });

    test('a device is destroyed, and its rack; and once more, when they are gone already', async () => {
      await using chain = await startPortalChain(release);
      const { sandbox } = chain;
      const { device, rack, serverId, stackId } = await shown(chain);
      const twice = async (object: { devices?: number; racks?: number }) => {
        const answers = [await press(sandbox, object, { task: 'destroy' })];
        sandbox.advance();
        return [...answers, await press(sandbox, object, { task: 'destroy' })];
      };

      expect(await twice({ devices: device })).toEqual([{ success: true }, { success: true }]);
      expect(await twice({ racks: rack })).toEqual([{ success: true }, { success: true }]);
      expect(sandbox.cloud.compute.server(serverId)).toBeUndefined();
      expect(sandbox.cloud.orchestration.stack(stackId)?.deletedAt).toBeDefined();
    });

    test('what failed can be destroyed where the release has a button for it', async () => {
      await using chain = await startPortalChain(release);
      const { device } = await shown(chain);
      chain.sandbox.portal.devices.update(device, { status: 'FAILED' });

      const answer = await press(chain.sandbox, { devices: device }, { task: 'destroy' });

      expect(answer.success).toBe(destroysFailed);
    });

    test('a device without an id of the cloud is refused in words', async () => {
      await using chain = await startPortalChain(release);
      const { device } = await shown(chain);
      chain.sandbox.portal.devices.update(device, { metadata: {} });

      const answer = await press(chain.sandbox, { devices: device }, { task: 'off' });

      expect(answer).toEqual({
        success: false,
        errors: ['Unable to submit request: id: is no id of the cloud: has Concertim none for it?'],
      });
    });

    if (statusPaths.Volume === undefined) return;

    test('a volume nobody has is destroyed; one that a server has, and a network with servers on it, stay', async () => {
      await using chain = await startPortalChain(release);
      const { sandbox } = chain;
      const { cloud, portal } = sandbox;
      const { device, serverId } = await shown(chain);
      const projectId = cloud.compute.server(serverId)?.projectId ?? '';
      const free = cloud.blockStorage.createVolume({
        name: 'free',
        projectId,
        userId: cloud.compute.server(serverId)?.userId ?? '',
        size: 1,
      });
      const taken = [...cloud.blockStorage.volumes()].find(
        (volume) => volume.projectId === projectId && volume.attachments.length > 0,
      );
      const lan = [...cloud.networking.networks.values()].find((network) => network.projectId === projectId);
      const ofServer = { projectId, deviceOwner: 'compute:nova', deviceId: serverId };
      cloud.networking.addPort({ ...ofServer, networkId: lan?.id ?? '' });
      sandbox.advance();
      const destroy = (kind: 'Volume' | 'Network', id: string | undefined) => {
        const status = kind === 'Volume' ? 'AVAILABLE' : 'ACTIVE';
        portal.devices.update(device, { kind, status, metadata: { openstack_instance_id: id ?? '' } });
        return press(sandbox, { devices: device }, { task: 'destroy' });
      };

      expect(await destroy('Volume', free.id)).toEqual({ success: true });
      expect(await destroy('Volume', taken?.id)).toMatchObject({
        success: false,
        errors: [expect.stringMatching(/is attached to server/)],
      });
      expect(await destroy('Network', lan?.id)).toMatchObject({
        success: false,
        errors: [expect.stringMatching(/is in use: .*instance/)],
      });
    });
  },
);

/** The rows of a user's cluster in the portal, as the service would have made them. */
async function shown(chain: PortalChain) {
  const { portal, outbound, cloud } = chain.sandbox;
  const owner = await signedUp(chain);
  const { id: stackId, name } = await outbound.makeStack(owner);
  chain.sandbox.advance();
  const [server] = cloud.compute.servers({ projectId: owner.project_id ?? '' }).behind(undefined);
  if (!server) throw new Error('a stack without servers');
  const template = portal.addTemplate({ name: 'm1.tiny', vcpus: 1, ram: 512, disk: 1 });
  const rack = portal.addRack({ user_id: owner.id, name, metadata: { openstack_stack_id: stackId } });
  const device = portal.addDevice({
    template_id: template.id,
    rack_id: rack.id,
    start_u: 1,
    name: 'gateway1',
    metadata: { openstack_instance_id: server.id },
  });
  return { rack: rack.id, device: device.id, serverId: server.id, stackId };
}

/** Presses a button of the rack view. */
function press(
  { portal, outbound }: Sandbox,
  { devices, racks }: { readonly devices?: number; readonly racks?: number },
  change: { readonly task: string; readonly by?: UserRow },
) {
  const object = devices === undefined ? portal.racks.get(racks ?? 0) : portal.devices.get(devices);
  if (!object) throw new Error('there is no such row');
  return requestStatusChange(outbound, object, change);
}
