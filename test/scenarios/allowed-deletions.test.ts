import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { stringify } from 'yaml';
import { DeletionAllowance } from '../../src/reconcile/deletion-allowance.ts';
import { isoTime } from '../../src/runtime/clock.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { command } from '../support/command.ts';
import { startScenario } from '../support/scenario.ts';

/* Deletions that the service holds back, and a person who has looked at them: without stopping the service. */

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'allowed-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Racks of stacks that were deleted while nobody looked. */
function leaveBehind({ portal, population }: Sandbox, count: number): void {
  const owner = portal.users.all().find(({ login }) => login === population.accounts[0]?.login)?.id ?? 0;
  for (let at = 0; at < count; at++) {
    const id = `5f0c1f5e-0000-4000-8000-0000000000${10 + at}`;
    portal.addRack({ user_id: owner, name: `left-${at}`, metadata: { openstack_stack_id: id } });
  }
}
const left = ({ portal }: Sandbox) => portal.racks.all().filter(({ name }) => name.startsWith('left-'));

/** A service whose portal has nine racks too many, in a time that a test moves. */
async function startHolding() {
  const scenario = await startScenario({ projects: 1, stacks: 6, servers: 2, config: { data_dir: folder } });
  await scenario.run();
  leaveBehind(scenario.sandbox, 9);
  const { clock } = scenario;
  const allowances = new DeletionAllowance({ dataDir: folder, clock });
  return {
    scenario,
    permit: (racks: readonly { readonly id: number | string }[], ms = 60_000) =>
      allowances.give({
        objects: racks.map(({ id }) => `rack ${id}`),
        until: isoTime(clock.now() + ms),
        by: 'alice',
      }),
    lines: (message: string) =>
      scenario.logged
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .filter(({ msg }) => msg === message),
    [Symbol.asyncDispose]: () => scenario[Symbol.asyncDispose](),
  };
}

test('the command shows what is held back and changes nothing; with --yes the running service deletes it', async () => {
  await using sandbox = await startRunning();
  const config = join(folder, 'config.yaml');
  const running = command('run', 'updates_bulk', '-c', config, '--log-format', 'json');
  await running.saw('"event":"deletions-refused"');

  const status = () => command('status', '-c', config).finished;
  const held = await vi.waitFor(async () => {
    const said = await status();
    expect(said.stdout).toContain('deletions refused');
    return said;
  }, 15_000);
  const look = await command('allow-deletions', '-c', config).finished;
  const kept = left(sandbox).length;
  const allowed = await command('allow-deletions', '--yes', '-c', config).finished;
  const line = await running.saw('"event":"deletions-allowed"');
  await vi.waitFor(() => expect(left(sandbox)).toEqual([]), 10_000);
  await vi.waitFor(async () => expect((await status()).stdout).toMatch(/✓ updates_bulk works$/m), 15_000);
  running.kill('SIGTERM');
  await running.finished;

  expect(held.stdout).toMatch(/! updates_bulk deletions refused: `plan` says why$/m);
  expect(look).toMatchObject({ code: 2, stderr: expect.stringContaining('allow-deletions --yes') });
  expect(look.stdout).toMatch(/^ {2}- rack left-0 .*its stack is gone from OpenStack$/m);
  expect(kept).toBe(9);
  expect(allowed).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/may delete these 9 objects besides/),
  });
  expect(JSON.parse(line)).toMatchObject({ deletions: 9, by: expect.stringMatching(/./) });
  expect(readdirSync(folder)).not.toContain('deletions-allowed');
}, 60_000);

async function startRunning(): Promise<Sandbox> {
  const sandbox = await startSandbox({ projects: 1, stacks: 6, servers: 2, pace: 0 });
  leaveBehind(sandbox, 9);
  writeFileSync(
    join(folder, 'config.yaml'),
    stringify({ log_level: 'info', data_dir: folder, ...sandbox.config, updates: { interval: 1 } }),
  );
  return sandbox;
}

test('a permission for all that is held deletes it, once', async () => {
  await using holding = await startHolding();
  const { scenario, permit, lines } = holding;

  await permit(left(scenario.sandbox));
  const report = await scenario.run();
  leaveBehind(scenario.sandbox, 9);
  const next = await scenario.run();

  expect(report.held).toEqual([]);
  expect(next.held).toHaveLength(9);
  expect(lines('deletions allowed for this run')).toMatchObject([
    { deletions: 9, by: 'alice', level: 'warn' },
  ]);
});

test('a permission does not extend to what has gone missing since: nothing of it goes, and the log names one', async () => {
  await using holding = await startHolding();
  const { scenario, permit, lines } = holding;
  const [unlisted, ...listed] = left(scenario.sandbox);

  await permit(listed);
  const report = await scenario.run();
  const next = await scenario.run();

  expect(left(scenario.sandbox)).toHaveLength(9);
  expect([report.held.length, next.held.length]).toEqual([9, 9]);
  expect(lines('deletions allowed for this run')).toEqual([]);
  expect(lines('permission of allow-deletions not used')).toMatchObject([
    {
      because: `the run would also delete what was not listed (1), such as rack ${unlisted?.id}`,
      by: 'alice',
    },
  ]);
});

test('a deletion that OpenStack has confirmed since does not void a permission', async () => {
  await using holding = await startHolding();
  const { scenario, permit } = holding;
  const { sandbox } = scenario;
  await permit(left(sandbox));
  const racks = sandbox.portal.racks.all().length;

  const [stack] = [...sandbox.cloud.orchestration.stacks()].filter(({ parent }) => !parent);
  sandbox.cloud.orchestration.deleteStack(stack?.id ?? '');
  sandbox.cloud.settle();
  await scenario.run();

  expect(left(sandbox)).toEqual([]);
  expect(sandbox.portal.racks.all()).toHaveLength(racks - 10);
});

test('a permission that has expired deletes nothing, and the log says so once', async () => {
  await using holding = await startHolding();
  const { scenario, permit, lines } = holding;

  await permit(left(scenario.sandbox), 1_000);
  await scenario.clock.sleep(1_000);
  await scenario.run();
  await scenario.run();

  expect(left(scenario.sandbox)).toHaveLength(9);
  expect(lines('permission of allow-deletions not used')).toMatchObject([
    { because: expect.stringMatching(/^it expired at /), level: 'warn' },
  ]);
});

test('a run that fails before it knows what to delete leaves the permission for the next one', async () => {
  await using holding = await startHolding();
  const { scenario, permit } = holding;
  await permit(left(scenario.sandbox));
  const mend = scenario.sandbox.faults.add({ service: 'heat', kind: 'answer', status: 503 });
  const failed = await scenario.tryRun();
  mend();

  await scenario.run();

  expect(failed?.changes ?? {}).toEqual({});
  expect(left(scenario.sandbox)).toEqual([]);
});

test('without data_dir there is nowhere to put a permission: exit 78, with the other way', async () => {
  await using sandbox = await startSandbox({ projects: 1, stacks: 1, servers: 1, pace: 0 });
  const config = join(folder, 'config.yaml');
  writeFileSync(config, stringify(sandbox.config));

  const { code, stderr } = await command('allow-deletions', '-c', config).finished;

  expect(code).toBe(78);
  expect(stderr).toContain('run updates_bulk --once --allow-deletions');
});
