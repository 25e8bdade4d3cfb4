import { join } from 'node:path';
import { Broker } from './amqp/broker.ts';
import { queueNames } from './amqp/queues.ts';
import { ApiServer } from './api/api-server.ts';
import { type ComponentName, healthFolder, isUpdates, logFileOf, observabilityPort } from './components.ts';
import { MetricReporting } from './concertim/metric-reporting.ts';
import { Session as PortalSession } from './concertim/session.ts';
import type { Config } from './config/config.ts';
import type { Exchange } from './http/client.ts';
import { explainInstance } from './metrics/explain.ts';
import { MetricLoop } from './metrics/metric-loop.ts';
import { MetricPump } from './metrics/metric-pump.ts';
import { AmqpSource } from './notifications/amqp-source.ts';
import { NotificationListener } from './notifications/listener.ts';
import type { NotificationSource } from './notifications/source.ts';
import { type ComponentHealth, Health, together } from './observability/health.ts';
import { createLogger, type Logger } from './observability/logger.ts';
import { ObservabilityServer } from './observability/observability-server.ts';
import { Observation } from './observability/observation.ts';
import { Systemd } from './observability/systemd.ts';
import { Tracing } from './observability/tracing.ts';
import { Traffic } from './observability/traffic.ts';
import { VitalSigns } from './observability/vital-signs.ts';
import type { Reference } from './openstack/model.ts';
import { Session as CloudSession } from './openstack/session.ts';
import { AuthUrls } from './operations/auth-urls.ts';
import { CloudSessions } from './operations/cloud-sessions.ts';
import { pingCloud } from './operations/ping-cloud.ts';
import { UserProjects } from './operations/user-projects.ts';
import type { Mapping } from './plan/mapping.ts';
import type { PlanSettings } from './plan/plan.ts';
import { ReconcileLoop } from './reconcile/reconcile-loop.ts';
import { Reconciler, type Survey } from './reconcile/reconciler.ts';
import type { RunReport } from './reconcile/run-report.ts';
import { Writer } from './reconcile/writer.ts';
import { soleWriter } from './reconcile/writer-lease.ts';
import { LockFile } from './reconcile/writer-lock-file.ts';
import { WriterRequests } from './reconcile/writer-requests.ts';
import { type Clock, systemClock } from './runtime/clock.ts';
import { type Random, systemRandom } from './runtime/random.ts';
import { runAll } from './runtime/run-all.ts';
import { ServiceError } from './runtime/severity.ts';

/** What the service is made from. */
export interface ServiceOptions {
  readonly config: Config;
  readonly components: readonly ComponentName[];
  readonly logFormat?: 'json' | 'pretty';
  /** Lets deletions through that the policy would refuse: a person has looked. */
  readonly allowDeletions?: boolean;
  /** What is shown, where it differs from docs/mapping.md. */
  readonly mapping?: Mapping;
  /** Where `updates_mq` hears of changes, instead of the RabbitMQ of the configuration. */
  readonly notifications?: NotificationSource;
  /** Told of each run that came to an end. */
  readonly onReport?: (report: RunReport) => void;
  readonly clock?: Clock;
  readonly random?: Random;
  /** How long one exchange may last at most, whoever is asked, ms. Default: each system's own. */
  readonly exchangeMs?: number;
  /** Instead of loggers made from the configuration. */
  readonly log?: Logger;
}

/** How long somebody who waits for an answer is let wait for the cloud: the portal of 2024 gives up after a minute. */
const patience = {
  timeoutMs: 20_000,
  retry: { tries: 2, baseMs: 200, maxMs: 1_000, longestRetryAfterMs: 2_000 },
};

/** A part of the service that runs by itself. */
interface Component {
  readonly name: ComponentName;
  /** Of each of its parts. */
  readonly healths: readonly Health[];
  /** Until the signal is aborted; rejects only when it cannot go on. */
  run(signal: AbortSignal): Promise<void>;
  /** One cycle. @returns whether all went well */
  runOnce(signal: AbortSignal): Promise<boolean>;
}

/** What keeps the portal in step, whatever triggers it. */
interface Updates {
  readonly reconciler: Reconciler;
  readonly loop: ReconcileLoop;
  readonly writer: Writer;
  readonly health: Health;
}

