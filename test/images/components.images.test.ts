import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { earlierNames } from '../../src/components.ts';
import type { Release } from '../../src/concertim/profile.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { freePort } from '../../src/sandbox/free-port.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { command } from '../support/command.ts';
import { outOfStep } from '../support/in-step.ts';
import { startListening } from '../support/listening-scenario.ts';
import { anyBroker, whyNoBroker } from '../support/rabbitmq.ts';
import { Image, type RunOptions } from './image.ts';
import { type Running, stop, until } from './running.ts';

/** Of the image's user `concertim`. */
const uid = 10_001;
const configPath = '/etc/concertim-openstack-service/config.yaml';
const composeFile = join(import.meta.dirname, '../../docker-compose.yaml');
const whyNo = await whyNoBroker();
const folder = mkdtempSync(join(tmpdir(), 'images-'));

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** A sandbox whose servers have been there, and have been measured, for hours. */
async function startCloud(release?: Release): Promise<Sandbox> {
  let agoMs = 4 * 3_600_000;
  const clock = { ...systemClock, now: () => systemClock.now() - agoMs };
  const size = { projects: 1, stacks: 1, servers: 2, pace: 0 };
  const sandbox = await startSandbox({ ...size, clock, ...(release && { release }) });
  agoMs = 0;
  onTestFinished(sandbox.close);
  return sandbox;
}

/** A host with a configuration, and folders as Docker makes them where they are not there yet: root's. */
async function hostFor(sandbox: Sandbox, more: Record<string, unknown> = {}) {
  const place = mkdtempSync(join(folder, 'host-'));
  const [log, data, config] = ['log', 'data', 'config.yaml'].map((name) => join(place, name)) as [
    string,
    string,
    string,
  ];
  for (const each of [log, data]) mkdirSync(each);
  const port = await freePort();
  const settings = {
    log_level: 'info',
    ...sandbox.config,
    api: { host: '127.0.0.1', port },
    updates: { interval: 5 },
    metrics: { interval: 2 },
    ...more,
  };
  writeFileSync(config, stringify(settings));
  return { port, log, data, config, ...volumesOf(config, log, data) };
}

function volumesOf(config: string, log: string, data: string): RunOptions {
  return { volumes: { [configPath]: config, '/app/var/log': log, '/app/var/data': data } };
}

/** Brings the portal into step, without an image. */
async function fill(config: string): Promise<void> {
  const { code, stderr } = await command('run', 'updates_bulk', '--once', '-c', config).finished;
  expect(code, stderr).toBe(0);
}

/** What the kernel says of a container's process, and whether it could write to the image. */
function rightsOf({ pid }: Running) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const within = [`--target=${pid}`, '--mount', `--root=/proc/${pid}/root`];
  return {
    uids: /^Uid:\s+(.*)$/m.exec(status)?.[1]?.split('\t'),
    capabilities: /^CapEff:\s+(\S+)$/m.exec(status)?.[1],
    isRootWritable: spawnSync('nsenter', [...within, 'touch', '/app/x']).status === 0,
  };
}

const nobodySpecial = {
  uids: Array.from({ length: 4 }, () => String(uid)),
  capabilities: '0000000000000000',
  isRootWritable: false,
};

type Works = (of: { sandbox: Sandbox; port: number; running: Running }) => Promise<void>;

