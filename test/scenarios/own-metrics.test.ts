import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLogger } from '../../src/observability/logger.ts';
import { ObservabilityServer } from '../../src/observability/observability-server.ts';
import type { Status } from '../../src/observability/status.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { startObserved } from '../support/observed.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ projects: 1, stacks: 2, servers: 2 });
});
afterAll(async () => {
  await sandbox.close();
});

test('status, health and readiness of the components are reported, and nothing else', async () => {
  await using observed = await startObserved(sandbox, ['updates_bulk']);
  await observed.saw('concertim_openstack_component_ready{component="updates_bulk"} 1');

  const [status, health, readiness, unknown, post] = await Promise.all(
    ['/status', '/healthz', '/readyz', '/secrets']
      .map(async (path) => observed.ask(path))
      .concat(observed.ask('/status', 'POST')),
  );

  expect(await status?.json()).toMatchObject({
    components: [{ component: 'updates_bulk', ready: true, status: 'works' }],
    updates: { writer: true, backlog: 0, lastFull: { failures: 0 }, failure: null },
    notifications: null,
    metrics: null,
    sources: expect.arrayContaining([expect.objectContaining({ service: 'Nova', failure: null })]),
  });
  expect(await health?.json()).toMatchObject({ alive: true });
  expect(await readiness?.json()).toMatchObject({ ready: true });
  expect([status, health, readiness, unknown, post].map((response) => response?.status)).toEqual([
    200, 200, 200, 404, 405,
  ]);
});

test('a component that cannot do its work is not ready, and the status says why', async () => {
  const away = sandbox.faults.add({ service: 'keystone', kind: 'answer', status: 401 });
  await using observed = await startObserved(sandbox, ['updates_bulk']);

  await observed.saw('concertim_openstack_reconcile_runs_total{scope="full",outcome="failed"} 1');

  const readiness = await observed.ask('/readyz');
  expect(readiness?.status).toBe(503);
  const status = (await (await observed.ask('/status'))?.json()) as Status;
  expect(status.updates?.failure?.why).toMatch(/Keystone refused/);
  expect(status.components[0]).toMatchObject({
    ready: false,
    status: expect.stringMatching(/Keystone refused/),
  });
  away();
});

test('three intervals after the last complete run it is not ready, and says which source is old', async () => {
  await using observed = await startObserved(sandbox, ['updates_bulk']);
  await observed.saw('concertim_openstack_component_ready{component="updates_bulk"} 1');
  const away = sandbox.faults.add({ service: 'heat', kind: 'answer', status: 503 });

  await observed.saw('concertim_openstack_component_ready{component="updates_bulk"} 0');

  const readiness = (await (await observed.ask('/readyz'))?.json()) as Pick<Status, 'components'>;
  away();
  expect(readiness.components[0]).toMatchObject({
    component: 'updates_bulk',
    ready: false,
    status: expect.stringMatching(
      /^nothing complete since \S+; .*; Heat has not answered since \S+ \(503\)$/,
    ),
  });
});

test('where the port is taken the components work all the same', async () => {
  const logged: string[] = [];
  const log = createLogger({ level: 'info', format: 'json', output: { write: (line) => logged.push(line) } });
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const server = new ObservabilityServer({
    proof: undefined,
    host: '127.0.0.1',
    ports: [(taken.address() as AddressInfo).port],
    scrape: async () => ({ contentType: 'text/plain', text: '' }),
    healths: () => [],
    status: () => {
      throw new Error('not asked for');
    },
    log,
  });

  await server.run(new AbortController().signal);

  taken.close();
  expect(logged.join()).toContain('failed to listen on observability.port');
});
