import { join } from 'node:path';
import { Broker } from '../amqp/broker.ts';
import { AccountClosings } from '../billing/account-closings.ts';
import type { Billing } from '../billing/billing.ts';
import { KillBillClient } from '../billing/killbill/client.ts';
import { KillBill } from '../billing/killbill/killbill.ts';
import { NoPlatform } from '../billing/none.ts';
import { type ComponentName, logFileOf } from '../components.ts';
import type { Session as PortalSession } from '../concertim/session.ts';
import type { CloudConfig, Config, RabbitMqConfig } from '../config/config.ts';
import { Health } from '../observability/health.ts';
import { createLogger, type Logger } from '../observability/logger.ts';
import type { Observation } from '../observability/observation.ts';
import { Tracing } from '../observability/tracing.ts';
import type { Traffic } from '../observability/traffic.ts';
import type { Session as CloudSession } from '../openstack/session.ts';
import { DepartingProjects } from '../operations/departing-projects.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { type Random, systemRandom } from '../runtime/random.ts';
import { WritePause } from '../runtime/write-pause.ts';
import type { Exchanges } from './exchanges.ts';
import { Sessions } from './sessions.ts';

export interface FoundationOptions {
  readonly config: Config;
  /** The sessions with its clouds and its portal, where they were made before. */
  readonly sessions?: Sessions;
  /** The other name under which a component was started: its log file has that name. */
  readonly startedAs?: Partial<Record<ComponentName, string>>;
  readonly logFormat?: 'json' | 'pretty';
  readonly clock?: Clock;
  readonly random?: Random;
  /** Instead of loggers made from the configuration. */
  readonly log?: Logger;
}

/** A cloud, and the connections to it. */
export interface Cloud {
  readonly config: CloudConfig;
  readonly session: CloudSession;
  /** undefined where none is configured. */
  readonly broker: Broker | undefined;
}

/** What all components of a process stand on, one of each: sessions, broker, clock, what is observed of them. */
export class Foundation implements AsyncDisposable {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly tracing: Tracing;
  readonly observation: Observation;
  /** In the order of the configuration. */
  readonly clouds: readonly [Cloud, ...Cloud[]];
  readonly billing: Billing;
  readonly closings: AccountClosings;
  /** Written by the API, read where racks are created. */
  readonly departing: DepartingProjects;
  /** The status page can also begin and end it. */
  readonly writePause: WritePause;
  readonly #killBill: KillBillClient | undefined;
  readonly #options: FoundationOptions;
  readonly #sessions: Sessions;
  readonly #logs = new Map<LogName, Logger>();

  /** @param observation made by the clock that it is given */
  constructor(options: FoundationOptions, observation: (clock: Clock) => Observation) {
    const { config, clock = systemClock, random = systemRandom } = options;
    const sessions = options.sessions ?? new Sessions({ config, clock, random });
    this.#sessions = sessions;
    this.#options = options;
    this.config = config;
    this.clock = clock;
    this.random = random;
    this.observation = observation(clock);
    this.tracing = new Tracing({ endpoint: config.observability.otlpEndpoint, clock });
    sessions.exchanges.reportTo((exchange) => {
      this.observation.exchanged(exchange);
      this.tracing.exchanged(exchange);
    });
    const [first, ...others] = config.clouds.flatMap((cloud, at) => {
      const session = sessions.clouds[at];
      return session ? [this.#connect(cloud, session)] : [];
    });
    this.clouds = [first as Cloud, ...others];
    const { killBill } = config.billing;
    this.#killBill = killBill && new KillBillClient({ ...killBill, ...this.http() });
    this.billing =
      this.#killBill && killBill
        ? new KillBill(this.#killBill, killBill.plan)
        : new NoPlatform({ ...config.billing, dataDir: config.dataDir, clock });
    this.closings = new AccountClosings({ billing: this.billing, dataDir: config.dataDir, clock });
    this.departing = new DepartingProjects({ dataDir: config.dataDir, clock });
    this.writePause = new WritePause({ dataDir: config.dataDir, clock });
  }

  /** Where files about one cloud go: those of the first are where they always were. undefined: nowhere. */
  folderOf(at: number): string | undefined {
    const { dataDir, clouds } = this.config;
    const name = clouds[at]?.name;
    if (dataDir === undefined || name === undefined || at === 0) return dataDir;
    return join(dataDir, 'clouds', name);
  }

  /** The first, for what needs any of them. */
  get cloud(): CloudSession {
    return this.clouds[0].session;
  }

  /** The first cloud that has a broker: its RabbitMQ elects the writer. undefined: there is none. */
  get electing(): { readonly broker: Broker; readonly rmq: RabbitMqConfig } | undefined {
    for (const { broker, config } of this.clouds)
      if (broker && config.rmq) return { broker, rmq: config.rmq };
    return undefined;
  }

  #connect(config: CloudConfig, session: CloudSession): Cloud {
    const { rmq } = config;
    const broker = rmq && new Broker({ ...rmq, clock: this.clock, random: this.random });
    return { config, session, broker };
  }

  get portal(): PortalSession {
    return this.#sessions.portal;
  }

  get traffic(): Traffic {
    return this.#sessions.exchanges.traffic;
  }

  /** What all that speaks HTTP is given. @param cloud with which it speaks; undefined: there is one, or it speaks with none */
  http(cloud?: string): ReturnType<Exchanges['http']> {
    return this.#sessions.exchanges.http(cloud);
  }

  /** Of a component that works in rounds. */
  roundHealth(component: ComponentName, everyMs: number): Health {
    return new Health({
      component,
      clock: this.clock,
      everyMs,
      silence: () => this.observation.silence(),
    });
  }

  /** The logger of a component, one for each: two loggers cannot write and rotate the same file. */
  log(component: LogName): Logger {
    const known = this.#logs.get(component);
    if (known) return known;
    const made = this.#createLog(component);
    this.#logs.set(component, made);
    return made;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#sessions[Symbol.asyncDispose](), this.#killBill?.close(), this.tracing.stop()]);
  }

  #createLog(component: LogName): Logger {
    const { config, logFormat, log, startedAs } = this.#options;
    if (log) return log.child({ component });
    const fileOf = () =>
      component === 'plan' || component === 'service'
        ? undefined
        : logFileOf(startedAs?.[component] ?? component);
    const file = config.logDir && fileOf();
    return createLogger({
      level: config.logLevel,
      format: logFormat ?? 'json',
      component,
      file: config.logDir && file && join(config.logDir, file),
      rotation: config.logRotation,
    });
  }
}

/** Names that have a log of their own. */
type LogName = ComponentName | 'plan' | 'service';
