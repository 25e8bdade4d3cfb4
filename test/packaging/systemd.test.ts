import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as passed } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { stringify } from 'yaml';
import { systemClock } from '../../src/runtime/clock.ts';
import { freePort } from '../../src/sandbox/free-port.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { command } from '../support/command.ts';
import { outOfStep } from '../support/in-step.ts';
import { startListening } from '../support/listening-scenario.ts';
import { anyBroker, whyNoBroker } from '../support/rabbitmq.ts';
import { hasNotifySocket, longestUnitTestMs, NotifySocket } from './notify-socket.ts';

// Five processes start side by side.
vi.setConfig({ testTimeout: 60_000 });
/** Within which a unit of the tests must give a sign of life. */
const watchdogMs = 4_000;

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

/** A configuration for the service on a sandbox. @returns its path */
function configure({ config }: Sandbox, more: Record<string, unknown>): string {
  const file = join(mkdtempSync(join(folder, 'config-')), 'config.yaml');
  writeFileSync(file, stringify({ log_level: 'info', ...config, ...more }));
  return file;
}

/** Starts a unit's command as systemd would. */
async function start(component: string, file: string) {
  const place = mkdtempSync(join(folder, `${component}-`));
  const socket = await NotifySocket.open(place);
  const [program = '', ...args] = execStart(component);
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: longestUnitTestMs,
    killSignal: 'SIGKILL',
    env: {
      PATH: process.env['PATH'],
      CONCERTIM_OPENSTACK_SERVICE_CONFIG: file,
      NOTIFY_SOCKET: socket.path,
      WATCHDOG_USEC: String(watchdogMs * 1_000),
      LOGS_DIRECTORY: join(place, 'log'),
      STATE_DIRECTORY: join(place, 'state'),
    },
  });
  const exit = once(child, 'close').then(([code]) => code as number | null);
  child.stdout.resume();
  return {
    socket,
    place,
    signal: (signal: NodeJS.Signals) => child.kill(signal),
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
      await using unit = await start('updates_bulk', configure(sandbox, { updates: { interval: 1 } }));
      await unit.socket.saw(/^STATUS=updates_bulk .*Concertim/);
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
  await using unit = await start('api_server', configure(sandbox, { api: { host: '127.0.0.1', port } }));
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
  const rmq = { rmq_address: '127.0.0.1', rmq_port: 1, rmq_password: 'none' };
  await using unit = await start('updates_mq', configure(sandbox, { rmq }));
  await unit.socket.saw(/^EXTEND_TIMEOUT_USEC=/);

  const code = await unit.stop();

  expect(code).toBe(0);
  expect(unit.socket.kinds).toEqual(new Set(['EXTEND_TIMEOUT_USEC=60000000', 'STOPPING=1']));
});

const whyNo = await whyNoBroker();
test
  .skipIf(!hasNotifySocket || whyNo !== undefined)
  .concurrent(
    `updates_mq is ready once it hears what the cloud announces${whyNo ? ` (skipped: ${whyNo})` : ''}`,
    async () => {
      await using broker = await anyBroker();
      await using cloud = await startListening({ broker, withService: false, projects: 1, stacks: 1 });
      const [server] = [...cloud.sandbox.cloud.compute.servers()];
      await using unit = await start('updates_mq', cloud.configFile);
      await unit.socket.saw(/^READY=1$/);
      const wrongWhenReady = outOfStep(cloud.sandbox);
      cloud.sandbox.cloud.compute.act(server?.id ?? '', 'stop');
      await cloud.inStep();
      await unit.socket.saw(/^WATCHDOG=1$/);

      const code = await unit.stop();

      expect(wrongWhenReady).toEqual([]);
      expect(code).toBe(0);
      expect(unit.socket.received.at(-1)).toEqual(['STOPPING=1']);
    },
  );

test
  .skipIf(!hasNotifySocket)
  .concurrent(
    'metrics is ready once the portal has figures, not while Gnocchi has none to give',
    async () => {
      // The servers have been there, and have been measured, for hours.
      let agoMs = 4 * 3_600_000;
      const clock = { ...systemClock, now: () => systemClock.now() - agoMs };
      await using measured = await startSandbox({ projects: 1, stacks: 1, servers: 2, pace: 0, clock });
      agoMs = 0;
      const file = configure(measured, { metrics: { interval: 1 } });
      await command('run', 'updates_bulk', '--once', '-c', file).finished;
      const mend = measured.faults.add({ service: 'gnocchi', kind: 'answer', status: 503 });
      await using unit = await start('metrics', file);
      await unit.socket.saw(/^STATUS=metrics nothing complete since .*Gnocchi/);
      const whileAway = unit.socket.kinds;
      mend();
      await unit.socket.saw(/^READY=1$/);
      const servers = measured.portal.devices.all().filter(({ kind }) => kind === 'Instance');
      const shown = servers.map(({ id }) => measured.metricDaemon.shown(id).size);
      await unit.socket.saw(/^WATCHDOG=1$/);

      const code = await unit.stop();

      expect(whileAway).toEqual(new Set(['EXTEND_TIMEOUT_USEC=60000000']));
      expect(shown.length).toBeGreaterThan(1);
      expect(Math.min(...shown)).toBeGreaterThan(0);
      expect(code).toBe(0);
      expect(unit.socket.received.at(-1)).toEqual(['STOPPING=1']);
      expect(readdirSync(join(unit.place, 'log'))).toEqual(['metrics.log']);
    },
  );

test
  .skipIf(!hasNotifySocket)
  .concurrent('a process that hangs gives no sign of life for as long as systemd waits for one', async () => {
    const api = { host: '127.0.0.1', port: await freePort() };
    await using unit = await start('api_server', configure(sandbox, { api }));
    await unit.socket.saw(/^WATCHDOG=1$/);

    unit.signal('SIGSTOP');
    // What was on its way.
    await passed(watchdogMs / 2);
    const before = unit.socket.received.length;
    await passed(watchdogMs);
    const whileHanging = unit.socket.received.length - before;
    unit.signal('SIGCONT');
    await unit.socket.saw(/^WATCHDOG=1$/, before);

    expect(whileHanging).toBe(0);
    expect(await unit.stop()).toBe(0);
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
