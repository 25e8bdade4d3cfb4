import { EventEmitter, once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import type { ComponentName } from '../../src/components.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { ObservabilityServer } from '../../src/observability/observability-server.ts';
import type { Status } from '../../src/observability/status.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { Service } from '../../src/service.ts';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly { readonly alert: string; readonly expr: string }[];
  }[];
}
interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly targets: readonly { readonly expr: string }[];
  }[];
}

const alerts = (parse(read('etc/prometheus/alerts.yaml')) as Rules).groups.flatMap(({ rules }) =>
  rules.map(({ alert, expr }) => ({ where: `alert ${alert}`, expr })),
);
const panels = (JSON.parse(read('etc/grafana/concertim-openstack-service.json')) as Dashboard).panels.flatMap(
  ({ title, targets }) => targets.map(({ expr }) => ({ where: `panel ${title}`, expr })),
);

/** Labels by the names of the series in a scrape; a metric that has its help but no series has none. */
function seriesIn(scrape: string): Map<string, Set<string>> {
  const series = new Map<string, Set<string>>();
  for (const line of scrape.split('\n')) {
    const [, name = '', labels = ''] = /^(\w+)(?:\{(.*)\})? \S+$/.exec(line) ?? [];
    if (!name) continue;
    const known = series.get(name) ?? new Set();
    for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) known.add(label);
    series.set(name, known);
  }
  return series;
}

const metricsIn = (expr: string) => [...new Set(expr.match(/\bconcertim_openstack_\w+/g))];
const labelsIn = (expr: string) => [
  ...[...expr.matchAll(/\bby \(([\w, ]+)\)/g)].flatMap(([, names = '']) => names.split(', ')),
  ...[...expr.matchAll(/[{,]\s*(\w+)\s*[=!]/g)].map(([, name = '']) => name),
];

/** A service that runs on a sandbox, its own metrics and its API on any free port. */
async function startObserved(sandbox: Sandbox, components: readonly ComponentName[]): Promise<Observed> {
  const folder = mkdtempSync(join(tmpdir(), 'observed-'));
  const file = join(folder, 'config.yaml');
  const rmq = { rmq_address: '127.0.0.1', rmq_port: 1, rmq_password: 'secret' };
  writeFileSync(
    file,
    stringify({
      ...sandbox.config,
      updates: { interval: 1 },
      metrics: { interval: 1 },
      ...(components.includes('updates_mq') && { rmq }),
    }),
  );
  const config = loadConfig({ file, env: {} });
  const urls: string[] = [];
  const found = new EventEmitter();
  const log = createLogger({
    level: 'info',
    format: 'json',
    output: {
      write: (line) => {
        const { url } = JSON.parse(line) as { url?: string };
        if (url) found.emit('url', urls.push(url));
      },
    },
  });
  const service = new Service({
    config: {
      ...config,
      api: { ...config.api, host: '127.0.0.1', port: 0 },
      observability: { ...config.observability, port: 0 },
    },
    components,
    log,
  });
  const stop = new AbortController();
  const running = service.run(stop.signal);
  while (urls.length < (components.includes('api') ? 2 : 1)) await once(found, 'url');
  /** Of whoever knows the path: the API or the server of metrics. */
  const ask = async (path: string, method = 'GET') => {
    const answers = await Promise.all(urls.map((url) => fetch(url + path, { method })));
    return answers.find(({ status }) => status !== 404) ?? answers[0];
  };
  return {
    ask,
    async saw(text) {
      for (;;) {
        const scrape = (await (await ask('/metrics'))?.text()) ?? '';
        if (scrape.includes(text)) return scrape;
      }
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
      await service[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Observed extends AsyncDisposable {
  ask(path: string, method?: string): Promise<Response | undefined>;
  /** The first scrape that has the text in it. */
  saw(text: string): Promise<string>;
}

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ projects: 1, stacks: 2, servers: 2 });
});
afterAll(async () => {
  await sandbox.close();
});

test('every metric and label in alerts and dashboard is in a scrape', async () => {
  sandbox.faults.add({
    service: 'concertim',
    method: 'POST',
    path: /racks$/,
    kind: 'answer',
    status: 422,
    times: 1,
  });
  await using writer = await startObserved(sandbox, ['updates_bulk', 'metrics', 'api']);
  await using listener = await startObserved(sandbox, ['updates_mq']);
  await writer.ask('/openapi.json');
  await writer.saw('concertim_openstack_metrics_figures_total{outcome="sent"}');
  await writer.saw('concertim_openstack_api_requests_total{');

  const scrapes = [
    await writer.saw('\nconcertim_openstack_reconcile_last_complete_timestamp_seconds '),
    await listener.saw('concertim_openstack_notifications_listening 0'),
  ];

  const series = seriesIn(scrapes.join('\n'));
  for (const { where, expr } of [...alerts, ...panels]) {
    const names = metricsIn(expr);
    expect(names, where).not.toEqual([]);
    for (const name of names) {
      expect([...series.keys()], where).toContain(name);
      for (const label of labelsIn(expr))
        expect([...(series.get(name) ?? [])], `${where}: ${name}`).toContain(label);
    }
  }
});

test('status, health and readiness of the components are told, and nothing else', async () => {
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

  away();
  const readiness = (await (await observed.ask('/readyz'))?.json()) as Pick<Status, 'components'>;
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
  expect(logged.join()).toContain('own metrics are not served');
});
