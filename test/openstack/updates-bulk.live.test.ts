/**
 * `updates_bulk --once` from a real cloud into the sandbox's portal, compared with what the `openstack` command reports.
 * The expectations are written from docs/mapping.md, not from the product's code.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { Faults } from '../../src/sandbox/faults.ts';
import type { HttpService } from '../../src/sandbox/http-service.ts';
import { type DeviceRow, Portal, type RackRow } from '../../src/sandbox/portal/portal.ts';
import { startPortal } from '../../src/sandbox/portal/start-portal.ts';
import { command, type Finished } from '../support/command.ts';
import { openstackSection } from './openrc.ts';
import { type ReportedCloud, reportedCloud, type Server, type Stack } from './reported-cloud.ts';

const portal = new Portal({ release: '2023-08' });
const folder = mkdtempSync(join(tmpdir(), 'updates-bulk-'));
let service: HttpService;
let cloud: ReportedCloud;
let first: { finished: Finished; writes: string[] };
let second: { finished: Finished; writes: string[] };

beforeAll(async () => {
  service = await startPortal({ portal, faults: new Faults() });
  cloud = await reportedCloud();
  const accounts = cloud.projects.filter(({ Name }) => Name.startsWith('CM_') && Name.endsWith('_proj'));
  for (const { ID, Name } of accounts) {
    const user = cloud.users.find((user) => `${user.Name}_proj` === Name);
    portal.addUser({ login: Name.slice(3, -5), project_id: ID, cloud_user_id: user?.ID ?? null });
  }
  const template = portal.addTemplate({ name: 'by hand' });
  const rack = portal.addRack({ user_id: portal.addUser({ login: 'without-project' }).id, name: 'by-hand' });
  portal.addDevice({ template_id: template.id, name: 'by-hand', rack_id: rack.id, start_u: 1 });
  first = await runOnce();
  second = await runOnce();
  console.log(
    `compared with what openstack reports: ${shownStacks().length} stacks, ${ownRacks().length} racks; ` +
      `${shownStacks().flatMap((stack) => stack.servers).length} servers of ${cloud.servers.length}, ${ownDevices().length} devices; ` +
      `${cloud.flavors.length} flavors, ${portal.templates.size} templates; ` +
      `writes: ${first.writes.length} in the first run, ${second.writes.length} in the second`,
  );
});

afterAll(async () => {
  await service.close();
  rmSync(folder, { recursive: true });
});

test('the cloud is awkward: else the rest would prove little', () => {
  expect(new Set(cloud.stacks.map(({ stack_status }) => stack_status))).toEqual(
    new Set(['CREATE_COMPLETE', 'CREATE_FAILED', 'SUSPEND_COMPLETE']),
  );
  expect(new Set(cloud.servers.map(({ status }) => status))).toEqual(
    new Set(['ACTIVE', 'SHUTOFF', 'SUSPENDED', 'PAUSED', 'ERROR']),
  );
  expect(cloud.stacks.map(({ stack_name }) => stack_name)).toEqual(
    expect.arrayContaining(['web.tier.v1', 'nested', 'group', 'empty']),
  );
  expect(cloud.servers.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['node.a', 'node_a', 'by hand (1)', 'on the provider network', 'loose']),
  );
  expect(cloud.flavors.map((flavor) => flavor.Disk)).toContain(0);
  expect(cloud.flavors.map((flavor) => flavor['Is Public'])).toContain(false);
});

test('both runs go well', () => {
  expect(first.finished).toMatchObject({ code: 0, stderr: '' });
  expect(second.finished).toMatchObject({ code: 0, stderr: '' });
});

test('every stack of a portal user is one rack of his, with its status and outputs; no other stack is', () => {
  const racks = ownRacks().map((rack) => ({
    stack: rack.metadata['openstack_stack_id'],
    project: portal.users.get(rack.user_id)?.project_id,
    name: rack.name,
    status: rack.status,
    outputs: outputsOf(rack),
  }));

  expect(inOrder(racks)).toEqual(
    inOrder(
      shownStacks().map((stack) => ({
        stack: stack.id,
        project: stack.project_id,
        name: stack.stack_name.replaceAll(/[^A-Za-z0-9_-]/g, '-'),
        status: expectedRackStatus(stack),
        outputs: expectedOutputs(stack),
      })),
    ),
  );
});

test('every server of such a stack is one device in its rack, as it is in the cloud; no other server is', () => {
  const devices = ownDevices().map((device) => ({
    server: device.metadata['openstack_instance_id'],
    stack: portal.racks.get(device.rack_id ?? 0)?.metadata['openstack_stack_id'],
    name: withoutIdAtItsEnd(device),
    status: device.status,
    flavor: portal.templates.get(device.template_id)?.foreign_id,
    publicIps: listed(device.public_ips),
    privateIps: listed(device.private_ips),
    key: device.ssh_key ?? '',
  }));

  expect(inOrder(devices)).toEqual(
    inOrder(
      shownStacks().flatMap((stack) =>
        stack.servers.map((server) => ({
          server: server.id,
          stack: stack.id,
          name: server.name.replaceAll(/[^A-Za-z0-9-]/g, '-'),
          status: expectedDeviceStatus(server),
          flavor: /\((.*)\)$/.exec(server.flavor)?.[1],
          ...expectedIps(server),
          key: server.key_name ?? '',
        })),
      ),
    ),
  );
});

test('devices stand in their racks without touching each other, under names of their own', () => {
  for (const rack of ownRacks()) {
    const devices = portal.devicesIn(rack.id);
    const units = devices.flatMap(({ start_u: from, end_u: to }) =>
      Array.from({ length: to - from + 1 }, (_, index) => from + index),
    );

    expect(new Set(units).size, rack.name).toBe(units.length);
    expect(Math.max(0, ...units), rack.name).toBeLessThanOrEqual(rack.u_height);
    expect(new Set(devices.map(({ name }) => name)).size, rack.name).toBe(devices.length);
  }
});

test('every flavor is one template, private ones and those without a disk too', () => {
  const templates = portal.templates
    .all()
    .filter((template) => template.foreign_id !== null)
    .map(({ foreign_id: flavor, name, vcpus, ram, disk }) => ({ flavor, name, vcpus, ram, disk }));

  expect(inOrder(templates)).toEqual(
    inOrder(
      cloud.flavors.map(({ ID, Name, VCPUs, RAM, Disk }) => ({
        flavor: ID,
        name: Name,
        vcpus: VCPUs,
        ram: RAM,
        disk: Disk || null,
      })),
    ),
  );
});

test('what was made in the portal by hand is as it was', () => {
  expect(portal.racks.all().filter(({ name }) => name === 'by-hand')).toMatchObject([
    { status: 'ACTIVE', metadata: {} },
  ]);
  expect(portal.devices.all().filter(({ name }) => name === 'by-hand')).toMatchObject([
    { start_u: 1, metadata: {} },
  ]);
});

test('the first run writes one create an object, the second nothing', () => {
  const objects = ownRacks().length + ownDevices().length + cloud.flavors.length;

  expect(first.writes.filter((write) => write.startsWith('POST'))).toHaveLength(objects);
  expect(second.writes).toEqual([]);
});

/** One run of the command line, and what it wrote to the portal. */
async function runOnce(): Promise<{ finished: Finished; writes: string[] }> {
  const file = join(folder, 'config.yaml');
  writeFileSync(
    file,
    stringify({
      data_dir: folder,
      openstack: openstackSection(),
      concertim: { concertim_url: service.url, concertim_username: 'admin', concertim_password: 'admin' },
    }),
  );
  service.forget();
  const finished = await command('run', 'updates_bulk', '--once', '--config', file).finished;
  const writes = service.seen
    .filter(({ method, url }) => method !== 'GET' && !url.includes('sign_in'))
    .map(({ method, url }) => `${method} ${url}`);
  return { finished, writes };
}

