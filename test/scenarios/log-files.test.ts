import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { type Command, command } from '../support/command.ts';

let sandbox: Sandbox;
let folder: string;
let running: Command | undefined;

beforeAll(async () => {
  sandbox = await startSandbox({ projects: 1, stacks: 1, servers: 3, pace: 0 });
});
afterAll(async () => {
  await sandbox.close();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'log-files-'));
});
afterEach(async () => {
  running?.kill('SIGKILL');
  await running?.finished;
  rmSync(folder, { recursive: true });
});

/** A process that logs at least a line a second. */
function start(logRotation: Record<string, unknown> = {}): Command {
  const settings = {
    ...sandbox.config,
    log_level: 'debug',
    log_dir: join(folder, 'log'),
    log_rotation: logRotation,
    updates: { interval: 1 },
  };
  writeFileSync(join(folder, 'config.yaml'), stringify(settings));
  running = command('run', 'updates_bulk', '--config', join(folder, 'config.yaml'));
  return running;
}

function log(name: string): string {
  return readFileSync(join(folder, 'log', name), 'utf8');
}

test('a full log file is rotated, a given number is kept, and standard output has the same lines', async () => {
  const maxBytes = 1_000;
  const service = start({ size: '1 kB', files: 3 });
  await service.saw('"msg":"reconciled"');
  await service.saw('"msg":"in step"');
  service.kill('SIGTERM');

  const { code, stdout } = await service.finished;
  const kept = ['updates_bulk.log.2', 'updates_bulk.log.1', 'updates_bulk.log'];

  expect(code).toBe(0);
  expect(stdout.length).toBeGreaterThan(3 * maxBytes);
  expect(readdirSync(join(folder, 'log')).sort()).toEqual([...kept].sort());
  for (const name of kept) {
    const isOneLine = log(name).trimEnd().split('\n').length === 1;
    if (!isOneLine) expect(statSync(join(folder, 'log', name)).size).toBeLessThanOrEqual(maxBytes);
  }
  expect(stdout.endsWith(kept.map(log).join(''))).toBe(true);
});

test('after logrotate has moved a log file and sent SIGHUP, a new one goes on where the old one ends', async () => {
  const service = start();
  await service.saw('"msg":"in step"');
  renameSync(join(folder, 'log/updates_bulk.log'), join(folder, 'log/updates_bulk.log-20261122'));

  service.kill('SIGHUP');
  // Of two signals at once the second may be heard first.
  await expect.poll(() => existsSync(join(folder, 'log/updates_bulk.log'))).toBe(true);
  service.kill('SIGTERM');
  const { code, stdout } = await service.finished;

  expect(code).toBe(0);
  expect(log('updates_bulk.log')).toContain('"msg":"stopped"');
  expect(log('updates_bulk.log-20261122') + log('updates_bulk.log')).toBe(stdout);
});
