import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { stringify } from 'yaml';
import { loadConfig } from '../../src/config/load.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { seededRandom } from '../../src/runtime/random.ts';
import { freePort } from '../../src/sandbox/free-port.ts';
import { MigrationError } from '../../src/sandbox/portal/upgrade.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { Service } from '../../src/service.ts';
import { command } from '../support/command.ts';
import { outOfStep } from '../support/in-step.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { startScenario } from '../support/scenario.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pause-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const pausedFile = () => join(folder, 'paused');

/** The service as it runs for good, in a time that a test moves. */
async function startRunning(options: { stacks: number }) {
  const clock = new ManualClock();
  const sandbox = await startSandbox({ projects: 1, servers: 2, pace: 0, ...options, clock });
  const file = join(folder, 'config.yaml');
  writeFileSync(file, stringify({ ...sandbox.config, data_dir: folder }));
  const logged: string[] = [];
  let reports = 0;
  const start = () => {
    const service = new Service({
      config: loadConfig({ file }),
      components: ['updates_bulk'],
      clock,
      random: seededRandom(1),
      log: createLogger({ level: 'info', format: 'json', output: { write: (line) => logged.push(line) } }),
      onReport: () => reports++,
    });
    const stop = new AbortController();
    const over = service.run(stop.signal);
    return {
      service,
      async end() {
        stop.abort();
        await over;
        await service[Symbol.asyncDispose]();
      },
    };
  };
  let running = start();
  const looks = () => clock.slept.filter((ms) => ms === 1_000).length;
  return {
    clock,
    sandbox,
    logged,
    health: () => running.service.health()[0],
    reported: (count: number) => vi.waitFor(() => expect(reports).toBeGreaterThanOrEqual(count), 10_000),
    saw: (text: string, times = 1) =>
      vi.waitFor(() => expect(logged.filter((line) => line.includes(text))).toHaveLength(times), 10_000),
    /** Lets time pass until the service has checked the file again. */
    async pass(ms: number) {
      const before = looks();
      clock.advance(ms);
      await vi.waitFor(() => expect(looks()).toBeGreaterThan(before), 10_000);
    },
    async restart() {
      await running.end();
      running = start();
    },
    async [Symbol.asyncDispose]() {
      await running.end();
      await sandbox.close();
    },
  };
}

const addCluster = ({ population }: Sandbox, name: string) => {
  const [account] = population.accounts;
  if (account) population.addCluster(account, { servers: 2, since: 0, name });
};

test('while there is a file "paused" nothing is written, also after a restart; without it the portal is filled at once', async () => {
  await using running = await startRunning({ stacks: 1 });
  const { sandbox, logged } = running;
  await running.reported(1);

  writeFileSync(pausedFile(), 'upgrade of the portal\n');
  running.clock.advance(1_000);
  await running.saw('paused: nothing is written to the portal');
  sandbox.services.concertim.forget();
  addCluster(sandbox, 'later');
  for (let round = 0; round < 4; round++) await running.pass(150_000);
  const health = running.health();
  await running.restart();
  await running.saw('paused: nothing is written to the portal', 2);
  for (let round = 0; round < 4; round++) await running.pass(150_000);
  const seen = [...sandbox.services.concertim.seen];
  rmSync(pausedFile());
  running.clock.advance(1_000);
  await running.reported(2);

  expect(seen).toEqual([]);
  expect(health).toMatchObject({ ready: true, alive: true });
  expect(health?.status).toMatch(/nothing is written to the portal: paused since .*: upgrade of the portal/);
  expect(logged.filter((line) => line.includes('resumed: writing to the portal again'))).toHaveLength(1);
  expect(sandbox.portal.racks.size).toBe(2);
  expect(outOfStep(sandbox)).toEqual([]);
});

