/**
 * `run updates_bulk updates_mq` on a real cloud, beside portals of three releases: every server, volume and network of a stack,
 * at any depth, is shown once where the release has its kind, follows its state, and is gone when it is gone. Makes one
 * stack, in the project of one account that populate made ($OPENSTACK_ACCOUNT, else CM_user1), and deletes it.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { Release } from '../../src/concertim/profile.ts';
import { findProject } from '../../src/openstack/identity.ts';
import type { ProjectId, Stack, StackId } from '../../src/openstack/model.ts';
import { deleteStack, findStack } from '../../src/openstack/orchestration.ts';
import type { SessionRequest } from '../../src/openstack/session.ts';
import { Faults } from '../../src/sandbox/faults.ts';
import type { HttpService } from '../../src/sandbox/http-service.ts';
import { type DeviceRow, Portal } from '../../src/sandbox/portal/portal.ts';
import { startPortal } from '../../src/sandbox/portal/start-portal.ts';
import { type Command, command } from '../support/command.ts';
import { openstackSection, signIn } from './openrc.ts';
import { openstackCommands } from './openstack-command.ts';
import { waitingFor } from './wait-for.ts';

/** From the state in the API to the last portal. */
const inTimeMs = 3_000;
/** How long the cloud itself may take. */
const waitFor = waitingFor(180_000);

type Kind = 'server' | 'volume' | 'network';

/** The kinds that a release has devices for, and what it calls a volume that nothing uses. */
const releases = {
  '0.2.3': { kinds: ['server'], unused: undefined },
  '1.2': { kinds: ['server', 'volume', 'network'], unused: 'STOPPED' },
  main: { kinds: ['server', 'volume', 'network'], unused: 'AVAILABLE' },
} as const satisfies Partial<
  Record<Release, { readonly kinds: readonly Kind[]; readonly unused: string | undefined }>
>;
type Shown = keyof typeof releases;
const all = Object.keys(releases) as Shown[];
const withKinds = all.filter((release) => (releases[release].kinds as readonly Kind[]).includes('volume'));

const folder = mkdtempSync(join(tmpdir(), 'kinds-'));
const admin = signIn();
const account = process.env['OPENSTACK_ACCOUNT'] ?? 'CM_user1';
const member = signIn(account, `${account}_proj`);
const portals = new Map<Shown, { portal: Portal; service: HttpService; running: Command }>();
const lags: { step: string; ms: number }[] = [];
let projectId: ProjectId;
let stack: Stack;
/** The stack's objects as the `openstack` command reports them, by the path of names in the template. */
let objects: { readonly id: string; readonly kind: Kind; readonly name: string }[];

beforeAll(async () => {
  const project = await findProject(admin, { name: `${account}_proj`, domainId: 'default' });
  if (!project)
    throw new Error(`the cloud has no project ${account}_proj: run test/openstack/populate first`);
  projectId = project.id;
  for (const release of all) {
    const portal = new Portal({ release });
    portal.addUser({ login: 'user1', project_id: projectId, billing_acct_id: 'user1' });
    const service = await startPortal({ portal, faults: new Faults() });
    const file = join(folder, `${release}.yaml`);
    writeFileSync(
      file,
      stringify({
        log_level: 'debug',
        data_dir: join(folder, release),
        openstack: openstackSection(),
        concertim: { concertim_url: service.url, concertim_username: 'admin', concertim_password: 'admin' },
        rmq: {
          rmq_address: '127.0.0.1',
          rmq_port: process.env['OPENSTACK_RABBITMQ_PORT'] ?? 5672,
          rmq_username: 'guest',
          rmq_password: 'guest',
          deployment: `live-test-${release}`,
        },
        // The timer is an hour away, so only notifications can cause a change.
        updates: { interval: 3600 },
      }),
    );
    const running = command('run', 'updates_bulk', 'updates_mq', '--config', file);
    portals.set(release, { portal, service, running });
    await running.saw('listening to notifications');
    await running.saw('in step');
  }
});

afterAll(async () => {
  const outputs: string[] = [];
  for (const { running, service } of portals.values()) {
    running.kill('SIGTERM');
    outputs.push((await running.finished).stdout);
    await service.close();
  }
  if (stack) await deleteStack(admin, stack).catch(() => undefined);
  await Promise.all([admin.close(), member.close()]);
  rmSync(folder, { recursive: true });
  const drift = outputs
    .join('\n')
    .split('\n')
    .filter((line) => line.includes('drift:'));
  console.log(
    `portals behind the API: ${lags.map(({ step, ms }) => `${step} ${ms} ms`).join(', ')}; drift ${drift.length}`,
  );
});

