import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { command } from '../support/command.ts';

const folder = mkdtempSync(join(tmpdir(), 'decommission-'));
const config = join(folder, 'config.yaml');
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox({ projects: 2, stacks: 4, servers: 3, pace: 0 });
  writeFileSync(config, stringify({ log_level: 'info', ...sandbox.config, data_dir: folder }));
  await command('run', 'updates_bulk', '--once', '-c', config).finished;
});
afterAll(async () => {
  await sandbox.close();
  rmSync(folder, { recursive: true });
});

/** Ids of what stands in the portal. */
function shown() {
  const { racks, devices, templates } = sandbox.portal;
  return [racks, devices, templates].map((table) => table.all().map(({ id }) => id));
}

function cloudState() {
  const { orchestration, compute } = sandbox.cloud;
  return [
    [...orchestration.stacks()].map(({ id, action }) => [id, action]),
    [...compute.servers()].map(({ id, vmState }) => [id, vmState]),
  ];
}

test('it prints what it would remove, removes it with --yes, and leaves what was made by hand', async () => {
  const { portal } = sandbox;
  const [user] = portal.users.all().filter(({ project_id: project }) => project !== null);
  const template = portal.addTemplate({ name: 'switch', height: 1 });
  const rack = portal.addRack({ user_id: user?.id ?? 0, name: 'by hand' });
  const device = portal.addDevice({
    template_id: template.id,
    name: 'switch-1',
    rack_id: rack.id,
    start_u: 1,
  });
  const before = shown();
  const cloud = cloudState();

  const asked = await command('decommission', '-c', config).finished;
  const untouched = shown();
  const done = await command('decommission', '--yes', '-c', config).finished;
  const left = shown();
  const again = await command('decommission', '-c', config).finished;

  expect(asked).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Nothing was removed. Stop the service, then: decommission --yes'),
  });
  expect(asked.stdout).toMatch(
    /^ {2}- rack \S+ .*: this service created it, and decommission removes that$/m,
  );
  expect(asked.stdout).toMatch(/^0 to create, 0 to change, \d+ to delete$/m);
  expect(asked.stdout).not.toMatch(/configuration|no device uses it/);
  expect(untouched).toEqual(before);
  expect(done.code, done.stderr).toBe(0);
  expect(done.stdout).toContain(`files      ${folder}`);
  expect(left[0]).toEqual([rack.id]);
  expect(left[1]).toEqual([device.id]);
  expect(left[2]).toContain(template.id);
  expect(portal.templates.all().filter(({ foreign_id: id }) => id !== null)).toEqual([]);
  expect(cloudState()).toEqual(cloud);
  expect(again.code).toBe(0);
});

test('a rack in which something made by hand stands stays with it, and is named', async () => {
  const { portal } = sandbox;
  await command('run', 'updates_bulk', '--once', '-c', config).finished;
  const [rack] = portal.racks.all().filter(({ metadata }) => metadata['openstack_stack_id'] !== undefined);
  const template = portal.addTemplate({ name: 'patch panel', height: 1 });
  const own = portal.addDevice({
    template_id: template.id,
    name: 'panel',
    rack_id: rack?.id ?? 0,
    start_u: 1,
  });

  const done = await command('decommission', '--yes', '-c', config).finished;

  expect(portal.racks.get(rack?.id ?? 0)).toBeDefined();
  expect(portal.devices.all().filter(({ rack_id: id }) => id === rack?.id)).toEqual([own]);
  expect(done.code).toBe(2);
  expect(done.stdout).toContain(rack?.name);
});
