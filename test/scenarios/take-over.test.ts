import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { command } from '../support/command.ts';

/*
 * A portal that the Python service has filled: racks of stacks that are there, and racks of stacks that were deleted while it did not
 * look. More of them than the policy lets go without a proof.
 */

const gone = 8;
const folder = mkdtempSync(join(tmpdir(), 'take-over-'));
const config = join(folder, 'config.yaml');
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox({ projects: 1, stacks: 6, servers: 2, pace: 0 });
  writeFileSync(config, stringify({ log_level: 'info', data_dir: join(folder, 'data'), ...sandbox.config }));
  const { portal, cloud, population } = sandbox;
  const owner = portal.users.all().find(({ login }) => login === population.accounts[0]?.login)?.id ?? 0;
  for (const { id, name, parent } of cloud.orchestration.stacks()) {
    if (!parent) portal.addRack({ user_id: owner, name, metadata: { openstack_stack_id: id } });
  }
  for (let at = 0; at < gone; at++) {
    const id = `5f0c1f5e-0000-4000-8000-00000000000${at}`;
    portal.addRack({ user_id: owner, name: `left-${at}`, metadata: { openstack_stack_id: id } });
  }
});
afterAll(async () => {
  await sandbox.close();
  rmSync(folder, { recursive: true });
});

const racks = () => sandbox.portal.racks.all();
const left = () => racks().filter(({ name }) => name.startsWith('left-'));

test('racks of stacks that are gone are listed and kept, and the command that is named removes them', async () => {
  const before = new Map(racks().map(({ id, name }) => [id, name]));

  const first = await command('run', 'updates_bulk', '--once', '-c', config).finished;
  const plan = await command('plan', '-c', config).finished;
  const doctor = await command('doctor', '-c', config).finished;

  expect(first.code).toBe(1);
  expect(left()).toHaveLength(gone);
  expect(plan.code).toBe(2);
  for (const { name } of left()) expect(plan.stdout).toContain(name);
  expect(plan.stdout).toMatch(/8 of 14 racks are missing from OpenStack .* `allow-deletions` lists them/s);
  expect(doctor.stdout).toMatch(/Heat does not list the stacks of 8 racks: left-0 .* and 3 more/);
  expect(doctor.stdout).toContain('allow-deletions --yes lets the running service remove them');

  const removal = await command('run', 'updates_bulk', '--once', '--allow-deletions', '-c', config).finished;
  const after = await command('plan', '-c', config).finished;

  expect(removal.code, removal.stdout).toBe(0);
  expect(left()).toEqual([]);
  expect(new Map(racks().map(({ id, name }) => [id, name]))).toEqual(
    new Map([...before].filter(([, name]) => !name.startsWith('left-'))),
  );
  expect(after.code, after.stdout).toBe(0);
});
