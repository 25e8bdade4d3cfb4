/**
 * A process goes on with its work when it cannot write files, as on a full disk, or has few file descriptors.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { freePort } from '../../src/sandbox/free-port.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { bin, command } from '../support/command.ts';
import { outOfStep } from '../support/in-step.ts';
import { until } from '../support/listening-scenario.ts';

/** `run` with a limit of the shell's on a sandbox, in a process of its own. */
async function start(limit: string, ...components: string[]) {
  const sandbox = await startSandbox({ projects: 1, stacks: 2, servers: 2, pace: 0 });
  const folder = mkdtempSync(join(tmpdir(), 'limited-'));
  const file = join(folder, 'config.yaml');
  const port = await freePort();
  const api = { host: '127.0.0.1', port };
  writeFileSync(file, stringify({ ...sandbox.config, data_dir: folder, api, updates: { interval: 1 } }));
  const script = `${limit} && exec "$0" "$@"`;
  const child = spawn('bash', ['-c', script, process.execPath, bin, 'run', ...components, '--config', file], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (printed += String(text)));
  const exited = once(child, 'exit');
  return {
    sandbox,
    folder,
    file,
    port,
    printed: () => printed,
    saw: (text: string) =>
      until(
        () => printed.includes(text),
        30_000,
        () => `"${text}" in ${printed}`,
      ),
    inStep: () =>
      until(
        () => outOfStep(sandbox).length === 0,
        30_000,
        () => `${outOfStep(sandbox).join('; ')} ${printed}`,
      ),
    isRunning: () => child.exitCode === null && child.signalCode === null,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await exited;
      await sandbox.close();
      rmSync(folder, { recursive: true });
    },
  };
}

test('started on a full disk it works, and health says so', async () => {
  await using limited = await start('ulimit -f 0', 'updates_bulk');

  await limited.inStep();
  const [server] = limited.sandbox.cloud.compute.servers();
  if (server) limited.sandbox.cloud.compute.act(server.id, 'stop');
  await limited.inStep();
  await limited.saw('failed to write health file');
  const { code, stdout } = await command('health', 'updates_bulk', '--config', limited.file).finished;

  expect({ code, stdout }).toEqual({ code: 0, stdout: 'updates_bulk works (data_dir is full)\n' });
  expect(statSync(join(limited.folder, 'writer.lock')).size).toBe(0);
  expect(limited.isRunning()).toBe(true);
}, 90_000);

test('more connections than it may open files end nothing: the work goes on', async () => {
  await using limited = await start('ulimit -n 150', 'updates_bulk', 'api');
  await limited.saw('"msg":"listening"');
  await limited.inStep();

  const sockets = Array.from({ length: 400 }, () => connect({ host: '127.0.0.1', port: limited.port }));
  for (const socket of sockets) socket.on('error', () => {});
  await limited.saw('too many connections to the API');
  const [server] = limited.sandbox.cloud.compute.servers();
  if (server) limited.sandbox.cloud.compute.act(server.id, 'stop');
  await limited.inStep();
  for (const socket of sockets) socket.destroy();

  expect(limited.isRunning()).toBe(true);
}, 90_000);

test('a folder of data that somebody deletes under the running process is made again, and the work goes on', async () => {
  await using limited = await start('true', 'updates_bulk');
  await limited.inStep();

  rmSync(limited.folder, { recursive: true });
  await limited.saw('stopped being the writer');
  const [server] = limited.sandbox.cloud.compute.servers();
  if (server) limited.sandbox.cloud.compute.act(server.id, 'stop');
  await limited.inStep();

  expect(limited.printed()).toContain('the writer lock was deleted');
  expect(statSync(join(limited.folder, 'writer.lock')).size).toBeGreaterThan(0);
  expect(limited.isRunning()).toBe(true);
}, 90_000);
