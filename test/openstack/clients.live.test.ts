/**
 * The clients against a real cloud: reads the environment of an openrc file whose user is an administrator. Compares
 * with what the `openstack` command reports, and makes one stack of its own, which it deletes.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import {
  listDeletedServers,
  listFlavors,
  listServerGroups,
  listServers,
  showFlavor,
  showServer,
} from '../../src/openstack/compute.ts';
import { microversion } from '../../src/openstack/microversion.ts';
import type { FlavorId, ServerId, StackId } from '../../src/openstack/model.ts';
import { listExternalNetworks } from '../../src/openstack/network.ts';
import {
  findStack,
  readStackMembers,
  type StackDetail,
  showStack,
} from '../../src/openstack/orchestration.ts';
import { Session } from '../../src/openstack/session.ts';
import { listPastStacks, readResourceSpans } from '../../src/openstack/stack-history.ts';
import { readProjectStacks, readStacks } from '../../src/openstack/stack-list.ts';
import { isoTime, systemClock } from '../../src/runtime/clock.ts';
import { Secret } from '../../src/runtime/secret.ts';
import { setting, signIn } from './openrc.ts';

const run = promisify(execFile);
const inTime = 180_000;
const session = signIn();
afterAll(() => session.close());

/** One column of what the `openstack` command lists. */
async function reported(command: string, column: string): Promise<string[]> {
  const { stdout } = await run('openstack', [...command.split(' '), '-f', 'value', '-c', column]);
  return stdout.split('\n').filter(Boolean).toSorted();
}

const idsOf = (things: readonly { readonly id: string }[]) => things.map(({ id }) => id).toSorted();

test('servers, flavors and server groups are those that the openstack command lists', {
  timeout: inTime,
}, async () => {
  expect(idsOf(await listServers(session))).toEqual(await reported('server list --all-projects', 'ID'));
  expect(idsOf(await listFlavors(session))).toEqual(await reported('flavor list --all', 'ID'));
  expect(idsOf(await listServerGroups(session))).toEqual(
    await reported('server group list --all-projects', 'ID'),
  );
});

test('stacks, nested ones too, and external networks likewise', { timeout: inTime }, async () => {
  const { stacks, unobserved } = await readStacks(session, { projects: [] });

  expect(idsOf(stacks)).toEqual(await reported('stack list --all-projects --nested', 'ID'));
  expect(unobserved.size).toBe(0);
  expect((await listExternalNetworks(session)).toSorted()).toEqual(
    await reported('network list --external', 'Name'),
  );
});

test('what is not there is undefined', { timeout: inTime }, async () => {
  const nowhere = '00000000-0000-4000-8000-000000000000';

  expect(await showServer(session, nowhere as ServerId)).toBeUndefined();
  expect(await showFlavor(session, 'no-such-flavor' as FlavorId)).toBeUndefined();
  expect(await findStack(session, nowhere as StackId)).toBeUndefined();
});

test('a token that was revoked is replaced without anybody noticing', { timeout: inTime }, async () => {
  const token = await session.token();
  await session.request('identity', {
    method: 'DELETE',
    path: '/auth/tokens',
    route: '/auth/tokens',
    headers: { 'x-subject-token': token.text.reveal() },
  });

  // Asked of Keystone itself: the other services remember for minutes that a token was good.
  const projects = await session.request('identity', {
    method: 'GET',
    path: '/auth/projects',
    route: '/auth/projects',
  });

  expect(projects.status).toBe(200);
  expect((await session.token()).text.reveal()).not.toBe(token.text.reveal());
});

test('a wrong password is reported from a wrong address', { timeout: inTime }, async () => {
  const wrong = (authUrl: string) =>
    new Session({
      credentials: {
        kind: 'password',
        authUrl,
        user: { name: setting('OS_USERNAME'), domain: { name: setting('OS_USER_DOMAIN_NAME') } },
        password: new Secret('not-the-password'),
        project: { id: 'any' },
      },
    });

  await expect(wrong(setting('OS_AUTH_URL')).token()).rejects.toMatchObject({
    severity: 'fatal',
    status: 401,
  });
  await expect(wrong(`${setting('OS_AUTH_URL')}/nothing/here`).token()).rejects.toMatchObject({
    severity: 'fatal',
    hint: expect.stringContaining('auth_url'),
  });
});

