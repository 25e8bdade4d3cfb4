import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { queueNames } from '../../src/amqp/queues.ts';
import { mostBodyBytes } from '../../src/amqp/raw-messages.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { type EmittedMessage, exchanges } from '../../src/sandbox/notifications.ts';
import { publishNotifications } from '../../src/sandbox/notifications-rabbitmq.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts';
import type { SandboxCloud } from '../../src/sandbox/sandbox-cloud.ts';
import { Service } from '../../src/service.ts';
import { plantCanaries } from '../support/canaries.ts';
import { outOfStep } from '../support/in-step.ts';
import { Invariants } from '../support/invariants.ts';
import { startCollector } from '../support/otlp-collector.ts';
import { type PrivateBroker, withConnection } from '../support/rabbitmq.ts';
import { BrokerProxy, type Weather } from './broker-proxy.ts';
import type { Cell, FaultName } from './matrix.ts';
import type { CellResult } from './run-cell.ts';

const faultMs = 4_000;
const mostRecoveryMs = 45_000;
/** Between full runs: what was lost is found by these, as it would be after 150 s. */
const intervalS = 6;
const password = 'canary-rabbitmq-pa55word';

/** What can be harmed of one scenario on a broker that others use too. */
interface Harm {
  readonly broker: PrivateBroker;
  readonly proxy: BrokerProxy;
  readonly user: string;
  readonly names: ReturnType<typeof queueNames>;
  readonly messages: MessageFate;
}

/** In which what happens in another cloud is shown while the broker of one is in trouble: far less than between full runs. */
const mostLagMs = 2_000;

/**
 * The same as the cells of HTTP, on a real RabbitMQ and in real time, in which full runs are seconds apart.
 *
 * @param options.clouds names; the broker of the last one is in trouble. Default: one cloud
 * @throws what does not hold in the end, or was harmed meanwhile
 */