test('every object of a new stack is shown once, at any depth, where the release has its kind', async () => {
  const id = await createStack();
  await waitFor('the stack', async () => (await heatStatus(id)) === 'CREATE_COMPLETE');
  objects = await reportedObjects(id);
  const count = (kind: Kind) => objects.filter((object) => object.kind === kind).length;
  expect({ server: count('server'), volume: count('volume'), network: count('network') }).toEqual({
    server: 3,
    volume: 3,
    network: 2,
  });

  await shownInTime('create stack', all, (release) => {
    const shown = objects.filter(({ kind }) => (releases[release].kinds as readonly Kind[]).includes(kind));
    const devices = devicesIn(release);
    return (
      devices.length === shown.length &&
      shown.every(({ id: object }) => devices.filter((device) => idOf(device) === object).length === 1) &&
      shown.every(
        ({ id: object, name, kind }) =>
          statusOf(release, object) === (name === 'disk' && kind === 'volume' ? unused(release) : 'ACTIVE'),
      )
    );
  });
  for (const release of withKinds) {
    expect(
      devicesIn(release)
        .map(({ name }) => withoutIdAtItsEnd(name))
        .sort(),
    ).toEqual(objects.map(({ name }) => name).sort());
  }
});

test('a volume follows that it is attached and detached', async () => {
  const disk = objectOf('volume', 'disk');
  const head = objectOf('server', 'head');

  await compute({
    method: 'POST',
    path: `/servers/${head}/os-volume_attachments`,
    body: { volumeAttachment: { volumeId: disk } },
  });
  await inTime('attach', disk, 'in-use', () => 'ACTIVE');
  await compute({ method: 'DELETE', path: `/servers/${head}/os-volume_attachments/${disk}` });
  await inTime('detach', disk, 'available', unused);
});

test('a volume follows that it is extended, that it fails and that it is mended', async () => {
  const disk = objectOf('volume', 'disk');
  const act = (body: Readonly<Record<string, unknown>>) =>
    admin.request('block-storage', {
      method: 'POST',
      path: `/volumes/${disk}/action`,
      route: '/volumes/{id}/action',
      body,
    });

  await act({ 'os-extend': { new_size: 2 } });
  await waitFor('the extension', async () => (await volume(disk))?.['size'] === 2);
  await shownInTime('extend', withKinds, (release) => deviceOf(release, disk)?.details['size'] === 2);
  await act({ 'os-reset_status': { status: 'error' } });
  await inTime('fail', disk, 'error', () => 'FAILED');
  await act({ 'os-reset_status': { status: 'available' } });
  await inTime('mend', disk, 'available', unused);
});

test('a network follows that it is shut and opened', async () => {
  for (const [up, status] of [
    [false, 'STOPPED'],
    [true, 'ACTIVE'],
  ] as const) {
    const id = objectOf('network', 'branch');
    await member.request('network', {
      method: 'PUT',
      path: `/networks/${id}`,
      route: '/networks/{id}',
      body: { network: { admin_state_up: up } },
    });
    await shownInTime(up ? 'open' : 'shut', withKinds, (release) => statusOf(release, id) === status);
  }
});

test('a server that is stopped shows it in every release, and its volume stays in use', async () => {
  const leaf = objects.find(({ kind, name }) => kind === 'server' && name === 'leaf0')?.id ?? '';
  const disk = objectOf('volume', 'leaf0-disk');

  await compute({ method: 'POST', path: `/servers/${leaf}/action`, body: { 'os-stop': null } });
  await waitFor('the stop', async () => (await server(leaf))?.['status'] === 'SHUTOFF');

  await shownInTime('stop', all, (release) => statusOf(release, leaf) === 'STOPPED');
  for (const release of withKinds) expect(statusOf(release, disk)).toBe('ACTIVE');
});

test('a volume that is deleted beside Heat is gone', async () => {
  const disk = objectOf('volume', 'disk');

  await member.request('block-storage', {
    method: 'DELETE',
    path: `/volumes/${disk}`,
    route: '/volumes/{id}',
  });
  await waitFor('the deletion', async () => (await volume(disk)) === undefined);

  await shownInTime('delete volume', withKinds, (release) => deviceOf(release, disk) === undefined);
});

test('a stack that is deleted is gone with all that was in it', async () => {
  await deleteStack(member, stack);
  await waitFor('the deletion', async () =>
    [undefined, 'DELETE_COMPLETE'].includes(await heatStatus(stack.id)),
  );

  await shownInTime(
    'delete stack',
    all,
    (release) =>
      devicesIn(release).length === 0 &&
      !portalOf(release)
        .racks.all()
        .some(({ metadata }) => metadata['openstack_stack_id'] === stack.id),
  );
});

/** Waits for Cinder's state of a volume, then for the portals that show volumes. */
async function inTime(
  step: string,
  id: string,
  state: string,
  status: (release: Shown) => string | undefined,
): Promise<void> {
  await waitFor(`${step} in the API`, async () => (await volume(id))?.['status'] === state);
  await shownInTime(step, withKinds, (release) => statusOf(release, id) === status(release));
}

/** Waits for portals, all of which must be there within three seconds; notes how long it took. */
async function shownInTime(
  step: string,
  where: readonly Shown[],
  isShown: (release: Shown) => boolean,
): Promise<void> {
  const since = performance.now();
  for (const release of where) await waitFor(`${step} in the portal of ${release}`, () => isShown(release));
  const ms = Math.round(performance.now() - since);
  lags.push({ step, ms });
  expect(ms, step).toBeLessThan(inTimeMs);
}

