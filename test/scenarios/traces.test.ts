/** What the service does, as an OpenTelemetry collector hears of it over real HTTP. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { ComponentName } from '../../src/components.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { type Clock, systemClock } from '../../src/runtime/clock.ts';
import { userAgent, version } from '../../src/runtime/version.ts';
import { InMemoryNotifications } from '../../src/sandbox/notifications.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { Service } from '../../src/service.ts';
import { objectsShown, outOfStep } from '../support/in-step.ts';
import { until } from '../support/listening-scenario.ts';
import { HastyClock } from '../support/manual-clock.ts';
import { type OtlpCollector, type SentSpan, startCollector } from '../support/otlp-collector.ts';

interface Traced extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly service: Service;
  readonly folder: string;
  readonly logged: string[];
  /** The address of the component api, once it listens. */
  readonly apiUrl: Promise<string>;
  /** Ends the service: all that is left is sent. */
  end(): Promise<void>;
}

async function startTraced(
  endpoint: string | undefined,
  components: readonly ComponentName[],
  clock: Clock = systemClock,
): Promise<Traced> {
  const sandbox = await startSandbox({ projects: 1, stacks: 1, servers: 2, pace: 0, clock });
  const folder = mkdtempSync(join(tmpdir(), 'traces-'));
  const file = join(folder, 'config.yaml');
  const observability = endpoint === undefined ? {} : { otlp_endpoint: endpoint };
  writeFileSync(file, stringify({ ...sandbox.config, data_dir: 'data', observability }));
  const config = loadConfig({ file, env: {} });
  const logged: string[] = [];
  const api = Promise.withResolvers<string>();
  const service = new Service({
    config: { ...config, api: { ...config.api, host: '127.0.0.1', port: 0 } },
    components,
    clock,
    notifications: new InMemoryNotifications(sandbox.cloud),
    log: createLogger({
      level: 'debug',
      format: 'json',
      output: {
        write(line) {
          logged.push(line);
          const { msg, url } = JSON.parse(line) as { msg: string; url?: string };
          if (msg === 'listening' && url) api.resolve(url);
        },
      },
    }),
  });
  return {
    sandbox,
    service,
    folder,
    logged,
    apiUrl: api.promise,
    end: () => service[Symbol.asyncDispose](),
    async [Symbol.asyncDispose]() {
      await service[Symbol.asyncDispose]();
      await sandbox.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const createDevice = 'POST /api/v1/nodes';
const updateDevice = 'PATCH /api/v1/devices/{id}';
const ofNoTrace = 'HEAD / of nothing';
const never = new AbortController().signal;

/** The names from a span up to the root of its trace. */
function lineage(collector: OtlpCollector, span: SentSpan): string[] {
  const parent = collector.spans().find(({ spanId }) => spanId === span.parentSpanId);
  return [span.name, ...(parent ? lineage(collector, parent) : [])];
}

test('a run is one trace: a span for each request, an event for each change', async () => {
  await using collector = await startCollector();
  await using traced = await startTraced(collector.url, ['updates_bulk']);
  const { sandbox } = traced;

  await traced.service.runOnce(never);
  await traced.end();

  const spans = collector.spans();
  const [run] = spans.filter(({ parentSpanId }) => parentSpanId === undefined);
  expect(run?.name).toBe('reconcile full');
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
  const requests = spans.filter(({ kind }) => kind === 3);
  const seen = Object.values(sandbox.services).flatMap((service) => service.seen);
  expect(requests.map(({ attributes }) => String(attributes['http.request.method'])).toSorted()).toEqual(
    seen.map(({ method }) => method).toSorted(),
  );
  expect(requests.find(({ name }) => name === 'GET /servers/detail')).toMatchObject({
    attributes: {
      'peer.service': 'Nova',
      'http.response.status_code': 200,
      'openstack.request_id': expect.stringMatching(/^req-/),
    },
    hasFailed: false,
  });
  const changed = run?.events.filter(({ name }) => name === 'changed') ?? [];
  expect(changed).toContainEqual({
    name: 'changed',
    attributes: expect.objectContaining({
      object: 'rack',
      change: 'create-rack',
      why: 'its stack has no rack yet',
    }),
  });
  expect(changed).toHaveLength(run?.attributes['changes'] as number);
  const made = spans.filter(({ name }) => name === createDevice);
  expect(made.map((span) => lineage(collector, span))).toEqual(
    made.map(() => [createDevice, 'create-device', 'reconcile full']),
  );
  expect(made).toHaveLength(objectsShown(sandbox).length);
  expect(collector.resource()).toMatchObject({
    'service.name': 'concertim-openstack-service',
    'service.version': version,
  });
  expect([...collector.userAgents].every((agent) => agent.startsWith(userAgent))).toBe(true);
});

test('the trace of a notification goes on to the PATCH that it brings about', async () => {
  await using collector = await startCollector();
  await using traced = await startTraced(collector.url, ['updates_bulk', 'updates_mq']);
  const { sandbox, service, logged } = traced;
  const stop = new AbortController();
  const running = service.run(stop.signal);
  const reconciled = (scope: string) => () =>
    logged.some((line) => line.includes('"msg":"reconciled"') && line.includes(`"scope":"${scope}"`));
  await until(reconciled('full'), 10_000, () => logged.join(''));
  const [server] = sandbox.cloud.compute.servers();

  sandbox.cloud.compute.act(server?.id ?? '', 'stop');
  await until(reconciled('targeted'), 10_000, () => logged.join(''));
  stop.abort();
  await running;
  await traced.end();

  const patches = collector.spans().filter(({ name }) => name === updateDevice);
  const [device, update, run, notification] = lineage(collector, patches.at(-1) as SentSpan);
  expect([device, update, run]).toEqual([updateDevice, 'update-device', 'reconcile targeted']);
  expect(notification).toMatch(/^(compute\.)?instance\./);
  expect(collector.spans().find(({ name }) => name === notification)?.attributes).toMatchObject({
    exchange: 'nova',
    objects: expect.stringContaining(server?.id ?? ''),
  });
});

test('a cycle of figures is a trace, with the requests to Gnocchi and to the portal', async () => {
  await using collector = await startCollector();
  const clock = new HastyClock();
  await using traced = await startTraced(collector.url, ['updates_bulk', 'metrics'], clock);
  await traced.service.runOnce(never);
  // Time in which there is something to measure.
  await clock.sleep(3_600_000);

  await traced.service.runOnce(never);
  await traced.end();

  const figures = collector.spans().filter(({ name }) => name === 'PUT /mrd/{id}/metrics');
  expect(figures.length).toBeGreaterThan(0);
  expect(lineage(collector, figures[0] as SentSpan)).toEqual(['PUT /mrd/{id}/metrics', 'metrics cycle']);
});

test('a request of the portal is a trace, with the requests to the cloud that it causes', async () => {
  await using collector = await startCollector();
  await using traced = await startTraced(collector.url, ['api']);
  const { sandbox, service } = traced;
  const stop = new AbortController();
  const running = service.run(stop.signal);
  const { body, id } = statusChange(sandbox);

  const answer = await fetch(`${await traced.apiUrl}/update_status/devices/${id}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  await fetch(`${await traced.apiUrl}/${encodeURIComponent(ofNoTrace)}`);
  stop.abort();
  await running;
  await traced.end();

  expect(answer.status).toBe(202);
  const spans = collector.spans();
  const [served] = spans.filter(({ kind }) => kind === 2);
  expect(served).toMatchObject({
    name: 'POST /update_status/:type/:id',
    attributes: { 'http.response.status_code': 202, requestId: answer.headers.get('x-request-id') },
  });
  const asked = spans.filter(({ parentSpanId }) => parentSpanId === served?.spanId).map(({ name }) => name);
  expect(asked).toContain('POST /auth/tokens');
  expect(asked.some((name) => name.includes('/action'))).toBe(true);
  expect(collector.bodies.join()).not.toContain(ofNoTrace);
});

test('nothing secret is in a trace', async () => {
  const canary = 'c4n4ry';
  await using collector = await startCollector();
  await using traced = await startTraced(collector.url, ['updates_bulk', 'metrics', 'api']);
  const { sandbox, service, folder } = traced;
  const { identity } = sandbox.cloud;
  const tokens: string[] = [];
  const issue = identity.issueToken.bind(identity);
  identity.issueToken = (draft) => {
    const token = issue(draft);
    tokens.push(token.id);
    return token;
  };
  // What the other side says in its errors is passed on in ours, the password of an address too.
  sandbox.faults.add({
    service: 'concertim',
    method: 'POST',
    path: /racks/,
    kind: 'answer',
    status: 422,
    body: JSON.stringify({ errors: { name: [`see https://root:${canary}@example.com/`] } }),
  });
  const stop = new AbortController();
  const running = service.run(stop.signal);
  const { body, id } = statusChange(sandbox);

  await fetch(`${await traced.apiUrl}/update_status/devices/${id}?token=${canary}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${canary}` },
    body: JSON.stringify({ ...body, cloud_env: { ...body.cloud_env, password: canary } }),
  });
  await until(
    () => traced.logged.some((line) => line.includes('reconciled')),
    10_000,
    () => traced.logged.join(''),
  );
  stop.abort();
  await running;
  await traced.end();
  // Written by the end of the service.
  const grant = JSON.parse(readFileSync(join(folder, 'data/concertim-token.json'), 'utf8')) as {
    token: string;
  };

  const sent = collector.bodies.join('\n');
  expect(sent).toContain('change failed');
  expect(sent).toContain('POST /update_status');
  expect(sent).not.toContain(canary);
  expect(tokens.length).toBeGreaterThan(0);
  expect(tokens.filter((token) => sent.includes(token))).toEqual([]);
  expect(grant.token.length).toBeGreaterThan(20);
  expect(sent).not.toContain(grant.token);
  const outputs = [...sandbox.cloud.orchestration.stacks()].flatMap(({ outputs }) => Object.values(outputs));
  for (const output of outputs) expect(sent).not.toContain(JSON.stringify(output));
});

