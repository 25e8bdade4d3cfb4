/** A process that is stopped for minutes (SIGSTOP, a suspended virtual machine) and goes on as if no time had passed. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { systemClock } from '../../src/runtime/clock.ts';
import { freePort } from '../../src/sandbox/free-port.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { command } from '../support/command.ts';
import { outOfStep } from '../support/in-step.ts';
import { until } from '../support/listening-scenario.ts';

/** In real time: a virtual clock cannot stop a process. */
const stoppedMs = 1_000 * Number(process.env['STOPPED_S'] ?? 300);
const patienceMs = 60_000;

test.concurrent(
  'the writer is stopped for minutes: another takes over, and it does not write beside that one',
  async () => {
    await using given = await start();
    const { sandbox } = given;
    const first = given.run();
    await given.inStep();
    const second = given.run();
    const shown = sandbox.portal.devices.size;
    await second.saw('standby: another process writes');

    first.kill('SIGSTOP');
    await second.saw('"msg":"changed"', () => given.change());
    await given.inStep();
    await systemClock.sleep(stoppedMs);
    const written = sandbox.services.concertim.seen.length;
    first.kill('SIGCONT');
    await first.saw('writer lock lost');
    await given.change();
    await given.inStep();

    expect(sandbox.portal.devices.size).toBe(shown);
    expect(sandbox.services.concertim.seen.length).toBeGreaterThan(written);
    expect(first.printed()).not.toMatch(/"ms":-|after -\d/);
    second.kill('SIGKILL');
    await given.change();
    await given.inStep();
  },
  stoppedMs + 4 * patienceMs,
);

test.concurrent(
  'a process of all components that was stopped for minutes is in step again within one',
  async () => {
    await using given = await start({ tokenLifetimeS: 30 });
    const alone = given.run('metrics', 'api');
    await given.inStep();

    alone.kill('SIGSTOP');
    await given.change();
    await systemClock.sleep(stoppedMs);
    alone.kill('SIGCONT');
    await given.inStep();
    await given.change();
    await given.inStep();

    expect(alone.printed()).not.toMatch(/"ms":-|after -\d/);
    expect(alone.printed()).not.toContain('"level":"critical"');
  },
  stoppedMs + 4 * patienceMs,
);

async function start(options: { tokenLifetimeS?: number } = {}) {
  const sandbox = await startSandbox({ projects: 1, stacks: 2, servers: 4, pace: 0, ...options });
  const folder = mkdtempSync(join(tmpdir(), 'stopped-'));
  const file = join(folder, 'config.yaml');
  const settings = {
    ...sandbox.config,
    data_dir: folder,
    updates: { interval: 1 },
    metrics: { interval: 1 },
  };
  writeFileSync(
    file,
    stringify({ ...settings, log_level: 'info', api: { host: '127.0.0.1', port: await freePort() } }),
  );
  const running: ReturnType<typeof command>[] = [];
  return {
    sandbox,
    run(...others: string[]) {
      const process = command('run', 'updates_bulk', ...others, '--config', file);
      running.push(process);
      return {
        kill: (signal: NodeJS.Signals) => process.kill(signal),
        printed: () => process.printed(),
        async saw(text: string, first?: () => Promise<void>) {
          const before = process.printed().length;
          await first?.();
          const from = first ? before : 0;
          await until(
            () => process.printed().slice(from).includes(text),
            patienceMs,
            () => `no ${text}`,
          );
        },
      };
    },
    /** A server stops or starts. */
    async change() {
      const [server] = sandbox.cloud.compute.servers();
      if (!server) throw new Error('no server');
      sandbox.cloud.compute.act(server.id, server.vmState === 'active' ? 'stop' : 'start');
      await until(
        () => {
          sandbox.cloud.advance();
          return server.taskState === null;
        },
        patienceMs,
        () => `server in ${server.taskState}`,
      );
    },
    inStep: () =>
      until(
        () => outOfStep(sandbox).length === 0,
        patienceMs,
        () => `${outOfStep(sandbox).join('; ')} ${running.map((each) => each.printed()).join('\n')}`,
      ),
    async [Symbol.asyncDispose]() {
      for (const process of running) {
        process.kill('SIGCONT');
        process.kill('SIGTERM');
        await process.finished;
      }
      await sandbox.close();
      rmSync(folder, { recursive: true });
    },
  };
}
