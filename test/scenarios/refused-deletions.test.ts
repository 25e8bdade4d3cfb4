import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { type Blindness, blindnesses } from '../support/blind-cloud.ts';
import { command } from '../support/command.ts';

/* What an operator sees of a cloud that does not show what it has: exit codes and one line with the true numbers. */

const folder = mkdtempSync(join(tmpdir(), 'refused-'));
const config = join(folder, 'config.yaml');
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox({ projects: 2, stacks: 10, servers: 4, pace: 0 });
  writeFileSync(config, stringify({ log_level: 'info', ...sandbox.config }));
  const first = await command('run', 'updates_bulk', '--once', '-c', config).finished;
  expect(first.code).toBe(0);
});
afterAll(async () => {
  await sandbox.close();
  rmSync(folder, { recursive: true });
});

function rows(): string[] {
  const { racks, devices, templates } = sandbox.portal;
  return [racks, devices, templates].flatMap((table) => table.all().map((row) => JSON.stringify(row)));
}

test.each<[Blindness, RegExp]>([
  ['Nova is blind', /40 of 40 devices/],
  ['Heat is blind', /10 of 10 racks/],
  ['Nova and Heat are blind', /40 of 40 devices, 10 of 10 racks/],
  ['the region is another one', /40 of 40 devices/],
])(
  '%s: plan exits 2, run --once exits 1, both say how much is missing, and nothing changes',
  async (blindness, numbers) => {
    const before = rows();
    blindnesses[blindness](sandbox);

    const plan = await command('plan', '-c', config).finished;
    const once = await command('run', 'updates_bulk', '--once', '-c', config).finished;
    sandbox.faults.clear();
    const well = await command('plan', '-c', config).finished;

    expect(plan.code, plan.stdout + plan.stderr).toBe(2);
    expect(plan.stdout).toMatch(numbers);
    expect(once.code, once.stdout).toBe(1);
    const errors = once.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { level: string; msg: string })
      .filter(({ level }) => level === 'error');
    expect(errors).toHaveLength(1);
    expect(JSON.stringify(errors)).toMatch(numbers);
    expect(rows()).toEqual(before);
    expect(well.code).toBe(0);
  },
);