/** Objects at three depths: in the stack itself, two stacks down, and four. */
async function createStack(): Promise<StackId> {
  const heat = { heat_template_version: '2018-08-31' };
  const named = { parameters: { name: { type: 'string' } } };
  const server = (name: unknown) => ({
    type: 'OS::Nova::Server',
    properties: { name, image: 'test-image', flavor: 'm1.tiny', networks: [{ network: 'private' }] },
  });
  const net = (name: string) => ({ type: 'OS::Neutron::Net', properties: { name } });
  const group = (count: number, type: string, name: string) => ({
    type: 'OS::Heat::ResourceGroup',
    properties: { count, resource_def: { type, properties: { name } } },
  });
  const disk = (name: unknown) => ({ type: 'OS::Cinder::Volume', properties: { name, size: 1 } });
  const leaf = {
    ...heat,
    ...named,
    resources: {
      server: server({ get_param: 'name' }),
      disk: disk({ str_replace: { template: 'NAME-disk', params: { NAME: { get_param: 'name' } } } }),
      attachment: {
        type: 'OS::Cinder::VolumeAttachment',
        properties: { instance_uuid: { get_resource: 'server' }, volume_id: { get_resource: 'disk' } },
      },
    },
  };
  const branch = {
    ...heat,
    ...named,
    resources: { network: net('branch'), leaves: group(2, 'leaf.yaml', 'leaf%index%') },
  };
  const answer = await member.request('orchestration', {
    method: 'POST',
    path: '/stacks',
    route: '/stacks',
    body: {
      stack_name: `kinds-${process.pid}`,
      template: {
        ...heat,
        resources: {
          network: net('root'),
          disk: disk('disk'),
          head: server('head'),
          branches: group(1, 'branch.yaml', 'branch%index%'),
        },
      },
      files: { 'branch.yaml': JSON.stringify(branch), 'leaf.yaml': JSON.stringify(leaf) },
    },
  });
  const { stack: made } = JSON.parse(answer.text) as { stack: { id: StackId } };
  const found = await findStack(admin, made.id, projectId);
  if (!found) throw new Error('the stack is not there');
  stack = found.stack;
  return made.id;
}

async function reportedObjects(id: StackId): Promise<typeof objects> {
  const kinds: Readonly<Record<string, Kind>> = {
    'OS::Nova::Server': 'server',
    'OS::Cinder::Volume': 'volume',
    'OS::Neutron::Net': 'network',
  };
  const [rows] = (await openstackCommands([`stack resource list -n 9 ${id}`])) as [
    { resource_type: string; physical_resource_id: string }[],
  ];
  const found = rows.flatMap(({ resource_type: type, physical_resource_id: object }) => {
    const kind = kinds[type];
    return kind ? [{ id: object, kind }] : [];
  });
  const shown = (await openstackCommands(found.map(({ kind, id: object }) => `${kind} show ${object}`))) as {
    name: string;
  }[];
  return found.map((object, at) => ({ ...object, name: shown[at]?.name ?? '' }));
}

function objectOf(kind: Kind, name: string): string {
  const found = objects.find((object) => object.kind === kind && object.name === name);
  if (!found) throw new Error(`the stack has no ${kind} ${name}`);
  return found.id;
}

async function heatStatus(id: StackId): Promise<string | undefined> {
  return (await findStack(admin, id, projectId))?.stack.status;
}

const volume = (id: string) => row('block-storage', 'volume', id);
const server = (id: string) => row('compute', 'server', id);

async function row(
  service: 'block-storage' | 'compute',
  name: 'volume' | 'server',
  id: string,
): Promise<Record<string, unknown> | undefined> {
  const answer = await admin.request(service, {
    method: 'GET',
    path: `/${name}s/${id}`,
    route: `/${name}s/{id}`,
    accept: [404],
  });
  return (JSON.parse(answer.text) as Record<string, Record<string, unknown>>)[name];
}

async function compute(request: Omit<SessionRequest, 'route'>): Promise<void> {
  await admin.request('compute', { ...request, route: '/servers/{id}' });
}

const unused = (release: Shown) => releases[release].unused;
const idOf = ({ metadata }: DeviceRow) => metadata['openstack_instance_id'];
const statusOf = (release: Shown, id: string) => deviceOf(release, id)?.status;
const withoutIdAtItsEnd = (name: string) => name.replace(/-[0-9a-f]{5}$/, '');

function portalOf(release: Shown): Portal {
  const found = portals.get(release);
  if (!found) throw new Error(`no portal of ${release} runs`);
  return found.portal;
}

function devicesIn(release: Shown): DeviceRow[] {
  const portal = portalOf(release);
  const racks = portal.racks.all().filter(({ metadata }) => metadata['openstack_stack_id'] === stack.id);
  return racks.flatMap(({ id }) => portal.devicesIn(id));
}

function deviceOf(release: Shown, id: string): DeviceRow | undefined {
  return devicesIn(release).find((device) => idOf(device) === id);
}
