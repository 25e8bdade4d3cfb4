import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { stringify } from 'yaml';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { outOfStep } from '../support/in-step.ts';
import { freePort } from '../support/listen.ts';
import { hasNotifySocket, NotifySocket } from './notify-socket.ts';

// Three processes start side by side.
vi.setConfig({ testTimeout: 60_000 });

const checkout = resolve(import.meta.dirname, '../..');
const installed = '/opt/concertim-openstack-service/bin';
const hasSystemdAnalyze = spawnSync('systemd-analyze', ['--version']).status === 0;
const units = readdirSync(join(checkout, 'systemd')).filter((name) => name.endsWith('.service'));

let sandbox: Sandbox;
const folder = mkdtempSync(join(tmpdir(), 'systemd-'));

beforeAll(async () => {
  sandbox = await startSandbox({ projects: 1, stacks: 1, servers: 2, pace: 0 });
});
afterAll(async () => {
  await sandbox.close();
  rmSync(folder, { recursive: true });
});

/** What the unit of a component starts, from this checkout instead of where it would be installed. */
function execStart(component: string): string[] {
  const text = readFileSync(join(checkout, 'systemd', `concertim_${component}.service`), 'utf8');
  const [, line = ''] = /^ExecStart=(.*)$/m.exec(text) ?? [];
  return line
    .split(' ')
    .map((word) =>
      word === `${installed}/node` ? process.execPath : word.replace(installed, join(checkout, 'bin')),
    );
}

/** Starts a unit's command as systemd would. */
async function start(component: string, more: Record<string, unknown> = {}) {
  const place = mkdtempSync(join(folder, `${component}-`));
  const file = join(place, 'config.yaml');
  writeFileSync(file, stringify({ log_level: 'info', ...sandbox.config, ...more }));
  const socket = await NotifySocket.open(place);
  const [program = '', ...args] = execStart(component);
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      CONCERTIM_OPENSTACK_SERVICE_CONFIG: file,
      NOTIFY_SOCKET: socket.path,
      WATCHDOG_USEC: '4000000',
      LOGS_DIRECTORY: join(place, 'log'),
      STATE_DIRECTORY: join(place, 'state'),
    },
  });
  const exit = once(child, 'close').then(([code]) => code as number | null);
  child.stdout.resume();
  return {
    socket,
    place,
    async stop() {
      child.kill('SIGTERM');
      return exit;
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exit;
      await socket[Symbol.asyncDispose]();
    },
  };
}

test
  .skipIf(!hasNotifySocket)
  .concurrent(
    'updates_bulk is ready once the portal shows the cloud, gives signs of life, and says when it stops',
    async () => {
      const mend = sandbox.faults.add({ service: 'concertim', kind: 'answer', status: 503 });
      await using unit = await start('updates_bulk', { updates: { interval: 1 } });
      await unit.socket.saw(/^STATUS=updates_bulk Concertim/);
      const whileAway = unit.socket.kinds;
      mend();
      await unit.socket.saw(/^READY=1$/);
      const wrongWhenReady = outOfStep(sandbox);
      await unit.socket.saw(/^WATCHDOG=1$/);

      const code = await unit.stop();

      expect(whileAway).toEqual(new Set(['EXTEND_TIMEOUT_USEC=60000000']));
      expect(wrongWhenReady).toEqual([]);
      expect(code).toBe(0);
      expect(unit.socket.received.at(-1)).toEqual(['STOPPING=1']);
      expect(readdirSync(join(unit.place, 'log'))).toEqual(['updates_bulk.log']);
    },
  );

test.skipIf(!hasNotifySocket).concurrent('the API server is ready when it takes requests', async () => {
  const port = await freePort();
  await using unit = await start('api_server', { api: { host: '127.0.0.1', port } });
  await unit.socket.saw(/^READY=1$/);
  const answer = await fetch(`http://127.0.0.1:${port}/`);
  await unit.socket.saw(/^WATCHDOG=1$/);

  const code = await unit.stop();

  expect(await answer.text()).toBe('Running');
  expect(code).toBe(0);
  expect(unit.socket.received.at(-1)).toEqual(['STOPPING=1']);
  expect(readdirSync(join(unit.place, 'log'))).toEqual(['api_server.log']);
});

test.skipIf(!hasNotifySocket).concurrent('updates_mq is not ready as long as it hears nothing', async () => {
  await using unit = await start('updates_mq', {
    rmq: { rmq_address: '127.0.0.1', rmq_port: 1, rmq_password: 'none' },
  });
  await unit.socket.saw(/^EXTEND_TIMEOUT_USEC=/);

  const code = await unit.stop();

  expect(code).toBe(0);
  expect(unit.socket.kinds).toEqual(new Set(['EXTEND_TIMEOUT_USEC=60000000', 'STOPPING=1']));
});

test.skipIf(!hasSystemdAnalyze)('systemd finds nothing wrong with the units', () => {
  const place = mkdtempSync(join(folder, 'units-'));
  for (const name of units) {
    const text = readFileSync(join(checkout, 'systemd', name), 'utf8');
    // Where it will be installed there is nothing here.
    const target = name.replace('@.', '@all.');
    writeFileSync(
      join(place, target),
      text.replaceAll(`${installed}/node`, process.execPath).replaceAll('%i', 'all'),
    );
  }

  const files = readdirSync(place).map((name) => join(place, name));
  const { stderr, status } = spawnSync('systemd-analyze', ['verify', '--man=no', ...files], {
    encoding: 'utf8',
  });

  expect(files).toHaveLength(5);
  // Units of the machine itself may have faults of their own.
  expect(stderr.split('\n').filter((line) => line.includes('concertim'))).toEqual([]);
  expect(status).toBe(0);
});

test.skipIf(!hasSystemdAnalyze).each(units)(
  '%s is exposed less than 3.0, by the count of systemd',
  (name) => {
    const file = join(checkout, 'systemd', name);

    const { stdout } = spawnSync('systemd-analyze', ['security', '--no-pager', '--offline=true', file], {
      encoding: 'utf8',
    });

    expect(Number(/exposure level for \S+: ([\d.]+)/.exec(stdout)?.[1])).toBeLessThan(3);
  },
);
