import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { stringify } from 'yaml';
import { type ComponentName, componentNames } from '../../src/components.ts';
import type { CloudConfig } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { NotificationSource } from '../../src/notifications/source.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { seededRandom } from '../../src/runtime/random.ts';
import { InMemoryNotifications } from '../../src/sandbox/notifications.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts';
import type { SandboxCloud } from '../../src/sandbox/sandbox-cloud.ts';
import { Service } from '../../src/service.ts';
import { type Canaries, plantCanaries } from '../support/canaries.ts';
import { outOfStep } from '../support/in-step.ts';
import { Invariants } from '../support/invariants.ts';
import { type OtlpCollector, startCollector } from '../support/otlp-collector.ts';
import { portalRelease } from '../support/portal-release.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { FigureWatch } from './figure-watch.ts';
import { askApi, send, type Wish } from './portal-user.ts';

export interface WorldOptions
  extends Pick<
    SandboxOptions,
    'clouds' | 'release' | 'seed' | 'projects' | 'stacks' | 'servers' | 'tokenLifetimeS'
  > {
  /**
   * How long an answer may pause, in real time. It is short, because the tests spend their time on time-outs.
   * Default 200 ms.
   */
  readonly timeoutMs?: number;
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
  readonly #timeoutMs: number;
  readonly #components: readonly ComponentName[];
  readonly #figures: FigureWatch;
  readonly #collector: OtlpCollector;
  /** What was printed when the service was last started. */
  #printedBefore = 0;
  #running: { readonly stop: AbortController; readonly ended: Promise<void> } | undefined;

  private constructor(parts: {
    sandbox: Sandbox;
    clock: VirtualClock;
    canaries: Canaries;
    collector: OtlpCollector;
    configFile: string;
    notifications: NotificationSource;
    timeoutMs: number;
    components: readonly ComponentName[];
  }) {
    this.sandbox = parts.sandbox;
    this.clock = parts.clock;
    this.canaries = parts.canaries;
    this.#configFile = parts.configFile;
    this.#notifications = parts.notifications;
    this.#timeoutMs = parts.timeoutMs;
    this.#components = parts.components;
    this.#collector = parts.collector;
    this.invariants = new Invariants(parts.sandbox, parts.canaries);
    this.#figures = new FigureWatch(parts.sandbox, parts.clock);
  }

  /** A cloud with some history, a portal that knows nothing of it, and a service that is not started yet. */
  static async create(options: WorldOptions = {}): Promise<World> {
    const {
      notifications = (sandbox: Sandbox) =>
        new InMemoryNotifications(...sandbox.clouds.map(({ cloud }) => cloud)),
      timeoutMs = 200,
      components = componentNames,
      ...size
    } = options;
    const origins = new Set<string>();
    const clock = new VirtualClock((origin) => origins.has(origin));
    const sandbox = await startSandbox({
      projects: 2,
      stacks: 3,
      servers: 3,
      release: portalRelease(),
      ...size,
      pace: 0,
      clock,
    });
    for (const { services } of [sandbox, ...sandbox.clouds])
      for (const { url } of Object.values(services)) origins.add(url);
    const { canaries, configOfAll } = plantCanaries(sandbox);
    await clock.pass(headStartMs);
    const collector = await startCollector();
    const configFile = join(mkdtempSync(join(tmpdir(), 'world-')), 'config.yaml');
    writeFileSync(
      configFile,
      stringify({ ...configOfAll(), observability: { otlp_endpoint: collector.url } }),
    );
    return new World({
      sandbox,
      clock,
      canaries,
      collector,
      configFile,
      timeoutMs,
      components,
      notifications: notifications(sandbox),
    });
  }

  /** The service's process starts. Resolves once its servers listen: until then nobody sleeps, and no time must pass. */
  async start(): Promise<void> {
    this.#printedBefore = this.printed.length;
    const output = { write: (line: string) => void this.printed.push(line) };
    const config = loadConfig({ file: this.#configFile, env: {} });
    const timeoutMs = this.#timeoutMs;
    const [first, ...others] = config.clouds.map((cloud) => ({
      ...cloud,
      openstack: { ...cloud.openstack, timeoutMs, listTimeoutMs: timeoutMs },
    }));
    const service = new Service({
      config: {
        ...config,
        api: { ...config.api, host: '127.0.0.1', port: 0 },
        observability: { ...config.observability, port: 0 },
        clouds: [first as CloudConfig, ...others],
        concertim: { ...config.concertim, timeoutMs, listTimeoutMs: timeoutMs },
        metrics: { ...config.metrics, timeoutMs },
      },
      components: this.#components,
      clock: this.clock,
      random: seededRandom(1),
      notifications: this.#notifications,
      log: createLogger({ level: 'debug', format: 'json', output }),
    });
    const stop = new AbortController();
    const ended = run(service, stop.signal);
    // Looked at when it is stopped.
    ended.catch(() => {});
    this.#running = { stop, ended };
    await this.#urlOf('serving /metrics');
    if (this.#components.includes('api')) await this.#urlOf('listening');
  }

  /** It ends. @throws what it ended with, if that was not being asked to */
  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    if (!running) return;
    running.stop.abort();
    // Whoever waits for an answer of the API is still given one.
    await this.settled(running.ended);
  }

  /** What it comes to, when that may wait for time to pass. */
  async settled<T>(outcome: Promise<T>): Promise<T> {
    const over = outcome.then(
      () => true,
      () => true,
    );
    while (!(await Promise.race([over, delay(10, false)]))) await this.clock.pass(100);
    return outcome;
  }

  /** Has time pass. */
  async pass(ms: number, isEnough?: () => boolean): Promise<void> {
    await this.clock.pass(ms, isEnough);
  }

  /**
   * Until the portal shows the clouds, with figures of all servers that have any.
   *
   * @returns how long it took, ms; undefined: longer
   */
  async untilRight(withinMs: number, clouds?: readonly SandboxCloud[]): Promise<number | undefined> {
    const startedAt = this.clock.now();
    let isRight = false;
    await this.pass(withinMs, () => (isRight = this.wrong(clouds).length === 0));
    return isRight ? this.clock.now() - startedAt : undefined;
  }

  /** Until the portal shows the clouds, whatever the figures. @returns how long it took, ms; undefined: longer */
  async untilShown(withinMs: number, clouds: readonly SandboxCloud[]): Promise<number | undefined> {
    const startedAt = this.clock.now();
    let isShown = false;
    await this.pass(withinMs, () => (isShown = this.outOfStep(clouds).length === 0));
    return isShown ? this.clock.now() - startedAt : undefined;
  }

  /** What of the clouds the portal does not show as it should, whatever the figures. */
  outOfStep(clouds: readonly SandboxCloud[]): string[] {
    return outOfStep(this.sandbox, clouds);
  }

  /**
   * What does not show as it should.
   *
   * @param clouds those that are looked at. Default: all
   */
  wrong(clouds: readonly SandboxCloud[] = this.sandbox.clouds): string[] {
    return [
      ...outOfStep(this.sandbox, clouds),
      ...(this.#components.includes('metrics') ? this.#figures.wrong(clouds) : []),
    ];
  }

  /**
   * The service tells its metrics and its status, and ends. @returns all that was harmed for good: what was made by hand, what
   * should not have been deleted, figures that were not true, and secrets in what it has printed, answered and traced
   */
  async end(): Promise<string[]> {
    await this.#finish();
    return [...this.harmed(), ...this.#figures.untrue];
  }

  /** The same where the cloud has lied about what there is, and how much it is used: only what no lie may do. */
  async endOfLies(): Promise<string[]> {
    await this.#finish();
    return this.invariants.harmedByAnybody([...this.printed, ...this.traced]);
  }

  /** All that a collector of traces was sent: what is left when the service ends. */
  get traced(): readonly string[] {
    return this.#collector.bodies;
  }

  /** What was harmed that has nothing to do with figures. */
  harmed(): string[] {
    return this.invariants.harmed([...this.printed, ...this.traced]);
  }

  /** What was logged of errors that nobody threw on purpose: they have a stack of their own. */
  defects(): string[] {
    return this.printed
      .filter((line) => line.includes('"stack":'))
      .map((line) => JSON.parse(line) as { msg: string; err?: { stack?: string } })
      .flatMap(({ msg, err }) => (err?.stack === undefined ? [] : [`a defect: ${msg}: ${err.stack}`]));
  }

  /** Asks the API as a portal user's job does. @returns the status once it is there; 0 when the service ended before */
  async ask(wish: Wish): Promise<number> {
    const { status, text } = await askApi(this.sandbox, await this.#urlOf('listening'), wish);
    // It is for whoever asked, and for nobody else.
    this.printed.push(text.replace(/"private_key":"[^"]*"/, ''));
    return status;
  }

  /** Its own metrics and status, as they are now, go to what was printed; then it ends. */
  async #finish(): Promise<void> {
    const url = await this.#urlOf('serving /metrics');
    for (const path of ['/metrics', '/status', '/healthz', '/readyz'])
      this.printed.push((await send(url + path, 'GET')).text);
    await this.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.sandbox.close();
    await this.#collector[Symbol.asyncDispose]();
    this.clock[Symbol.dispose]();
    rmSync(join(this.#configFile, '..'), { recursive: true, force: true });
  }

  /** Where a server of the service that was started last listens, once it says so. */
  async #urlOf(message: 'listening' | 'serving /metrics'): Promise<string> {
    const end = performance.now() + listeningMs;
    for (;;) {
      const line = this.printed
        .slice(this.#printedBefore)
        .find((line) => line.includes(`"msg":"${message}"`));
      if (line !== undefined) return (JSON.parse(line) as { url: string }).url;
      if (performance.now() > end) throw new Error(`"${message}" was not said: ${this.printed.at(-1)}`);
      await nextTurn();
    }
  }
}

const headStartMs = 4 * 3_600_000;
/** On a busy machine. */
const listeningMs = 20_000;

async function run(service: Service, signal: AbortSignal): Promise<void> {
  try {
    await service.run(signal);
  } finally {
    await service[Symbol.asyncDispose]();
  }
}