test.each(['refuses', 'is silent', 'is away'] as const)(
  'a collector that %s disturbs nothing, and is logged once',
  async (state) => {
    await using collector = await startCollector(state === 'is away' ? 'takes' : state);
    const endpoint = state === 'is away' ? 'http://127.0.0.1:1' : collector.url;
    await using traced = await startTraced(endpoint, ['updates_bulk']);

    const isWell = await traced.service.runOnce(never);
    const startedAt = performance.now();
    await traced.end();

    expect(isWell).toBe(true);
    expect(outOfStep(traced.sandbox)).toEqual([]);
    // Of the ten seconds that a process has to end, the API server may take six before.
    expect(performance.now() - startedAt).toBeLessThan(3_500);
    const told = traced.logged.filter((line) => line.includes('failed to export traces'));
    expect(told).toHaveLength(1);
    expect(told[0]).toContain(`${endpoint}/v1/traces`);
  },
);

test('without an endpoint nothing is traced', async () => {
  await using collector = await startCollector();
  await using traced = await startTraced(undefined, ['updates_bulk']);

  await traced.service.runOnce(never);
  await traced.end();

  expect(collector.bodies).toEqual([]);
});

function statusChange({ config, population, cloud }: Sandbox) {
  const [account] = population.accounts;
  const [server] = cloud.compute.servers();
  const cloud_env = {
    auth_url: config.openstack.auth_url,
    user_id: account?.user.id,
    password: account?.user.password,
    project_id: account?.project.id,
  };
  return { id: server?.id ?? '', body: { cloud_env, action: 'off' } };
}
