import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { queueNames } from '../../src/amqp/queues.ts';
import type { ComponentName } from '../../src/components.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createLogger } from '../../src/observability/logger.ts';
import type { RunReport } from '../../src/reconcile/run-report.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { type EmittedMessage, exchanges } from '../../src/sandbox/notifications.ts';
import { publishNotifications } from '../../src/sandbox/notifications-rabbitmq.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts';
import { Service } from '../../src/service.ts';
import { plantCanaries } from './canaries.ts';
import { outOfStep } from './in-step.ts';
import { Invariants } from './invariants.ts';
import { portalRelease } from './portal-release.ts';
import { type TestBroker, withConnection } from './rabbitmq.ts';

export interface ListeningOptions extends SandboxOptions {
  readonly broker: TestBroker;
  readonly rmq?: Record<string, unknown>;
  readonly components?: readonly ComponentName[];
  /** Seconds between full runs; default an hour: what shows has been announced. */
  readonly interval?: number;
  /** What becomes of each message on its way to the broker. Default: itself, once. */
  readonly onTheWay?: (message: EmittedMessage) => readonly EmittedMessage[];
  /** With things made by hand in the portal, and secrets that can be searched for: see `harmed`. Default false. */
  readonly isWatched?: boolean;
  /** What is done at the broker before the service starts. */
  readonly prepare?: (names: ReturnType<typeof queueNames>) => Promise<void>;
  /** Whether the service runs in this process from the beginning. Default true. */
  readonly withService?: boolean;
}

/** A sandbox that announces what happens in it over RabbitMQ, and the service that listens, in real time. */
export interface Listening extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly names: ReturnType<typeof queueNames>;
  /** The names of this scenario's exchanges and shared queue begin with it. */
  readonly prefix: string;
  readonly configFile: string;
  /** Another configuration file, with these keys in place of the first one's. @returns its path */
  configWith(changes: { readonly rmq?: object } & Readonly<Record<string, object>>): Promise<string>;
  readonly logged: string[];
  readonly reports: RunReport[];
  /** Resolves when everything that has happened was sent. */
  sent(): Promise<void>;
  /** Resolves when the portal shows the cloud. @returns how long it took, ms */
  inStep(withinMs?: number): Promise<number>;
  saw(text: string, withinMs?: number): Promise<void>;
  /** What was harmed for good, and secrets in what was logged; where it is watched. */
  harmed(): string[];
}

export async function startListening(options: ListeningOptions): Promise<Listening> {
  const {
    broker,
    rmq = {},
    components,
    interval = 3_600,
    withService = true,
    prepare,
    onTheWay,
    isWatched = false,
    ...sandboxOptions
  } = options;
  const sandbox = await startSandbox({
    projects: 2,
    stacks: 2,
    servers: 3,
    pace: 0,
    release: portalRelease(),
    ...sandboxOptions,
  });
  const planted = isWatched ? plantCanaries(sandbox) : undefined;
  const invariants = planted && new Invariants(sandbox, planted.canaries);
  const prefix = `test-${randomUUID().slice(0, 8)}-`;
  const names = queueNames(`${prefix}x`);
  const publisher = await publishNotifications(sandbox.cloud, broker.url, {
    exchangePrefix: prefix,
    ...(onTheWay && { onTheWay }),
    onError: () => {},
  });
  const folder = mkdtempSync(join(tmpdir(), 'listening-'));
  const configFile = join(folder, 'config.yaml');
  const settings = {
    ...(planted?.config ?? sandbox.config),
    log_level: 'debug',
    updates: { interval },
    rmq: {
      rmq_address: broker.host,
      rmq_port: broker.port,
      rmq_username: 'guest',
      rmq_password: 'guest',
      deployment: `${prefix}x`,
      exchanges: exchanges.map((exchange) => `${prefix}${exchange}`),
      ...rmq,
    },
  };
  writeFileSync(configFile, stringify(settings));
  const logged: string[] = [];
  const reports: RunReport[] = [];
  const stop = new AbortController();
  await prepare?.(names);
  const service = withService
    ? new Service({
        config: loadConfig({ file: configFile }),
        components: components ?? ['updates_bulk', 'updates_mq'],
        log: createLogger({
          level: 'debug',
          format: 'json',
          output: { write: (line) => void logged.push(line) },
        }),
        onReport: (report) => void reports.push(report),
      })
    : undefined;
  const running = service?.run(stop.signal);
  const saw = async (text: string, withinMs = 15_000) => {
    await until(
      () => logged.some((line) => line.includes(text)),
      withinMs,
      () => `"${text}" in ${logged.join('')}`,
    );
  };
  const inStep = async (withinMs = 15_000) => {
    const startedAt = performance.now();
    await until(
      () => outOfStep(sandbox).length === 0,
      withinMs,
      () => outOfStep(sandbox).slice(0, 5).join('; '),
    );
    return performance.now() - startedAt;
  };
  if (service) {
    if (!components || components.includes('updates_mq')) await saw('listening to notifications');
    await inStep(90_000);
    await quiet(reports);
  }
  return {
    sandbox,
    names,
    prefix,
    configFile,
    logged,
    reports,
    saw,
    inStep,
    async configWith(changes) {
      const file = join(folder, 'other.yaml');
      await writeFile(file, stringify({ ...settings, ...changes, rmq: { ...settings.rmq, ...changes.rmq } }));
      return file;
    },
    harmed: () => invariants?.harmed(logged) ?? [],
    sent: () => publisher.sent(),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
      await service?.[Symbol.asyncDispose]();
      await publisher[Symbol.asyncDispose]();
      await withConnection(broker.url, async (connection) => {
        const { exchange, ...queues } = names;
        for (const queue of Object.values(queues)) await connection.queueDelete({ queue });
        for (const queue of ['info', 'error'])
          await connection.queueDelete(`${prefix}notifications.${queue}`);
        for (const name of [exchange, ...exchanges.map((service) => `${prefix}${service}`)]) {
          await connection.exchangeDelete({ exchange: name });
        }
      });
      await sandbox.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Resolves when no run has ended for a while: the beginning is over. */
async function quiet(reports: readonly unknown[]): Promise<void> {
  for (let seen = -1; seen !== reports.length; ) {
    seen = reports.length;
    await systemClock.sleep(300);
  }
}

/** Looks every few milliseconds, but spends little of the time with looking. @throws with what was waited for */
export async function until(isSo: () => boolean, withinMs: number, what: () => string): Promise<void> {
  const end = performance.now() + withinMs;
  for (;;) {
    const lookedAt = performance.now();
    if (isSo()) return;
    if (lookedAt > end) throw new Error(`waited ${withinMs} ms in vain: ${what()}`);
    await systemClock.sleep(3 + 9 * (performance.now() - lookedAt));
  }
}
