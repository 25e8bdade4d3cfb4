import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { outOfStep } from '../support/in-step.ts';
import { freePort } from '../support/listen.ts';
import { Image } from './image.ts';

let sandbox: Sandbox;
const folder = mkdtempSync(join(tmpdir(), 'images-'));

beforeAll(async () => {
  sandbox = await startSandbox({ projects: 1, stacks: 1, servers: 2, pace: 0 });
});
afterAll(async () => {
  await sandbox.close();
  rmSync(folder, { recursive: true });
});

/** Folders as Docker makes them on the host where they are not there yet: root's. */
async function hostFolders(name: string) {
  const place = join(folder, name);
  for (const each of ['log', 'data']) mkdirSync(join(place, each), { recursive: true });
  const port = await freePort();
  const config = join(place, 'config.yaml');
  const api = { host: '127.0.0.1', port };
  writeFileSync(config, stringify({ log_level: 'info', ...sandbox.config, api, updates: { interval: 5 } }));
  return {
    port,
    log: join(place, 'log'),
    volumes: {
      '/etc/concertim-openstack-service/config.yaml': config,
      '/app/var/log': join(place, 'log'),
      '/app/var/data': join(place, 'data'),
    },
  };
}

/** What shows that a component has done its work. */
const works: Readonly<Record<string, (host: { readonly port: number }) => Promise<void>>> = {
  updates_bulk: async () => expect(outOfStep(sandbox)).toEqual([]),
  api_server: async ({ port }) =>
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('Running'),
  metrics: async () => {},
  all: async ({ port }) => expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('Running'),
};
const logs: Readonly<Record<string, readonly string[]>> = {
  updates_bulk: ['updates_bulk.log'],
  api_server: ['api_server.log'],
  metrics: ['metrics.log'],
  all: ['api_server.log', 'metrics.log', 'updates_bulk.log'],
};

test.each(Object.entries(works))(
  '%s works in its image, healthy, as nobody special, on a read-only root',
  async (name, hasWorked) => {
    using image = new Image(name);
    const host = await hostFolders(name);
    const before = image.isHealthy(host.volumes);
    const running = image.start(host.volumes);

    while (!image.isHealthy(host.volumes)) {
      expect(await Promise.race([running.exit, new Promise((done) => setTimeout(done, 500, 'runs'))])).toBe(
        'runs',
      );
    }
    await hasWorked(host);
    const status = readFileSync(`/proc/${running.pid}/status`, 'utf8');
    const isWritable =
      spawnSync('nsenter', [
        `--target=${running.pid}`,
        '--mount',
        `--root=/proc/${running.pid}/root`,
        'touch',
        '/app/x',
      ]).status === 0;
    running.kill(image.config.StopSignal);
    const stopping = performance.now();
    const code = await running.exit;
    const seconds = (performance.now() - stopping) / 1_000;

    expect(before).toBe(false);
    expect(status).toMatch(/^Uid:\s+10001\s+10001\s+10001/m);
    expect(status).toMatch(/^CapEff:\s+0+$/m);
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
    expect(isWritable).toBe(false);
    expect(code).toBe(0);
    expect(seconds).toBeLessThan(10);
    expect(image.isHealthy(host.volumes)).toBe(false);
    expect(readdirSync(host.log).sort()).toEqual(logs[name]);
    for (const file of logs[name] ?? []) {
      const [line = ''] = readFileSync(join(host.log, file), 'utf8').split('\n');
      expect(running.output()).toContain(line);
    }
  },
);

test('updates_mq that hears nothing is not healthy, and stops all the same', async () => {
  using image = new Image('updates_mq');
  const host = await hostFolders('updates_mq');
  const rmq = { rmq_address: '127.0.0.1', rmq_port: 1, rmq_password: 'none' };
  writeFileSync(
    host.volumes['/etc/concertim-openstack-service/config.yaml'],
    stringify({ log_level: 'info', ...sandbox.config, rmq }),
  );
  const running = image.start(host.volumes);
  while (!running.output().includes('no connection to RabbitMQ'))
    expect(await Promise.race([running.exit, new Promise((done) => setTimeout(done, 200, 'runs'))])).toBe(
      'runs',
    );

  const isHealthy = image.isHealthy(host.volumes);
  running.kill(image.config.StopSignal);

  expect(isHealthy).toBe(false);
  expect(await running.exit).toBe(0);
  expect(readdirSync(host.log)).toEqual(['updates_mq.log']);
});