/** A stack with a server, from its making to after its end. */
const template = {
  heat_template_version: '2018-08-31',
  resources: {
    group: { type: 'OS::Nova::ServerGroup', properties: { policies: ['soft-anti-affinity'] } },
    nodes: {
      type: 'OS::Heat::ResourceGroup',
      properties: {
        count: 1,
        resource_def: {
          type: 'OS::Nova::Server',
          properties: {
            image: 'test-image',
            flavor: 'm1.tiny',
            networks: [{ network: 'private' }],
            scheduler_hints: { group: { get_resource: 'group' } },
          },
        },
      },
    },
  },
  outputs: {
    zero: { value: 0 },
    address: { value: { get_attr: ['nodes', 'first_address'] } },
  },
};

/** Reads until it is in that state: a fake hypervisor takes seconds, not minutes. */
async function untilStatus(id: StackId, status: string): Promise<StackDetail> {
  for (let tries = 0; tries < 90; tries++) {
    const found = await findStack(session, id);
    if (found?.stack.status === status) return found;
    if (found?.stack.status.endsWith('_FAILED')) throw new Error(found.stack.statusReason);
    await systemClock.sleep(1_000);
  }
  throw new Error(`stack ${id} is not ${status} after 90 s`);
}

test('a stack is seen whole while it lives, and by its id and its events when it is deleted', {
  timeout: inTime,
}, async () => {
  const since = isoTime(systemClock.now() - 5_000);
  const made = await session.request('orchestration', {
    method: 'POST',
    path: '/stacks',
    route: '/stacks',
    body: { stack_name: `clients-live-test-${process.pid}`, template, timeout_mins: 5 },
  });
  const { id } = (JSON.parse(made.text) as { stack: { id: StackId } }).stack;

  const { stack, outputs } = await untilStatus(id, 'CREATE_COMPLETE');
  const { servers, serverGroups } = await readStackMembers(session, stack);
  const server = servers[0] ?? expect.fail('no server');
  const shown = await showServer(session, server);
  const projectList = await readProjectStacks(session, stack.projectId);
  const named = await showStack(session, stack);
  await session.request('orchestration', {
    method: 'DELETE',
    path: `/stacks/${stack.name}/${id}`,
    route: '/stacks/{name}/{id}',
  });
  const ended = await untilStatus(id, 'DELETE_COMPLETE');
  const after = await readProjectStacks(session, stack.projectId);
  const past = (await listPastStacks(session, stack.projectId)).filter((each) =>
    [each.id, each.parentId].includes(id),
  );
  const spans = (await Promise.all(past.map((each) => readResourceSpans(session, each)))).flat();

  expect(servers).toHaveLength(1);
  expect(serverGroups).toHaveLength(1);
  expect(outputs.map(({ key }) => key)).toEqual(['address', 'zero']);
  expect(named).toMatchObject({ stack, outputs, deletedAt: undefined });
  expect(shown).toMatchObject({
    kind: 'server',
    projectId: stack.projectId,
    vmState: 'active',
    addresses: [{}],
  });
  expect(projectList.stacks.filter(({ parentId }) => parentId === id)).toHaveLength(1);
  expect(ended.stack.projectId).toBe(stack.projectId);
  // For a moment Heat still lists it, as deleted.
  expect(after.stacks.filter((stack) => stack.id === id && stack.status !== 'DELETE_COMPLETE')).toEqual([]);
  expect(await showServer(session, server)).toBeUndefined();
  expect(await listDeletedServers(session, { since })).toContain(server);
  // For a moment the root has no time of deletion yet.
  const nested = past.find(({ parentId }) => parentId === id);
  expect(past).toHaveLength(2);
  expect(nested?.deletedAt).toBeGreaterThan(0);
  const span = spans.find((each) => each.id === server) ?? expect.fail('no event of the server');
  expect(span.until).toBeGreaterThan(span.from);
});

test('an administrator reads the stacks of another project', { timeout: inTime }, async () => {
  const { projectId: own } = await session.token();
  const all = await readStacks(session, { projects: [] });
  const roots = all.stacks.filter(({ parentId, projectId }) => parentId === null && projectId !== own);
  const root = roots[0] ?? expect.fail('no stack in another project: run test/openstack/populate');

  const { stacks } = await readProjectStacks(session, root.projectId);

  expect(idsOf(stacks)).toEqual(idsOf(all.stacks.filter(({ projectId }) => projectId === root.projectId)));
  expect(stacks.every(({ projectId }) => projectId === root.projectId)).toBe(true);
  expect((await showStack(session, root))?.stack).toEqual(root);
  expect((await findStack(session, root.id))?.stack).toEqual(root);
});

test('the microversion is one that Nova takes', { timeout: inTime }, async () => {
  expect(await microversion(session)).toMatch(/^2\.\d+$/);
});