/**
 * The composition root: a configuration in, running components out. Nothing is read or sent before one of the methods is
 * called.
 */
export class Service implements AsyncDisposable {
  readonly #options: ServiceOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #traffic = new Traffic();
  readonly #tracing: Tracing;
  readonly #cloud: CloudSession;
  readonly #portal: PortalSession;
  readonly #broker: Broker | undefined;
  /** This process's; undefined where none of its components reconciles. */
  #updates: Updates | undefined;
  #metrics: { readonly pump: MetricPump; readonly reporting: MetricReporting } | undefined;
  /** undefined where it is no task. */
  #isListening: boolean | undefined;
  readonly #observation: Observation;
  readonly #components: readonly Component[];

  constructor(options: ServiceOptions) {
    const { config } = options;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? systemRandom;
    this.#observation = new Observation(
      {
        healths: () => this.health(),
        backlog: () => this.#updates?.loop.backlog,
        isWriting: () => this.#updates?.writer.isWriting,
        isListening: () => this.#isListening,
      },
      this.#clock,
    );
    this.#tracing = new Tracing({ endpoint: config.observability.otlpEndpoint, clock: this.#clock });
    this.#cloud = new CloudSession({ ...config.openstack, ...this.#shared() });
    this.#portal = new PortalSession({
      ...config.concertim,
      ...this.#shared(),
      grantFile: config.dataDir && join(config.dataDir, 'concertim-token.json'),
    });
    this.#broker = config.rmq && new Broker({ ...config.rmq, clock: this.#clock, random: this.#random });
    this.#components = options.components.map((name) => this.#component(name));
  }

  /** Runs all components until the signal is aborted, or one of them cannot go on. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#tracing.start(this.#log('service'));
    const signs = this.#vitalSigns();
    const runs = this.#components.map((component) => (over: AbortSignal) => component.run(over));
    const observed = this.#observabilityServer();
    if (signs) runs.push((over) => signs.run(over));
    if (observed) runs.push((over) => observed.run(over));
    try {
      await runAll(runs, signal);
    } finally {
      await signs?.end();
    }
  }

  /** How each component fares. */
  health(): ComponentHealth[] {
    return this.#components.map(({ healths }) => together(healths.map((part) => part.read())));
  }

  /** One cycle of each component. @returns whether all went well */
  async runOnce(signal: AbortSignal): Promise<boolean> {
    await this.#tracing.start(this.#log('service'));
    const results = await Promise.all(this.#components.map((component) => component.runOnce(signal)));
    return results.every(Boolean);
  }

  /** What a run would change. Changes nothing. */
  async plan(signal?: AbortSignal): Promise<Survey> {
    return this.#reconciler(this.#log('plan')).survey(signal);
  }

  /** Why the figures of an instance are what they are, for a person. */
  async explainMetrics(instanceId: string, signal?: AbortSignal): Promise<string> {
    const { cpuPerVcpu } = this.#options.config.metrics;
    return explainInstance(instanceId, {
      cloud: this.#cloud,
      portal: this.#portal,
      clock: this.#clock,
      cpuPerVcpu,
      signal,
    });
  }

  /** Closes the connections; once nothing runs any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([
      this.#cloud.close(),
      this.#portal.close(),
      this.#metrics?.reporting.close(),
      this.#tracing.stop(),
    ]);
  }

  #component(name: ComponentName): Component {
    const log = this.#log(name);
    if (isUpdates(name)) return this.#updatesComponent(name, log);
    return name === 'api' ? this.#api(log) : this.#metricsComponent(log);
  }

  /** Both keep the portal in step: in one process they share the writer, which the first of them runs. */
  #updatesComponent(name: 'updates_bulk' | 'updates_mq', log: Logger): Component {
    const isFirst = this.#updates === undefined;
    this.#updates ??= this.#createUpdates(name, log);
    const { writer, reconciler, health } = this.#updates;
    const source = name === 'updates_mq' ? this.#notificationSource(log) : undefined;
    const hearing = new Health({ component: name, clock: this.#clock });
    const listener = new NotificationListener(
      {
        request: (references) => writer.request(references),
        requestFull: () => writer.requestFull(),
        hasRoom: () => writer.hasRoom(),
        setListening: (isListening) => {
          reconciler.setListening(isListening);
          this.#isListening = isListening;
          if (isListening) hearing.succeeded();
          else hearing.failed('no notifications are heard');
        },
      },
      log,
      {
        clock: this.#clock,
        tracing: this.#tracing,
        onNotification: (outcome, lagMs) => this.#observation.notified(outcome, lagMs),
      },
    );
    if (source) this.#isListening = false;
    return {
      name,
      healths: [...(isFirst ? [health] : []), ...(source ? [hearing] : [])],
      async run(signal) {
        log.info('started');
        await Promise.all([isFirst && writer.run(signal), source?.run(listener, signal)]);
        log.info('stopped');
      },
      runOnce: async (signal) => !isFirst || writer.runOnce(signal),
    };
  }

  #createUpdates(component: ComponentName, log: Logger): Updates {
    const { config, components, onReport } = this.#options;
    const reconciler = this.#reconciler(log);
    const { intervalMs } = config.updates;
    const health = this.#roundHealth(component, intervalMs);
    const shared = { clock: this.#clock, random: this.#random, log, health, tracing: this.#tracing };
    const loop = new ReconcileLoop({
      reconciler,
      intervalMs,
      ...shared,
      onReport: (report) => {
        const { 'create-device': made, 'delete-device': deleted } = report.changes;
        if (made || deleted) this.#metrics?.pump.expireDevices();
        this.#observation.reconciled(report);
        onReport?.(report);
      },
      onFailure: (scope, error) => this.#observation.notReconciled(scope, error),
    });
    const broker = this.#broker;
    const writer = new Writer({
      loop,
      lease: config.dataDir ? new LockFile(join(config.dataDir, 'writer.lock'), shared) : soleWriter,
      election: broker && config.rmq && { broker, names: queueNames(config.rmq.deployment) },
      writesAlone: components.includes('updates_bulk'),
      ...shared,
    });
    return { reconciler, loop, writer, health };
  }

  #metricsComponent(log: Logger): Component {
    const { metrics, concertim } = this.#options.config;
    const reporting = new MetricReporting({ ...concertim, session: this.#portal, ...this.#shared() });
    const pump = new MetricPump({
      ...metrics,
      cloud: this.#cloud,
      portal: this.#portal,
      reporting,
      traffic: this.#traffic,
      clock: this.#clock,
    });
    this.#metrics = { pump, reporting };
    const { intervalMs } = metrics;
    const health = this.#roundHealth('metrics', intervalMs);
    const loop = new MetricLoop({
      pump,
      intervalMs,
      clock: this.#clock,
      log,
      health,
      tracing: this.#tracing,
      onReport: (report) => this.#observation.cycled(report),
      onFailure: () => this.#observation.notCycled(),
    });
    return {
      name: 'metrics',
      healths: [health],
      async run(signal) {
        log.info('started');
        await loop.run(signal);
        log.info('stopped');
      },
      runOnce: (signal) => loop.runOnce(signal),
    };
  }

  #notificationSource(log: Logger): NotificationSource {
    if (this.#options.notifications) return this.#options.notifications;
    const { rmq } = this.#options.config;
    if (!rmq || !this.#broker) {
      throw new ServiceError(
        'updates_mq needs to know the RabbitMQ of the cloud, and rmq.rmq_address is not set.',
        {
          severity: 'fatal',
          hint: 'Set it, or run updates_bulk alone: then changes show after updates.interval.',
        },
      );
    }
    return new AmqpSource({
      broker: this.#broker,
      names: queueNames(rmq.deployment),
      exchanges: rmq.exchanges,
      queue: rmq.queue,
      clock: this.#clock,
      log,
    });
  }

  #api(log: Logger): Component {
    const { api, billing, openstack } = this.#options.config;
    const { credentials, ...place } = openstack;
    const sessions = new CloudSessions({
      authUrls: new AuthUrls([credentials.authUrl, ...api.allowedAuthUrls]),
      session: { ...place, ...patience, concurrency: 64, ...this.#shared() },
    });
    const writerApart = this.#writerApart(log);
    /** A courtesy: without it the change shows when a notification, or the next full run, comes. */
    const requestReconcile = (references: readonly Reference[]) => {
      const writer = this.#updates?.writer ?? writerApart;
      writer?.request(references).catch((err: unknown) => log.debug({ err }, 'reconcile not requested'));
    };
    const server = new ApiServer({
      ...api,
      sessions,
      userProjects: new UserProjects({ sessions, clock: this.#clock }),
      requestReconcile,
      pingCloud: () => pingCloud(this.#cloud),
      billing: billing.enabled,
      scrape: () => this.#observation.scrape(),
      onServed: (request) => this.#observation.served(request),
      tracing: this.#tracing,
      clock: this.#clock,
      log,
    });
    const health = new Health({ component: 'api', clock: this.#clock });
    const serve = (signal: AbortSignal) => server.run(signal, () => health.succeeded());
    return {
      name: 'api',
      healths: [health],
      run: (signal) => runAll(writerApart ? [serve, writerApart.run] : [serve], signal),
      runOnce: async () => true,
    };
  }

  /** The way to the writer, for a process that has none; undefined where there is no such way. */
  #writerApart(log: Logger) {
    const broker = this.#broker;
    const { config, components } = this.#options;
    if (!broker || !config.rmq || components.some(isUpdates)) return undefined;
    const names = queueNames(config.rmq.deployment);
    const requests = new WriterRequests(this.#tracing);
    return {
      request: (references: readonly Reference[]) => requests.request(references),
      run: (signal: AbortSignal) => requests.run({ broker, names, log }, signal),
    };
  }

  /** Of a component that works in rounds. */
  #roundHealth(component: ComponentName, everyMs: number): Health {
    return new Health({ component, clock: this.#clock, everyMs, silence: () => this.#observation.silence() });
  }

  /** undefined: there is nobody to tell. */
  #vitalSigns(): VitalSigns | undefined {
    const { dataDir, systemd } = this.#options.config;
    if (dataDir === undefined && systemd === undefined) return undefined;
    const log = this.#log('service');
    return new VitalSigns({
      read: () => this.health(),
      folder: dataDir && healthFolder(dataDir),
      systemd: systemd && new Systemd(systemd, log),
      clock: this.#clock,
      log,
    });
  }

  /** undefined: nobody is told. */
  #observabilityServer(): ObservabilityServer | undefined {
    const { host, port } = this.#options.config.observability;
    const [first] = this.#components;
    if (port === undefined || !first) return undefined;
    return new ObservabilityServer({
      host,
      port: observabilityPort(port, first.name),
      scrape: () => this.#observation.scrape(),
      healths: () => this.health(),
      status: () => this.#observation.status(),
      log: this.#log('service'),
    });
  }

  /** What all that speaks HTTP is given. */
  #shared() {
    const { exchangeMs } = this.#options;
    return {
      clock: this.#clock,
      random: this.#random,
      ...(exchangeMs === undefined ? {} : { timeoutMs: exchangeMs }),
      onExchange: (exchange: Exchange) => {
        this.#traffic.count(exchange.service);
        this.#observation.exchanged(exchange);
        this.#tracing.exchanged(exchange);
      },
    };
  }

  #reconciler(log: Logger): Reconciler {
    return new Reconciler({
      cloud: this.#cloud,
      portal: this.#portal,
      settings: this.#planSettings(),
      traffic: this.#traffic,
      tracing: this.#tracing,
      clock: this.#clock,
      random: this.#random,
      log,
    });
  }

  #planSettings(): PlanSettings {
    const { updates, concertim } = this.#options.config;
    return {
      ...this.#options.mapping,
      standaloneServers: updates.standaloneServers,
      defaultRackHeight: concertim.defaultRackHeight,
      deletions: {
        maxDeletions: updates.maxDeletions,
        maxShare: updates.maxDeletionShare,
        allowAll: this.#options.allowDeletions ?? false,
      },
    };
  }

  #log(component: ComponentName | 'plan' | 'service'): Logger {
    const { config, logFormat, log } = this.#options;
    if (log) return log.child({ component });
    const isOfAComponent = component !== 'plan' && component !== 'service';
    return createLogger({
      level: config.logLevel,
      format: logFormat ?? 'json',
      component,
      file: config.logDir && isOfAComponent ? join(config.logDir, logFileOf(component)) : undefined,
      rotation: config.logRotation,
    });
  }
}