export async function runBrokerCell(
  cell: Pick<Cell, 'fault' | 'phase'>,
  broker: PrivateBroker,
  options: Pick<SandboxOptions, 'clouds'> = {},
): Promise<CellResult> {
  await using sandbox = await startSandbox({ ...options, projects: 2, stacks: 3, servers: 3, pace: 0 });
  const { configOfAll, canaries } = plantCanaries(sandbox, [password]);
  const invariants = new Invariants(sandbox, canaries);
  await using collector = await startCollector();
  const prefix = `cell-${randomUUID().slice(0, 8)}-`;
  const user = `${prefix}user`;
  await broker.control('add_user', user, password);
  await broker.control('set_permissions', user, '.*', '.*', '.*');
  await using proxy = await BrokerProxy.start(broker);
  const messages = new MessageFate();
  await using publishers = new AsyncDisposableStack();
  const troubled = sandbox.clouds.at(-1);
  const prefixOf = (cloud: SandboxCloud) => (cloud === troubled ? prefix : `${prefix}${cloud.name}-`);
  for (const site of sandbox.clouds) {
    const publisher = await publishNotifications(site.cloud, broker.url, {
      exchangePrefix: prefixOf(site),
      ...(site === troubled && { onTheWay: (message) => messages.pass(message) }),
      onError: () => {},
    });
    publishers.use(publisher);
  }
  const names = queueNames(`${prefix}x`);
  const folder = mkdtempSync(join(tmpdir(), 'cell-'));
  const file = join(folder, 'config.yaml');
  const rmqOf = (site: SandboxCloud) => ({
    rmq_address: '127.0.0.1',
    rmq_port: site === troubled ? proxy.port : broker.port,
    rmq_username: site === troubled ? user : 'guest',
    rmq_password: site === troubled ? password : 'guest',
    deployment: `${prefixOf(site)}x`,
    exchanges: exchanges.map((name) => `${prefixOf(site)}${name}`),
  });
  writeFileSync(
    file,
    stringify({
      ...configOfAll((site) => ({ rmq: rmqOf(site) })),
      updates: { interval: intervalS },
      observability: { otlp_endpoint: collector.url },
    }),
  );
  const printed: string[] = [];
  const service = new Service({
    config: loadConfig({ file, env: {} }),
    components: ['updates_bulk', 'updates_mq'],
    log: createLogger({
      level: 'debug',
      format: 'json',
      output: { write: (line) => void printed.push(line) },
    }),
  });
  const stop = new AbortController();
  let running: Promise<void> | undefined;
  const start = () => {
    running = service.run(stop.signal);
    running.catch(() => {});
  };
  const untilRight = async () => {
    const startedAt = performance.now();
    for (;;) {
      const isRight =
        invariants.broken().length === 0 &&
        printed.findLastIndex(isListening) > printed.findLastIndex(isDeaf);
      const ms = performance.now() - startedAt;
      if (isRight) return ms;
      if (ms > mostRecoveryMs) return undefined;
      await systemClock.sleep(50);
    }
  };
  const harm: Harm = { broker, proxy, user, names, messages };
  try {
    if (cell.phase !== 'first run') {
      start();
      if ((await untilRight()) === undefined) throw new Error(`no beginning: ${printed.at(-1)}`);
    }
    // It is going when the fault begins.
    const burst = cell.phase === 'burst' ? live(sandbox, 10, 500) : undefined;
    const end = await harmings[cell.fault]?.(harm);
    if (!end) throw new Error(`"${cell.fault}" has no meaning for RabbitMQ`);
    if (cell.phase === 'first run') start();
    await Promise.all([burst, live(sandbox, cell.phase === 'burst' ? 60 : 3, faultMs)]);
    const unshown = await unshownOf(sandbox);
    await end();
    const recoveryMs = await untilRight();
    stop.abort();
    await running;
    // What is left of the traces is sent then.
    await service[Symbol.asyncDispose]();
    const problems = [
      ...unshown,
      ...invariants.broken([...printed, ...collector.bodies]),
      ...(recoveryMs === undefined ? [`does not listen: ${printed.findLast(isDeaf) ?? printed.at(-1)}`] : []),
    ];
    if (recoveryMs === undefined || problems.length > 0) throw new Error(problems.slice(0, 8).join('; '));
    return { recoveryS: recoveryMs / 1_000 };
  } finally {
    stop.abort();
    await running;
    await service[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
    for (const site of sandbox.clouds) await tidy(broker, prefixOf(site), queueNames(`${prefixOf(site)}x`));
    await broker.control('delete_user', user);
  }
}

const isListening = (line: string) => line.includes('"listening to notifications"');
/** The listener alone: whoever lost the right to write is not deaf. */
const isDeaf = (line: string) =>
  line.includes('"failed to connect to RabbitMQ, will retry"') && line.includes('"component":"updates_mq"');

/** What of the clouds whose broker is in no trouble is not shown, although it is not waited for a full run. */
async function unshownOf(sandbox: Sandbox): Promise<string[]> {
  const others = sandbox.clouds.slice(0, -1);
  const startedAt = performance.now();
  for (;;) {
    const wrong = outOfStep(sandbox, others).map((each) => `during the fault: ${each}`);
    if (wrong.length === 0 || performance.now() - startedAt > mostLagMs) return wrong;
    await systemClock.sleep(20);
  }
}

/** So many changes of the cloud, in so long. */
async function live(sandbox: Sandbox, steps: number, ms: number): Promise<void> {
  for (let step = 0; step < steps; step++) {
    sandbox.tick();
    await systemClock.sleep(ms / steps);
  }
}

type Harming = (harm: Harm) => Promise<() => Promise<unknown>>;

const weather =
  (bad: Weather): Harming =>
  async ({ proxy }) => {
    proxy.change(bad);
    return async () => proxy.change('fair');
  };

const fate =
  (
    spoil: (message: EmittedMessage, before: readonly EmittedMessage[]) => readonly EmittedMessage[],
  ): Harming =>
  async ({ messages }) => {
    messages.spoil = spoil;
    return async () => {
      messages.spoil = undefined;
    };
  };

/** What the account may have of the broker: beyond it the connection is closed, with a reason. */
function limit(what: 'max-connections' | 'max-channels', most: number): Harming {
  return async ({ broker, user, proxy }) => {
    await broker.control('set_user_limits', user, JSON.stringify({ [what]: most }));
    proxy.reset();
    return () => broker.control('clear_user_limits', user, 'all');
  };
}

/** Longer than the listener reads of a message; parsed, it would take twenty times as much memory. */
const hugeBody = `[${'{},'.repeat(mostBodyBytes / 3)}{}]`;

const harmings: Partial<Record<FaultName, Harming>> = {
  'connection refused': async ({ proxy }) => {
    await proxy.close();
    return () => proxy.open();
  },
  'reset before it was carried out': weather('reset at once'),
  'reset after it was carried out': weather('reset after'),
  'time-out': weather('silent'),
  '401': async ({ broker, user, proxy }) => {
    await broker.control('change_password', user, 'another');
    proxy.reset();
    return () => broker.control('change_password', user, password);
  },
  '403': async ({ broker, user, proxy }) => {
    await broker.control('set_permissions', user, '^$', '^$', '^$');
    proxy.reset();
    return () => broker.control('set_permissions', user, '.*', '.*', '.*');
  },
  '404': async ({ broker, names }) => {
    // Deleted whenever it is there again.
    const over = new AbortController();
    const deleting = (async () => {
      while (!over.signal.aborted) {
        await withConnection(broker.url, (connection) =>
          connection.queueDelete({ queue: names.notifications }),
        );
        await systemClock.sleep(300);
      }
    })();
    return async () => {
      over.abort();
      await deleting;
    };
  },
  '409': async ({ broker, names, proxy }) => {
    const declare = { queue: names.notifications, durable: true, arguments: { 'x-max-length': 7 } };
    await withConnection(broker.url, async (connection) => {
      await connection.queueDelete({ queue: names.notifications });
      await connection.queueDeclare(declare);
    });
    proxy.reset();
    return async () => {};
  },
  '429 with Retry-After': limit('max-channels', 1),
  '503': limit('max-connections', 0),
  '502 with HTML': weather('html'),
  'truncated JSON': fate((message) => [{ ...message, body: message.body.slice(0, message.body.length / 2) }]),
  'wrong types': fate((message) => [
    { ...message, body: message.body.replaceAll(/\\"(payload|event_type)\\": ?/g, '$&7, \\"x\\": ') },
  ]),
  'empty list': fate(() => []),
  'half a list': fate((message, before) => (before.length % 2 === 0 ? [message] : [])),
  'duplicate entries': fate((message) => [message, message, message]),
  'stale list': fate((message, before) => [...before.slice(-5), message, ...before.slice(0, 5)]),
  'slow loris': weather('trickle'),
  'huge message': fate((message) => [{ ...message, body: hugeBody }]),
};

/** What becomes of the cloud's messages on their way to the broker. */
class MessageFate {
  spoil:
    | ((message: EmittedMessage, before: readonly EmittedMessage[]) => readonly EmittedMessage[])
    | undefined;
  readonly #before: EmittedMessage[] = [];

  pass(message: EmittedMessage): readonly EmittedMessage[] {
    const passed = this.spoil?.(message, this.#before) ?? [message];
    this.#before.push(message);
    return passed;
  }
}

async function tidy(
  broker: PrivateBroker,
  prefix: string,
  { exchange, ...queues }: ReturnType<typeof queueNames>,
): Promise<void> {
  await withConnection(broker.url, async (connection) => {
    for (const queue of [
      ...Object.values(queues),
      `${prefix}notifications.info`,
      `${prefix}notifications.error`,
    ])
      await connection.queueDelete({ queue });
    for (const name of [exchange, ...exchanges.map((each) => `${prefix}${each}`)])
      await connection.exchangeDelete({ exchange: name });
  });
}