test('a pause ends a run that is under way, and the next one completes it', async () => {
  await using running = await startRunning({ stacks: 60 });
  const { sandbox, clock } = running;
  let made = 0;
  sandbox.faults.add({
    service: 'concertim',
    method: 'POST',
    path: /racks$/,
    kind: 'rewrite',
    rewrite: (body) => {
      made += 1;
      if (made === 5) writeFileSync(pausedFile(), '');
      // Time passes with each rack, so that the service checks the file again at the next one.
      if (made >= 5) clock.advance(1_000);
      return body;
    },
  });

  await running.saw('paused: nothing is written to the portal');
  const until = sandbox.portal.racks.size;
  await running.pass(150_000);
  const later = sandbox.portal.racks.size;
  rmSync(pausedFile());
  clock.advance(1_000);
  await running.saw('resumed: writing to the portal again');
  await vi.waitFor(() => expect(outOfStep(sandbox)).toEqual([]), 20_000);

  expect(until).toBeLessThan(60);
  expect(running.logged.filter((line) => line.includes('operation was aborted'))).toEqual([]);
  expect(running.logged.join('')).toContain('The run was stopped during this request');
  expect(later).toBe(until);
});

test('migrations that a writer makes fail pass while it is paused', async () => {
  await using scenario = await startScenario({ release: '1.1', config: { data_dir: folder } });
  const { upgradePortal, portal } = scenario.sandbox;
  await scenario.run();

  await expect(upgradePortal('1.2')).rejects.toThrow(MigrationError);
  await scenario.run();
  await expect(upgradePortal('1.2')).rejects.toThrow(MigrationError);
  writeFileSync(pausedFile(), '');
  await expect(scenario.run()).rejects.toThrow('Writing to the portal is paused since');
  await upgradePortal('1.2');

  expect(portal.release).toBe('1.2');
});

test('the commands pause and resume, and status, health and doctor say so', async () => {
  await using sandbox = await startSandbox({ projects: 1, stacks: 1, servers: 2, pace: 0 });
  const file = join(folder, 'config.yaml');
  const observability = { port: await freePort(8) };
  writeFileSync(
    file,
    stringify({ ...sandbox.config, data_dir: folder, observability, updates: { interval: 1 } }),
  );
  const ask = (...words: string[]) => command(...words, '--config', file).finished;
  const service = command('run', 'updates_bulk', '--config', file);
  await service.saw('"event":"reconciled"');

  const paused = await ask('pause', '--reason', 'upgrade of the portal');
  await service.saw('paused: nothing is written to the portal');
  const [status, health, json, doctor] = await Promise.all([
    ask('status', '--timeout', '10'),
    ask('health'),
    ask('health', '--json'),
    ask('doctor', '--timeout', '10'),
  ]);
  addCluster(sandbox, 'later');
  const resumed = await ask('resume');
  await service.saw('resumed: writing to the portal again');
  await vi.waitFor(() => expect(sandbox.portal.racks.size).toBe(2), 10_000);
  service.kill('SIGTERM');
  await service.finished;

  expect(paused).toMatchObject({ code: 0, stdout: expect.stringContaining(': upgrade of the portal') });
  expect(status.stdout).toMatch(/PAUSED +\d+ s ago: upgrade of the portal/);
  expect(health).toMatchObject({ stdout: expect.stringContaining('Writing to the portal is paused since') });
  expect(JSON.parse(json.stdout)).toMatchObject({
    paused: { since: expect.stringMatching(/^20.*Z$/), reason: 'upgrade of the portal' },
    components: expect.arrayContaining([expect.objectContaining({ component: 'updates_bulk', ready: true })]),
  });
  expect(doctor.stdout).toContain('Writing to the portal is paused since');
  expect(resumed).toMatchObject({ code: 0, stdout: expect.stringContaining('goes on with a full run') });
}, 60_000);

test.each(['pause', 'resume', 'health'])('without data_dir %s says what to set', async (name) => {
  await using sandbox = await startSandbox({ projects: 1, stacks: 0 });
  const file = join(folder, 'config.yaml');
  writeFileSync(file, stringify(sandbox.config));

  const answer = await command(name, '--config', file).finished;

  expect(answer).toMatchObject({ code: 78, stderr: expect.stringContaining('Set data_dir') });
});
