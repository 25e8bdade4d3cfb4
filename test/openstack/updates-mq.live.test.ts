/**
 * `run updates_bulk updates_mq` on a real cloud and the sandbox's portal: what is done to a stack and its servers shows in
 * the portal within seconds of the API's own state. Makes one stack, in the project of one account that populate made
 * ($OPENSTACK_ACCOUNT, else CM_user1), and deletes it.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { showServer } from '../../src/openstack/compute.ts';
import { findProject } from '../../src/openstack/identity.ts';
import type { ProjectId, ServerId, Stack, StackId } from '../../src/openstack/model.ts';
import { findStack, readStackMembers } from '../../src/openstack/orchestration.ts';
import { actOnServer, deleteServer } from '../../src/openstack/server-actions.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { Faults } from '../../src/sandbox/faults.ts';
import type { HttpService } from '../../src/sandbox/http-service.ts';
import { Portal } from '../../src/sandbox/portal/portal.ts';
import { startPortal } from '../../src/sandbox/portal/start-portal.ts';
import { type Command, command } from '../support/command.ts';
import { openstackSection, signIn } from './openrc.ts';
import { createSmallStack } from './small-stack.ts';
import { waitingFor } from './wait-for.ts';

/** From the API's own state to the portal's. */
const inTimeMs = 3_000;
/** For the cloud itself. */
const waitFor = waitingFor(120_000);

const portal = new Portal({ release: '2023-08' });
const folder = mkdtempSync(join(tmpdir(), 'updates-mq-'));
const admin = signIn();
const account = process.env['OPENSTACK_ACCOUNT'] ?? 'CM_user1';
const member = signIn(account, `${account}_proj`);
/** How each server went from state to state; one that Nova leaves before it can be read is not among them. */
const passed: string[] = [];
const lags: { step: string; ms: number }[] = [];
let service: HttpService;
let running: Command | undefined;
let projectId: ProjectId;
let stack: Stack;

beforeAll(async () => {
  service = await startPortal({ portal, faults: new Faults() });
  const project = await findProject(admin, { name: `${account}_proj`, domainId: 'default' });
  if (!project)
    throw new Error(`the cloud has no project ${account}_proj: run test/openstack/populate first`);
  projectId = project.id;
  portal.addUser({ login: 'user1', project_id: projectId });
  const file = join(folder, 'config.yaml');
  writeFileSync(
    file,
    stringify({
      log_level: 'debug',
      openstack: openstackSection(),
      concertim: { concertim_url: service.url, concertim_username: 'admin', concertim_password: 'admin' },
      rmq: {
        rmq_address: '127.0.0.1',
        rmq_port: process.env['OPENSTACK_RABBITMQ_PORT'] ?? 5672,
        rmq_username: 'guest',
        rmq_password: 'guest',
        deployment: 'live-test',
      },
      // Whatever shows has been announced: the timer is far away.
      updates: { interval: 3600 },
    }),
  );
  running = command('run', 'updates_bulk', 'updates_mq', '--config', file);
  await running.saw('listening to notifications');
  await running.saw('in step');
});

afterAll(async () => {
  running?.kill('SIGTERM');
  const stdout = (await running?.finished)?.stdout ?? '';
  const drift = stdout.split('\n').filter((line) => line.includes('drift:'));
  if (stack) await deleteStackNow().catch(() => undefined);
  await Promise.all([service.close(), admin.close(), member.close()]);
  rmSync(folder, { recursive: true });
  console.log(
    `portal behind the API: ${lags.map(({ step, ms }) => `${step} ${ms} ms`).join(', ')}; drift ${drift.length}; ${passed.join('; ')}`,
  );
});

test('a stack that is created shows with its servers, first in progress, then active', async () => {
  const { stack: id } = await createStack();

  await waitFor('its rack', () => rackOf(id) !== undefined);
  expect(rackOf(id)?.status).toBe('IN_PROGRESS');
  await inTime(
    'create stack',
    async () => (await heatStatus(id)) === 'CREATE_COMPLETE',
    () => rackOf(id)?.status === 'ACTIVE' && devicesOf(id).length === 2,
  );
  await inTime(
    'servers active',
    async () => (await serversOf()).length === 2,
    () => devicesOf(id).length === 2 && devicesOf(id).every(({ status }) => status === 'ACTIVE'),
  );
});

