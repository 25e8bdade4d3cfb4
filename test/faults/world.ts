import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type ComponentName, componentNames } from '../../src/components.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { NotificationSource } from '../../src/notifications/source.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { seededRandom } from '../../src/runtime/random.ts';
import { InMemoryNotifications } from '../../src/sandbox/notifications.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts';
import { Service } from '../../src/service.ts';
import { type Canaries, plantCanaries } from '../support/canaries.ts';
import { outOfStep } from '../support/in-step.ts';
import { Invariants } from '../support/invariants.ts';
import { constantLoad } from '../support/metrics-scenario.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

export interface WorldOptions
  extends Pick<SandboxOptions, 'seed' | 'projects' | 'stacks' | 'servers' | 'tokenLifetimeS'> {
  /** Longest exchange, in real time: time-outs are what time is spent on. Default 200 ms. */
  readonly exchangeMs?: number;
  /** Default: all. */
  readonly components?: readonly ComponentName[];
  /** Between cloud and service, in place of a broker that loses nothing. */
  readonly notifications?: (sandbox: Sandbox) => NotificationSource;
}

/**
 * A sandbox and the whole service on it, all components in their own loops, in a time that passes as quickly as the work in
 * it is done.
 */
export class World implements AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly clock: VirtualClock;
  readonly invariants: Invariants;
  readonly canaries: Canaries;
  /** All that the service has printed and answered to anybody. */
  readonly printed: string[] = [];
  readonly #configFile: string;
  readonly #notifications: NotificationSource;
  readonly #exchangeMs: number;
  readonly #components: readonly ComponentName[];
  readonly #figures = new Map<string, Set<number>>();
  /** When something last happened to a server. */
  readonly #steadySince = new Map<string, number>();
  /** Servers whose counters may have stood still, or begun anew. */
  readonly #disturbed = new Set<string>();
  #running: { readonly stop: AbortController; readonly ended: Promise<void> } | undefined;

  private constructor(parts: {
    sandbox: Sandbox;
    clock: VirtualClock;
    canaries: Canaries;
    configFile: string;
    notifications: NotificationSource;
    exchangeMs: number;
    components: readonly ComponentName[];
  }) {
    this.sandbox = parts.sandbox;
    this.clock = parts.clock;
    this.canaries = parts.canaries;
    this.#configFile = parts.configFile;
    this.#notifications = parts.notifications;
    this.#exchangeMs = parts.exchangeMs;
    this.#components = parts.components;
    this.invariants = new Invariants(parts.sandbox, parts.canaries);
    const { cloud, telemetry } = parts.sandbox;
    for (const { id } of cloud.compute.servers()) {
      telemetry.except(id, { load: constantLoad() });
      this.#steadySince.set(id, parts.clock.now());
    }
    cloud.onEvent((event) => {
      if (!('server' in event)) return;
      const { id } = event.server;
      telemetry.except(id, { load: constantLoad() });
      this.#steadySince.set(id, parts.clock.now());
      this.#disturbed.add(id);
    });
  }

  /** A cloud with some history, a portal that knows nothing of it, and a service that is not started yet. */
  static async create(options: WorldOptions = {}): Promise<World> {
    const {
      notifications = (sandbox: Sandbox) => new InMemoryNotifications(sandbox.cloud),
      exchangeMs = 200,
      components = componentNames,
      ...size
    } = options;
    const origins = new Set<string>();
    const clock = new VirtualClock((origin) => origins.has(origin));
    const sandbox = await startSandbox({ projects: 2, stacks: 3, servers: 3, ...size, pace: 0, clock });
    for (const { url } of Object.values(sandbox.services)) origins.add(url);
    const { canaries, config } = plantCanaries(sandbox);
    await clock.pass(headStartMs);
    const configFile = join(mkdtempSync(join(tmpdir(), 'world-')), 'config.yaml');
    writeFileSync(configFile, stringify(config));
    return new World({
      sandbox,
      clock,
      canaries,
      configFile,
      exchangeMs,
      components,
      notifications: notifications(sandbox),
    });
  }

  /** The service's process starts. */
  start(): void {
    const output = { write: (line: string) => void this.printed.push(line) };
    const config = loadConfig({ file: this.#configFile, env: {} });
    const service = new Service({
      config: {
        ...config,
        api: { ...config.api, host: '127.0.0.1', port: 0 },
        observability: { ...config.observability, port: 0 },
      },
      components: this.#components,
      clock: this.clock,
      random: seededRandom(1),
      exchangeMs: this.#exchangeMs,
      notifications: this.#notifications,
      log: createLogger({ level: 'debug', format: 'json', output }),
    });
    const stop = new AbortController();
    const ended = run(service, stop.signal);
    // Looked at when it is stopped.
    ended.catch(() => {});
    this.#running = { stop, ended };
  }

  /** It ends. @throws what it ended with, if that was not being asked to */
  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    running?.stop.abort();
    await running?.ended;
  }

  /** Has time pass; every figure that is shown meanwhile is remembered. */
  async pass(ms: number, isEnough?: () => boolean): Promise<void> {
    await this.clock.pass(ms, () => {
      this.#noteFigures();
      return isEnough?.() ?? false;
    });
  }

  /** Until the portal shows the cloud, with figures of all servers that have any. @returns how long it took, ms; undefined: longer */
  async untilRight(withinMs: number): Promise<number | undefined> {
    const startedAt = this.clock.now();
    let isRight = false;
    await this.pass(withinMs, () => (isRight = this.wrong().length === 0));
    return isRight ? this.clock.now() - startedAt : undefined;
  }

  /** What does not show as it should. */
  wrong(): string[] {
    return [...outOfStep(this.sandbox), ...this.#withoutFigures()];
  }

  /** All that was harmed for good. */
  harmed(): string[] {
    const untrue = [...this.#figures].filter(([, values]) => values.size > 1);
    return [
      ...this.invariants.harmed(this.printed),
      ...untrue.map(([figure, values]) => `${figure} was shown as ${[...values].join(' and ')}`),
    ];
  }

  /** Secrets that were printed. */
  leaked(): string[] {
    return this.canaries.foundIn(this.printed);
  }

  /** What was logged of errors that nobody threw on purpose: they have a stack of their own. */
  defects(): string[] {
    return this.printed
      .filter((line) => line.includes('"stack":'))
      .map((line) => JSON.parse(line) as { msg: string; err?: { stack?: string } })
      .flatMap(({ msg, err }) => (err?.stack === undefined ? [] : [`a defect: ${msg}: ${err.stack}`]));
  }

  /** Asks the API for a key pair, as a portal user's job does. Resolves with the status once it is there. */
  async askApi(): Promise<number> {
    const url = this.#urlOf('listening"');
    const [account] = this.sandbox.population.accounts;
    const body = {
      cloud_env: {
        auth_url: this.sandbox.config.openstack.auth_url,
        user_id: account?.user.id,
        password: account?.user.password,
        project_id: account?.project.id,
      },
    };
    return this.#ask(`${url}/key_pairs`, JSON.stringify(body));
  }

  /** Its own metrics and status, as they are now, go to what was printed. */
  async readOwnMetrics(): Promise<void> {
    const url = this.#urlOf('own metrics are served');
    for (const path of ['/metrics', '/status', '/healthz', '/readyz']) await this.#ask(url + path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.sandbox.close();
    this.clock[Symbol.dispose]();
    rmSync(join(this.#configFile, '..'), { recursive: true, force: true });
  }

  #urlOf(message: string): string {
    const line = this.printed.findLast((line) => line.includes(`"msg":"${message}`));
    return (JSON.parse(line ?? '{}') as { url?: string }).url ?? '';
  }

  /** By node:http, because the clock watches undici's requests: this one may wait for the clock. */
  #ask(url: string, body?: string): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const headers =
      body === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const asking = request(url, { method: 'GET', headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => (text += part));
      answer.on('end', () => {
        this.printed.push(text);
        resolve(answer.statusCode ?? 0);
      });
    });
    asking.on('error', reject).end(body);
    return promise;
  }

  /** Servers that have run long enough to have figures, with their devices. */
  *#measurable(): Generator<{ readonly serverId: string; readonly deviceId: number }> {
    const deviceOf = new Map(
      this.sandbox.portal.devices.all().map(({ id, metadata }) => [metadata['openstack_instance_id'], id]),
    );
    for (const [serverId, since] of this.#steadySince) {
      const server = this.sandbox.cloud.compute.server(serverId);
      const deviceId = deviceOf.get(serverId);
      if (
        server?.vmState !== 'active' ||
        deviceId === undefined ||
        this.clock.now() - since < untilMeasuredMs
      )
        continue;
      yield { serverId, deviceId };
    }
  }

  #withoutFigures(): string[] {
    if (!this.#components.includes('metrics')) return [];
    return [...this.#measurable()]
      .filter(({ deviceId }) => this.sandbox.metricDaemon.shown(deviceId).size < figuresOfAServer)
      .map(({ serverId }) => `server ${serverId} has no figures`);
  }

  #noteFigures(): void {
    for (const { serverId, deviceId } of this.#measurable()) {
      if (this.#disturbed.has(serverId)) continue;
      for (const [name, { value }] of this.sandbox.metricDaemon.shown(deviceId)) {
        const figure = `${name} of server ${serverId}`;
        const values = this.#figures.get(figure) ?? new Set();
        this.#figures.set(figure, values.add(Math.round(Number(value) * 1e6) / 1e6));
      }
    }
  }
}

const headStartMs = 4 * 3_600_000;
const figuresOfAServer = 5;
/** Two samples, their way into Gnocchi, a cycle, and the time in which we look for new resources. */
const untilMeasuredMs = 120_000;

async function run(service: Service, signal: AbortSignal): Promise<void> {
  try {
    await service.run(signal);
  } finally {
    await service[Symbol.asyncDispose]();
  }
}