const isAnswering: Works = async ({ port }) => {
  const api = `http://127.0.0.1:${port}`;
  expect(await (await fetch(api)).text()).toBe('Running');
  const page = await (await fetch(`${api}/ui/`)).text();
  const loaded = [...page.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(([, file = '']) => file);
  expect(loaded).toEqual(
    expect.arrayContaining([expect.stringMatching(/\.js$/), expect.stringMatching(/\.css$/)]),
  );
  for (const file of loaded) expect((await fetch(`${api}/ui/${file}`)).status).toBe(200);
};
const isInStep: Works = async ({ sandbox }) => expect(outOfStep(sandbox)).toEqual([]);
const isMeasured: Works = async ({ sandbox, running }) => {
  const servers = new Set([...sandbox.cloud.compute.servers()].map(({ id }) => id));
  // Volumes and networks have no figures.
  const devices = sandbox.portal.devices
    .all()
    .filter(({ metadata }) => servers.has(String(metadata['openstack_instance_id'])));
  expect(devices).toHaveLength(servers.size);
  await until(running, () => devices.every(({ id }) => sandbox.metricDaemon.shown(id).size >= 5));
};

/** What shows that a component has done its work, and where its log is. */
const components: Readonly<
  Record<
    string,
    {
      readonly works: readonly Works[];
      readonly logs: string[];
      /** Of the portal, and what its site says of billing. */
      readonly site?: { readonly release: Release; readonly billing: object };
    }
  >
> = {
  updates_bulk: { works: [isInStep], logs: ['updates_bulk.log'] },
  api_server: { works: [isAnswering], logs: ['api_server.log'] },
  metrics: { works: [isMeasured], logs: ['metrics.log'] },
  all: {
    works: [isInStep, isAnswering, isMeasured],
    logs: ['api_server.log', 'metrics.log', 'updates_bulk.log'],
    site: { release: '1.2', billing: { platform: 'none' } },
  },
};

test.each(Object.entries(components))(
  '%s works in its image, healthy, as nobody special, on a read-only root',
  async (name, { works, logs, site }) => {
    const image = new Image(name);
    const sandbox = await startCloud(site?.release);
    const host = await hostFor(sandbox, site && { billing: site.billing });
    if (name === 'metrics') await fill(host.config);
    const before = await image.isHealthy(host);
    const running = image.start(host);

    await until(running, () => image.isHealthy(host));
    for (const work of works) await work({ sandbox, port: host.port, running });
    const rights = rightsOf(running);
    const stopped = await stop(running, image);

    expect(before).toBe(false);
    expect(rights).toEqual(nobodySpecial);
    expect(stopped).toEqual({ code: 0, seconds: expect.toSatisfy((seconds: number) => seconds < 10) });
    expect(await image.isHealthy(host)).toBe(false);
    expect(readdirSync(host.log).sort()).toEqual(logs);
    // `docker logs` shows what the files have.
    const shown = new Set(running.output().split('\n'));
    for (const file of logs) {
      const lines = readFileSync(join(host.log, file), 'utf8').split('\n');
      expect(lines.length).toBeGreaterThan(1);
      expect(lines.filter((line) => !shown.has(line))).toEqual([]);
    }
  },
);

test.skipIf(whyNo !== undefined)(
  `updates_mq in its image shows at once what the cloud announces${whyNo ? ` (skipped: ${whyNo})` : ''}`,
  async () => {
    await using broker = await anyBroker();
    await using cloud = await startListening({
      broker,
      withService: false,
      projects: 1,
      stacks: 1,
      servers: 2,
    });
    const image = new Image('updates_mq');
    const { log, data } = await hostFor(cloud.sandbox);
    const host = volumesOf(cloud.configFile, log, data);
    const [server] = [...cloud.sandbox.cloud.compute.servers()];
    const running = image.start(host);
    await until(running, () => running.output().includes('"listening to notifications"'));
    await until(running, () => outOfStep(cloud.sandbox).length === 0);
    await until(running, () => image.isHealthy(host));

    cloud.sandbox.cloud.compute.act(server?.id ?? '', 'stop');
    const wasOutOfStep = outOfStep(cloud.sandbox).length > 0;
    await cloud.inStep();
    const rights = rightsOf(running);
    const stopped = await stop(running, image);

    expect(wasOutOfStep).toBe(true);
    expect(rights).toEqual(nobodySpecial);
    expect(stopped).toEqual({ code: 0, seconds: expect.toSatisfy((seconds: number) => seconds < 10) });
    expect(readdirSync(log)).toEqual(['updates_mq.log']);
  },
);

test('updates_mq that hears nothing is not healthy, and stops all the same', async () => {
  const image = new Image('updates_mq');
  const rmq = { rmq_address: '127.0.0.1', rmq_port: 1, rmq_password: 'none' };
  const host = await hostFor(await startCloud(), { rmq });
  const running = image.start(host);
  await until(running, () => running.output().includes('failed to connect to RabbitMQ, will retry'));

  const isHealthy = await image.isHealthy(host);
  const { code } = await stop(running, image);

  expect(isHealthy).toBe(false);
  expect(code).toBe(0);
  expect(readdirSync(host.log)).toEqual(['updates_mq.log']);
});

test.each(['updates_bulk', 'metrics', 'all'])(
  '%s is no longer healthy once its work is overdue, and is again when it is done',
  async (name) => {
    const image = new Image(name);
    const sandbox = await startCloud();
    const host = await hostFor(sandbox, { updates: { interval: 1 }, metrics: { interval: 1 } });
    if (name === 'metrics') await fill(host.config);
    const running = image.start(host);
    await until(running, () => image.isHealthy(host));

    sandbox.faults.add({ service: 'concertim', kind: 'answer', status: 503 });
    sandbox.faults.add({ service: 'gnocchi', kind: 'answer', status: 503 });
    await until(running, async () => !(await image.isHealthy(host)));
    sandbox.faults.clear();
    await until(running, () => image.isHealthy(host));

    expect((await stop(running, image)).code).toBe(0);
  },
);

test('an API server that hangs is not healthy, and is again when it goes on', async () => {
  const image = new Image('api_server');
  const host = await hostFor(await startCloud());
  const running = image.start(host);
  await until(running, () => image.isHealthy(host));

  running.kill('SIGSTOP');
  await until(running, async () => !(await image.isHealthy(host)));
  running.kill('SIGCONT');
  await until(running, () => image.isHealthy(host));

  expect((await stop(running, image)).code).toBe(0);
});

test('in a container a full log file is rotated, and a given number is kept', async () => {
  const image = new Image('updates_bulk');
  const rotation = { log_rotation: { size: '1 kB', files: 3 }, log_level: 'debug' };
  const host = await hostFor(await startCloud(), { ...rotation, updates: { interval: 1 } });
  const running = image.start(host);

  await until(running, () => existsSync(join(host.log, 'updates_bulk.log.2')));
  await stop(running, image);

  const kept = ['updates_bulk.log.2', 'updates_bulk.log.1', 'updates_bulk.log'];
  expect(readdirSync(host.log).toSorted()).toEqual(kept.toSorted());
  expect(
    running.output().endsWith(kept.map((name) => readFileSync(join(host.log, name), 'utf8')).join('')),
  ).toBe(true);
});

test('in a container SIGHUP begins a new log file where somebody has moved the old one', async () => {
  const image = new Image('updates_bulk');
  const host = await hostFor(await startCloud());
  const [log, moved] = [join(host.log, 'updates_bulk.log'), join(host.log, 'moved.log')];
  const running = image.start(host);
  await until(running, () => image.isHealthy(host));
  renameSync(log, moved);

  running.kill('SIGHUP');
  await until(running, () => existsSync(log));
  await stop(running, image);

  expect(readFileSync(log, 'utf8')).toContain('"msg":"stopped"');
  expect(readFileSync(moved, 'utf8') + readFileSync(log, 'utf8')).toBe(running.output());
});

test('what docker-compose.yaml leaves of root is enough for logs that the first version wrote as somebody else', async () => {
  const image = new Image('updates_bulk');
  const host = await hostFor(await startCloud());
  writeFileSync(join(host.log, 'updates_bulk.log'), 'a line of the first version\n', { mode: 0o600 });
  for (const each of ['', 'updates_bulk.log']) chownSync(join(host.log, each), 1_234, 1_234);
  chmodSync(host.log, 0o700);
  const { services } = parse(readFileSync(composeFile, 'utf8'), { merge: true }) as {
    services: { updates_bulk: { cap_add: string[] } };
  };
  const options = { volumes: host.volumes, capabilities: services.updates_bulk.cap_add };
  const running = image.start(options);

  await until(running, () => image.isHealthy(options));
  const rights = rightsOf(running);
  const { code } = await stop(running, image);

  expect(rights).toEqual(nobodySpecial);
  expect(code).toBe(0);
  expect(readFileSync(join(host.log, 'updates_bulk.log'), 'utf8')).toMatch(
    /^a line of the first version\n\{.*"msg":"reconciled"/s,
  );
});

test('a configuration that only root may read is said to be so', async () => {
  const image = new Image('updates_bulk');
  const host = await hostFor(await startCloud());
  chmodSync(host.config, 0o600);
  const running = image.start(host);

  const code = await running.exit;

  expect(code).toBe(78);
  expect(running.output()).toContain(`${configPath} may not be read by this user, check its permissions`);
});

test('a start takes what building the image has compiled, for which Node names each module', async () => {
  const image = new Image('updates_bulk');
  const host = await hostFor(await startCloud());
  const env = { NODE_DEBUG_NATIVE: 'COMPILE_CACHE' };
  const running = image.start({ volumes: host.volumes, env, command: ['check-config'] });

  expect(await running.exit).toBe(0);
  expect(running.output()).toMatch(/dist\/command\/main\.js was accepted/);
  expect(running.output()).toMatch(/dist\/command\/load-\S+ was accepted/);
});

test('with --user and --read-only there is no root at all, where the folders are that user’s', async () => {
  const image = new Image('updates_bulk');
  const sandbox = await startCloud();
  const host = await hostFor(sandbox);
  for (const each of [host.log, host.data]) chownSync(each, uid, uid);
  const options = { volumes: host.volumes, user: uid };
  const running = image.start(options);

  await until(running, () => image.isHealthy(options));
  const rights = rightsOf(running);
  const { code } = await stop(running, image);

  expect(outOfStep(sandbox)).toEqual([]);
  expect(rights).toEqual(nobodySpecial);
  expect(code).toBe(0);
  expect(readdirSync(host.log)).toEqual(['updates_bulk.log']);
});

test('with --user and folders of root it does not start, and says what to do', async () => {
  const image = new Image('updates_bulk');
  const host = await hostFor(await startCloud());
  const running = image.start({ volumes: host.volumes, user: uid });

  const code = await running.exit;

  expect(code).toBe(1);
  expect(running.output()).toMatch(
    /log file \/app\/var\/log\/updates_bulk\.log cannot be written \(EACCES\)/,
  );
});

test.each(['all', 'api_server', 'metrics', 'updates_bulk', 'updates_mq', ...Object.keys(earlierNames)])(
  '%s takes less than 250 MB beyond its base, and says what it needs',
  (name) => {
    const image = new Image(name);
    const base = new Image('base');

    expect(image.size - base.size).toBeLessThan(250_000_000);
    expect(image.config).toMatchObject({
      Volumes: { '/app/var/log': {}, '/app/var/data': {} },
      ExposedPorts: { '42356/tcp': {} },
      StopSignal: 'SIGTERM',
    });
  },
);
