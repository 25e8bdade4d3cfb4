/**
 * Two regions of one real Keystone in one portal, as two entries of `clouds`: `run updates_bulk updates_mq` shows the stacks of
 * both, and goes on with one while the other does not answer; `run metrics` sends the figures of both. Makes a stack in each region, in the project of one account that
 * populate made ($OPENSTACK_ACCOUNT, else CM_user1), and deletes them.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { showServer } from '../../src/openstack/compute.ts';
import { findProject } from '../../src/openstack/identity.ts';
import type { ProjectId, ServerId, Stack, StackId } from '../../src/openstack/model.ts';
import { deleteStack, findStack, readStackMembers } from '../../src/openstack/orchestration.ts';
import { actOnServer, type ServerAction } from '../../src/openstack/server-actions.ts';
import type { Session } from '../../src/openstack/session.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { Faults } from '../../src/sandbox/faults.ts';
import type { HttpService } from '../../src/sandbox/http-service.ts';
import { MetricDaemon } from '../../src/sandbox/portal/metric-daemon.ts';
import { Portal } from '../../src/sandbox/portal/portal.ts';
import { startPortal } from '../../src/sandbox/portal/start-portal.ts';
import { type Command, command } from '../support/command.ts';
import { openrcIn, openstackSection, setting, signIn } from './openrc.ts';
import { createSmallStack } from './small-stack.ts';
import { waitingFor } from './wait-for.ts';

const waitFor = waitingFor(240_000);
const secondState = `${setting('OPENSTACK_STATE')}-second`;
const second = openrcIn(secondState);
const portal = new Portal({ release: '2023-08' });
const metricDaemon = new MetricDaemon(portal);
const folder = mkdtempSync(join(tmpdir(), 'regions-'));
const account = process.env['OPENSTACK_ACCOUNT'] ?? 'CM_user1';
const file = join(folder, 'config.yaml');
const lags: string[] = [];
const run = promisify(execFile);

/** A region, what this test has made in it, and how to speak to it. */
interface Region {
  readonly name: 'one' | 'two';
  readonly admin: Session;
  readonly member: Session;
  readonly rmqPort: string;
  readonly region: string;
  stack?: Stack;
}

function regionOf(name: Region['name'], region: string, rmqPort: string): Region {
  const admin = signIn(undefined, undefined, region);
  const member = signIn(account, `${account}_proj`, region);
  return { name, region, rmqPort, admin, member };
}

const one = regionOf('one', setting('OS_REGION_NAME'), setting('OPENSTACK_RABBITMQ_PORT'));
const two = regionOf('two', second('OS_REGION_NAME'), second('OPENSTACK_RABBITMQ_PORT'));
const regions = [one, two];
let service: HttpService;
let running: Command | undefined;
let projectId: ProjectId;

beforeAll(async () => {
  service = await startPortal({ portal, metricDaemon, faults: new Faults() });
  const project = await findProject(one.admin, { name: `${account}_proj`, domainId: 'default' });
  if (!project)
    throw new Error(`the cloud has no project ${account}_proj: run test/openstack/populate first`);
  projectId = project.id;
  portal.addUser({ login: 'user1', project_id: projectId });
  writeFileSync(
    file,
    stringify({
      log_level: 'debug',
      data_dir: folder,
      clouds: regions.map(({ name, region, rmqPort }) => ({
        name,
        openstack: { ...openstackSection(), region_name: region, timeout: 5 },
        rmq: {
          rmq_address: '127.0.0.1',
          rmq_port: rmqPort,
          rmq_username: 'guest',
          rmq_password: 'guest',
          deployment: 'live-test',
        },
      })),
      concertim: { concertim_url: service.url, concertim_username: 'admin', concertim_password: 'admin' },
      updates: { interval: 15 },
    }),
  );
  running = command('run', 'updates_bulk', 'updates_mq', '--config', file);
  await running.saw('in step');
});

afterAll(async () => {
  signalServices('SIGCONT');
  running?.kill('SIGTERM');
  await running?.finished;
  for (const { admin, stack } of regions) if (stack) await deleteStack(admin, stack).catch(() => undefined);
  await Promise.all([
    service.close(),
    ...regions.flatMap(({ admin, member }) => [admin.close(), member.close()]),
  ]);
  rmSync(folder, { recursive: true });
  console.log(`portal behind the API: ${lags.join(', ')}`);
});

test('a stack of each region is shown once, with its servers and the name of its region', async () => {
  for (const region of regions) region.stack = await createStack(region);
  for (const region of regions) {
    const { stack, name } = made(region);
    await waitFor(
      `the stack in region ${name}`,
      async () => (await statusOf(region)) !== 'CREATE_IN_PROGRESS',
    );
    expect(await statusOf(region), name).toBe('CREATE_COMPLETE');
    const servers = await serversOf(region);
    await inTime(
      `create in ${name}`,
      () => racksOf(stack.id)[0]?.status === 'ACTIVE' && activeDevices(racksOf(stack.id)).length === 2,
    );

    expect(racksOf(stack.id)).toMatchObject([{ metadata: { openstack_cloud: name } }]);
    const shown = devicesOf(stack.id).map(({ metadata }) => String(metadata['openstack_instance_id']));
    expect(shown.toSorted()).toEqual(servers.toSorted());
  }

  // Both regions have a flavor 1.
  const keys = portal.templates.all().flatMap(({ foreign_id: key }) => key ?? []);
  expect(keys).toEqual(expect.arrayContaining(['1', 'two:1']));
});

