/** One trace through several processes: what goes over RabbitMQ from one to the other is joined at its end. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { userAgent } from '../../src/runtime/version.ts';
import { freePort } from '../../src/sandbox/free-port.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { adminOf } from '../support/api-cloud.ts';
import { type Canaries, plantCanaries } from '../support/canaries.ts';
import { type Command, command } from '../support/command.ts';
import { type Listening, startListening } from '../support/listening-scenario.ts';
import { type OtlpCollector, type SentSpan, startCollector } from '../support/otlp-collector.ts';
import { type PrivateBroker, startPrivateBroker, whyNoPrivateBroker } from '../support/rabbitmq.ts';

const why = whyNoPrivateBroker();
const updateDevice = 'PATCH /api/v1/devices/{id}';

describe.skipIf(why !== undefined)(`with a RabbitMQ${why ? ` (skipped: ${why})` : ''}`, () => {
  let broker: PrivateBroker;
  beforeAll(async () => {
    broker = await startPrivateBroker();
  }, 90_000);
  afterAll(async () => {
    await broker[Symbol.asyncDispose]();
  });

  test('from a notification, by updates_mq, to the PATCH of the writer', { timeout: 60_000 }, async () => {
    await using traced = await startTraced('updates_mq', 'listening to notifications');
    const { listening, collector, canaries, writer } = traced;
    // The full run that whoever begins to listen asks for.
    await writer.saw('"msg":"in step"');
    const [server] = listening.sandbox.cloud.compute.servers();

    listening.sandbox.cloud.compute.act(server?.id ?? '', 'stop');
    await listening.inStep();
    await traced.end();

    const chain = lineage(collector, patchOf(collector));
    expect(chain.map(({ name }) => name)).toEqual([
      updateDevice,
      'update-device',
      'reconcile targeted',
      'request',
      expect.stringMatching(/^compute\.instance\./),
    ]);
    expect(new Set(chain.map(({ traceId }) => traceId)).size).toBe(1);
    expect(canaries.foundIn(collector.bodies)).toEqual([]);
  });

  test('from a request of the portal, by api, to the PATCH of the writer', { timeout: 60_000 }, async () => {
    await using traced = await startTraced('api', 'forwarded to the writer');
    const { listening, collector, canaries, config, other } = traced;
    const { url } = JSON.parse(await other.saw('"listening"')) as { url: string };
    const [server] = listening.sandbox.cloud.compute.servers();

    const answer = await fetch(`${url}/update_status/devices/${server?.id}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        cloud_env: { ...adminOf(listening.sandbox), password: config.openstack.password },
        action: 'off',
      }),
    });
    await listening.inStep();
    await traced.end();

    expect(answer.status).toBe(202);
    const chain = lineage(collector, patchOf(collector));
    expect(chain.map(({ name }) => name)).toEqual([
      updateDevice,
      'update-device',
      'reconcile targeted',
      'request',
      'POST /update_status/:type/:id',
    ]);
    expect(new Set(chain.map(({ traceId }) => traceId)).size).toBe(1);
    expect(canaries.foundIn(collector.bodies)).toEqual([]);
  });

  test('every connection says which service and version it is of', { timeout: 60_000 }, async () => {
    await using traced = await startTraced('updates_mq', 'listening to notifications');

    const listed = await broker.control('--quiet', 'list_connections', 'client_properties');

    const names = [...listed.matchAll(/"connection_name","([^"]+)"/g)].map(([, name = '']) => name);
    const ours = names.filter((name) => name !== 'concertim sandbox');
    expect(ours).toEqual(expect.arrayContaining([`concertim writer (${userAgent})`]));
    expect(ours.filter((name) => !name.endsWith(`(${userAgent})`))).toEqual([]);
    await traced.end();
  });

  interface Traced extends AsyncDisposable {
    readonly listening: Listening;
    readonly collector: OtlpCollector;
    readonly canaries: Canaries;
    /** With the canaries as passwords. */
    readonly config: Sandbox['config'];
    readonly writer: Command;
    /** The process beside it. */
    readonly other: Command;
    /** Ends both processes, which send what is left. */
    end(): Promise<void>;
  }

  /** A sandbox in step; `updates_bulk`, the writer, and another component, each a process with traces. */
  async function startTraced(component: string, isUp: string): Promise<Traced> {
    const listening = await startListening({ broker, withService: false });
    const collector = await startCollector();
    const { canaries, config } = plantCanaries(listening.sandbox);
    const file = await listening.configWith({
      ...config,
      api: { port: await freePort() },
      observability: { otlp_endpoint: collector.url },
    });
    const writer = command('run', 'updates_bulk', '--config', file);
    await writer.saw('became the writer of the portal');
    await listening.inStep();
    const other = command('run', component, '--config', file);
    await other.saw(isUp);
    const end = async (signal: NodeJS.Signals = 'SIGTERM') => {
      for (const each of [writer, other]) each.kill(signal);
      await Promise.all([writer.finished, other.finished]);
    };
    return {
      listening,
      collector,
      canaries,
      config,
      writer,
      other,
      end,
      async [Symbol.asyncDispose]() {
        await end('SIGKILL');
        await collector[Symbol.asyncDispose]();
        await listening[Symbol.asyncDispose]();
      },
    };
  }
});

function patchOf(collector: OtlpCollector): SentSpan {
  const patch = collector.spans().findLast(({ name }) => name === updateDevice);
  if (!patch)
    throw new Error(
      `no ${updateDevice} among ${collector
        .spans()
        .map(({ name }) => name)
        .join()}`,
    );
  return patch;
}

/** From a span up to the root of its trace. */
function lineage(collector: OtlpCollector, span: SentSpan): SentSpan[] {
  const parent = collector.spans().find(({ spanId }) => spanId === span.parentSpanId);
  return [span, ...(parent ? lineage(collector, parent) : [])];
}