function shownStacks(): Stack[] {
  const projects = new Set(portal.users.all().map((user) => user.project_id));
  return cloud.stacks.filter((stack) => projects.has(stack.project_id));
}

function ownRacks(): RackRow[] {
  return portal.racks.all().filter(({ name }) => name !== 'by-hand');
}

function ownDevices(): DeviceRow[] {
  return portal.devices.all().filter(({ name }) => name !== 'by-hand');
}

function expectedRackStatus({ stack_status: status }: Stack): string | undefined {
  return { CREATE_COMPLETE: 'ACTIVE', CREATE_FAILED: 'FAILED', SUSPEND_COMPLETE: 'STOPPED' }[status];
}

function expectedDeviceStatus({ status }: Server): string | undefined {
  return {
    ACTIVE: 'ACTIVE',
    SHUTOFF: 'STOPPED',
    SUSPENDED: 'SUSPENDED',
    PAUSED: 'SUSPENDED',
    ERROR: 'FAILED',
  }[status];
}

/** By key, as texts: what is not one stands there as JSON. */
function expectedOutputs({ outputs }: Stack): Record<string, unknown> {
  return Object.fromEntries(
    outputs
      .filter(({ output_value }) => output_value !== null)
      .map(({ output_key, output_value }) => [output_key, output_value]),
  );
}

/** As the portal's pages read it: split at `", "`, then at `"="`. */
function outputsOf(rack: RackRow): Record<string, unknown> {
  const items = listed(rack.creation_output).map((item) => item.split('='));
  expect(items.every(({ length }) => length === 2)).toBe(true);
  return Object.fromEntries(
    items.map(([key = '', value = '']) => [key, jsonOrText(decodeURIComponent(value))]),
  );
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function expectedIps({ addresses }: Server): { publicIps: string[]; privateIps: string[] } {
  const all = Object.entries(addresses).flatMap(([network, ips]) => ips.map((ip) => ({ network, ip })));
  const isPublic = ({ network, ip }: { network: string; ip: string }) =>
    cloud.externalNetworks.includes(network) || cloud.floatingAddresses.includes(ip);
  const shown = (some: typeof all) => some.map(({ network, ip }) => `${network}:${ip}`).sort();
  return { publicIps: shown(all.filter(isPublic)), privateIps: shown(all.filter((one) => !isPublic(one))) };
}

function listed(text: string | null): string[] {
  return (text ?? '').split(', ').filter(Boolean).sort();
}

/** Of two that would have one name, one bears the beginning of its id at the end. */
function withoutIdAtItsEnd({ name, metadata }: DeviceRow): string {
  const end = `-${String(metadata['openstack_instance_id']).slice(0, 5)}`;
  return name.endsWith(end) ? name.slice(0, -end.length) : name;
}

function inOrder<T>(things: readonly T[]): T[] {
  return things.toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));
}