test.each([one, two])('a server of region $name follows what is done to it', async (region) => {
  await act(region, 'os-stop', 'stopped', 'STOPPED');
  await act(region, 'os-start', 'active', 'ACTIVE');
});

test('while a region does not answer the other goes on, nothing of the first is changed, and later it is followed again', async () => {
  const before = rowsOf(two);
  let during: readonly string[] = [];
  signalServices('SIGSTOP');
  try {
    // The first run that meets it waits for its time-outs.
    await act(one, 'os-stop', 'stopped', 'STOPPED', 60_000);
    await act(one, 'os-start', 'active', 'ACTIVE');
    // Two full runs.
    await systemClock.sleep(35_000);
    during = rowsOf(two);
  } finally {
    signalServices('SIGCONT');
  }
  await act(two, 'os-stop', 'stopped', 'STOPPED', 120_000);

  expect(during).toEqual(before);
});

test('each region has the figures of its own servers', async () => {
  const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  const push = ['--minutes', '5', '--interval', '10'];
  let sent = '';

  await waitFor('figures of both regions', async () => {
    // Of the time since a server was started, which has to be long enough for a figure.
    await run(path('push-measures'), push);
    await run(path('second-region'), ['push-measures', ...push]);
    sent = (await command('run', 'metrics', '--once', '--config', file).finished).stdout;
    return regions.every((region) => {
      const running = activeDevices(shownOf(region));
      return running.length > 0 && running.every(({ id }) => metricDaemon.shown(id).size === 5);
    });
  });

  const line = sent.split('\n').findLast((one) => one.includes('"metrics sent"')) ?? '{}';
  // The stopped ones too: no figures are expected of them.
  const instances = (region: Region) => ({ instances: devicesIn(shownOf(region)).length });
  expect(JSON.parse(line)).toMatchObject({ clouds: { one: instances(one), two: instances(two) } });
});

test('a stack that is deleted in one region goes, and the stack of the other stays', async () => {
  const [gone, kept] = [made(one).stack.id, made(two).stack.id];
  await deleteStack(one.member, made(one).stack);
  await waitFor('the end of the stack', async () => (await statusOf(one)) === 'DELETE_COMPLETE');
  await inTime('delete in one', () => racksOf(gone).length === 0);

  expect(racksOf(kept)).toHaveLength(1);
  expect(devicesOf(kept)).toHaveLength(2);
});

/** Does something to a server, and waits until the portal shows it as the API does. */
async function act(region: Region, action: ServerAction, vmState: string, status: string, withinMs?: number) {
  const [id] = (await serversOf(region)).toSorted();
  if (!id) throw new Error('the stack has no server');
  await actOnServer(region.admin, id, action);
  await waitFor(
    `${action} in region ${region.name}`,
    async () => (await stateOf(region, id)) === `${vmState} null`,
  );
  await inTime(
    `${action} in ${region.name}`,
    () =>
      portal.devices.all().find(({ metadata }) => metadata['openstack_instance_id'] === id)?.status ===
      status,
    withinMs,
  );
}

async function inTime(step: string, isShown: () => boolean, withinMs = 5_000): Promise<void> {
  const since = performance.now();
  await waitFor(`${step} in the portal`, isShown);
  const ms = Math.round(performance.now() - since);
  lags.push(`${step} ${ms} ms`);
  expect(ms, step).toBeLessThan(withinMs);
}

/** To Nova and Heat of the second region. */
function signalServices(signal: NodeJS.Signals): void {
  for (const name of ['nova', 'heat']) {
    const [pid] = readFileSync(join(secondState, 'run', `${name}.pid`), 'utf8').split(' ');
    // Each is the leader of a session of its own.
    process.kill(-Number(pid), signal);
  }
}

async function createStack({ admin, member }: Region): Promise<Stack> {
  const id = await createSmallStack(member, `regions-${process.pid}`);
  const found = await findStack(admin, id, projectId);
  if (!found) throw new Error('the stack is not there');
  return found.stack;
}

function made(region: Region): Region & { readonly stack: Stack } {
  const { stack } = region;
  if (!stack) throw new Error(`region ${region.name} has no stack`);
  return { ...region, stack };
}

async function statusOf(region: Region): Promise<string | undefined> {
  return (await findStack(region.admin, made(region).stack.id, projectId))?.stack.status;
}

async function serversOf(region: Region): Promise<readonly ServerId[]> {
  return (await readStackMembers(region.admin, made(region).stack)).servers;
}

/** Such as `active null`. */
async function stateOf({ admin }: Region, id: ServerId): Promise<string | undefined> {
  const server = await showServer(admin, id);
  return server?.kind === 'server' ? `${server.vmState} ${server.taskState}` : undefined;
}

function racksOf(id: StackId) {
  return portal.racks.all().filter(({ metadata }) => metadata['openstack_stack_id'] === id);
}

/** The racks of a region: of the test's stack, and of those that the account had. */
function shownOf({ name }: Region) {
  return portal.racks.all().filter(({ metadata }) => metadata['openstack_cloud'] === name);
}

function devicesIn(racks: ReturnType<typeof racksOf>) {
  return racks.flatMap(({ id }) => portal.devicesIn(id));
}

function devicesOf(id: StackId) {
  return devicesIn(racksOf(id));
}

function activeDevices(racks: ReturnType<typeof racksOf>) {
  return devicesIn(racks).filter(({ status }) => status === 'ACTIVE');
}

/** All that the portal shows of a region's stack. */
function rowsOf(region: Region): string[] {
  const { id } = made(region).stack;
  return [...racksOf(id), ...devicesOf(id)].map((row) => JSON.stringify(row));
}