test.each([
  ['os-stop', 'stopped', 'STOPPED'],
  ['os-start', 'active', 'ACTIVE'],
  ['suspend', 'suspended', 'SUSPENDED'],
  ['resume', 'active', 'ACTIVE'],
] as const)('a server follows %s', async (action, vmState, status) => {
  const id = await firstServer();
  const seen = watch(() => deviceOf(id)?.status);

  await actOnServer(admin, id, action);
  await inTime(
    action,
    async () => (await serverState(id)) === `${vmState} null`,
    () => deviceOf(id)?.status === status,
  );

  const states = seen.stop();
  passed.push(`${action}: ${states.join(' → ')}`);
  expect(states.slice(1, -1).filter((state) => state !== 'IN_PROGRESS')).toEqual([]);
});

test('a server that is resized has the template of its new flavor, and stands where it stood', async () => {
  const id = await firstServer();
  const startU = deviceOf(id)?.start_u;
  await serverAction(id, { resize: { flavorRef: '2' } });
  await waitFor('resize', async () => (await serverState(id)) === 'resized null');
  await serverAction(id, { confirmResize: null });

  await inTime(
    'resize',
    async () => (await serverState(id)) === 'active null',
    () => templateOf(id) === '2' && deviceOf(id)?.status === 'ACTIVE',
  );
  expect(deviceOf(id)?.start_u).toBe(startU);
});

test('a server that is deleted is gone', async () => {
  const id = await firstServer();

  await deleteServer(admin, id);
  await inTime(
    'delete server',
    async () => (await showServer(admin, id)) === undefined,
    () => deviceOf(id) === undefined,
  );
});

test('a stack that is deleted is gone with all that was in it', async () => {
  await deleteStackNow();
  await inTime(
    'delete stack',
    async () => (await heatStatus(stack.id)) === 'DELETE_COMPLETE',
    () => rackOf(stack.id) === undefined && devicesOf(stack.id).length === 0,
  );
});

/** Waits for the API's state, then for the portal's, which must come within three seconds; notes how long it took. */
async function inTime(step: string, api: () => Promise<boolean>, shown: () => boolean): Promise<void> {
  await waitFor(`${step} in the API`, api);
  const since = performance.now();
  await waitFor(`${step} in the portal`, shown);
  const ms = Math.round(performance.now() - since);
  lags.push({ step, ms });
  expect(ms, step).toBeLessThan(inTimeMs);
}

/** Every value that a changing thing has had. */
function watch<T>(read: () => T): { stop(): T[] } {
  const seen: T[] = [];
  const stopped = new AbortController();
  const look = async () => {
    while (!stopped.signal.aborted) {
      const value = read();
      if (seen.at(-1) !== value) seen.push(value);
      await systemClock.sleep(5);
    }
  };
  void look();
  return {
    stop() {
      stopped.abort();
      return seen;
    },
  };
}

async function createStack(): Promise<{ stack: StackId }> {
  const id = await createSmallStack(member, `updates-mq-${process.pid}`);
  const found = await findStack(admin, id, projectId);
  if (!found) throw new Error('the stack is not there');
  stack = found.stack;
  return { stack: id };
}

async function deleteStackNow(): Promise<void> {
  await member.request('orchestration', {
    method: 'DELETE',
    path: `/stacks/${stack.name}/${stack.id}`,
    route: '/stacks/{name}/{id}',
  });
}

async function serverAction(id: ServerId, body: Readonly<Record<string, unknown>>): Promise<void> {
  await admin.request('compute', {
    method: 'POST',
    path: `/servers/${id}/action`,
    route: '/servers/{id}/action',
    body,
  });
}

async function serversOf(): Promise<readonly ServerId[]> {
  return (await readStackMembers(admin, stack)).servers;
}

async function firstServer(): Promise<ServerId> {
  const id = (await serversOf()).toSorted()[0];
  if (!id) throw new Error('the stack has no server');
  return id;
}

async function heatStatus(id: StackId): Promise<string | undefined> {
  return (await findStack(admin, id, projectId))?.stack.status;
}

/** Such as `active null`. */
async function serverState(id: ServerId): Promise<string | undefined> {
  const server = await showServer(admin, id);
  return server?.kind === 'server' ? `${server.vmState} ${server.taskState}` : undefined;
}

const rackOf = (id: StackId) =>
  portal.racks.all().find(({ metadata }) => metadata['openstack_stack_id'] === id);
const devicesOf = (id: StackId) => {
  const rack = rackOf(id);
  return rack ? portal.devicesIn(rack.id) : [];
};
const deviceOf = (id: ServerId) =>
  portal.devices.all().find(({ metadata }) => metadata['openstack_instance_id'] === id);
const templateOf = (id: ServerId) => portal.templates.get(deviceOf(id)?.template_id ?? 0)?.foreign_id;
