import { type RatingCloud, type StackBilling, stackBilling } from './billing/explain-stack.ts';
import { StackLedger } from './billing/stack-ledger.ts';
import { planUsage, type UsagePlan } from './billing/usage/plan-usage.ts';
import { type ComponentName, healthFolder, isUpdates, observabilityPorts } from './components.ts';
import { listOwners, projectsOf } from './concertim/owners.ts';
import type { Config } from './config/config.ts';
import type { InstanceExplanation } from './metrics/explain.ts';
import type { NotificationSource } from './notifications/source.ts';
import { type ComponentHealth, together } from './observability/health.ts';
import type { Logger } from './observability/logger.ts';
import { ObservabilityServer } from './observability/observability-server.ts';
import { Observation } from './observability/observation.ts';
import { proofSecret } from './observability/status-proof.ts';
import { Systemd } from './observability/systemd.ts';
import type { Traffic } from './observability/traffic.ts';
import { VitalSigns } from './observability/vital-signs.ts';
import type { MappingSettings } from './plan/desired-state.ts';
import type { Mapping } from './plan/mapping.ts';
import type { Survey } from './reconcile/reconciler.ts';
import type { RunReport } from './reconcile/run-report.ts';
import type { Clock } from './runtime/clock.ts';
import type { Random } from './runtime/random.ts';
import { runAll } from './runtime/run-all.ts';
import { createApi } from './service/api.ts';
import type { Component } from './service/component.ts';
import { Foundation } from './service/foundation.ts';
import { createMetrics, type Metrics } from './service/metrics.ts';
import { createUsagePoster } from './service/money.ts';
import type { Sessions } from './service/sessions.ts';
import { createReconciler, Updates } from './service/updates.ts';

/** What the service is made from. */
export interface ServiceOptions {
  readonly config: Config;
  /** The sessions with its clouds, where they were made before: the service closes them. */
  readonly sessions?: Sessions;
  readonly components: readonly ComponentName[];
  /** Under which other name a component was started: its log file has that. */
  readonly startedAs?: Partial<Record<ComponentName, string>>;
  /** Path of the configuration's file, for who asks whether all is well with it. */
  readonly configFile?: string;
  readonly logFormat?: 'json' | 'pretty';
  /** Lets everybody at this machine see the status page, as of a sandbox. Default: who has its token. */
  readonly isStatusPageOpen?: boolean;
  /** Lets deletions through that the policy would refuse: a person has looked. */
  readonly allowDeletions?: boolean;
  /** What is shown, where it differs from docs/mapping.md. */
  readonly mapping?: Mapping;
  /** Shows nothing, so that a run removes what the service has made in the portal. */
  readonly decommissions?: boolean;
  /** Where `updates_mq` receives changes from, instead of the RabbitMQ of the configuration. */
  readonly notifications?: NotificationSource;
  /** Called with the report of each finished run. */
  readonly onReport?: (report: RunReport) => void;
  readonly clock?: Clock;
  readonly random?: Random;
  /** Instead of loggers made from the configuration. */
  readonly log?: Logger;
}

/**
 * The composition root: a configuration in, running components out. Nothing is read or sent before one of the methods is
 * called.
 */
export class Service implements AsyncDisposable {
  readonly #options: ServiceOptions;
  readonly #base: Foundation;
  /** This process's; undefined where none of its components reconciles. */
  readonly #updates: Updates | undefined;
  readonly #metrics: Metrics | undefined;
  readonly #components: readonly Component[];

  constructor(options: ServiceOptions) {
    const { components, onReport } = options;
    this.#options = options;
    this.#base = new Foundation(options, (clock) => new Observation(this.#facts(), clock));
    this.#metrics = components.includes('metrics') ? createMetrics(this.#base) : undefined;
    const first = components.find(isUpdates);
    this.#updates =
      first &&
      new Updates(first, this.#base, {
        ...options,
        isBulk: components.includes('updates_bulk'),
        onReport: (report) => {
          const { 'create-device': made, 'delete-device': deleted } = report.changes;
          if (made || deleted) this.#metrics?.expireDevices();
          onReport?.(report);
        },
      });
    this.#components = components.map((name) => this.#component(name));
  }

  /** Runs all components until the signal is aborted, or one of them cannot go on. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#base.tracing.start(this.#base.log('service'));
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
    await this.#base.tracing.start(this.#base.log('service'));
    const results = await Promise.all(this.#components.map((component) => component.runOnce(signal)));
    return results.every(Boolean);
  }

  /** What a run would change. Changes nothing. */
  async plan(signal?: AbortSignal): Promise<Survey> {
    return createReconciler(this.#base, this.#base.log('plan'), this.#options).survey(signal);
  }

  /** Which requests of this process were answered, and which it waits for: the progress of a command. */
  get traffic(): Traffic {
    return this.#base.traffic;
  }

  /** What is shown of the cloud: the mapping of this service, and what the configuration says of it. */
  get mapping(): MappingSettings {
    const { standaloneServers } = this.#base.config.updates;
    return { ...this.#options.mapping, standaloneServers };
  }

  /** Why the figures of an instance are what they are. */
  async explainMetrics(instanceId: string, signal?: AbortSignal): Promise<InstanceExplanation> {
    const { portal, clock, config } = this.#base;
    const { cpuPerVcpu } = config.metrics;
    const [{ explainInstance }, { measuredClouds }] = await Promise.all([
      import('./metrics/explain.ts'),
      import('./service/measured-clouds.ts'),
    ]);
    const clouds = measuredClouds(this.#base);
    return explainInstance(instanceId, { clouds, portal, clock, cpuPerVcpu, signal });
  }

  /** What usage would be recorded. Records nothing. @returns undefined: nothing ever is */
  async planBilling(signal?: AbortSignal): Promise<UsagePlan | undefined> {
    const { portal, config } = this.#base;
    const clouds = this.#ratingClouds(new StackLedger(config.dataDir)).flatMap(({ poster, ...cloud }) =>
      poster ? [{ ...cloud, poster }] : [],
    );
    if (clouds.length === 0) return undefined;
    const owners = await listOwners(portal, { profile: await portal.profile(signal), signal });
    return planUsage(clouds, projectsOf(owners), signal);
  }

  /** Where the cost and the usage of a stack come from; undefined: it is not known. */
  async explainBilling(stack: string, signal?: AbortSignal): Promise<StackBilling | undefined> {
    const { billing, clock, config } = this.#base;
    const stacks = new StackLedger(config.dataDir);
    return stackBilling(stack, { billing, clouds: this.#ratingClouds(stacks), clock, stacks }, signal);
  }

  /** Closes the connections; once nothing runs any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#base[Symbol.asyncDispose](), this.#metrics?.[Symbol.asyncDispose]()]);
  }

  #component(name: ComponentName): Component {
    if (isUpdates(name) && this.#updates) return this.#updates.component(name);
    if (name === 'metrics' && this.#metrics) return this.#metrics.component;
    const page = {
      file: this.#options.configFile,
      plan: () => this.plan(),
      isOpen: this.#options.isStatusPageOpen ?? false,
    };
    return createApi(this.#base, this.#updates?.writer, page);
  }

  #ratingClouds(stacks: StackLedger): RatingCloud[] {
    return this.#base.clouds.map(({ config: { name }, session }) => ({
      name,
      session,
      poster: createUsagePoster(this.#base, session, stacks),
    }));
  }

  /** What its own metrics and status need beside the reports of its components. */
  #facts() {
    return {
      healths: () => this.health(),
      backlog: () => this.#updates?.loop.backlog,
      isWriting: () => this.#updates?.writer.isWriting,
      paused: () => (this.#updates ? this.#base.writePause.known : undefined),
      hearing: () => this.#updates?.hearing,
      clouds: () => (this.#base.clouds.length > 1 ? this.#base.clouds.map(({ config }) => config.name) : []),
    };
  }

  /** undefined: there is nobody to tell. */
  #vitalSigns(): VitalSigns | undefined {
    const { config, clock } = this.#base;
    const { dataDir, systemd } = config;
    if (dataDir === undefined && systemd === undefined) return undefined;
    const log = this.#base.log('service');
    return new VitalSigns({
      read: () => this.health(),
      folder: dataDir && healthFolder(dataDir),
      systemd: systemd && new Systemd(systemd, log),
      clock,
      log,
    });
  }

  /** undefined: no port is configured. */
  #observabilityServer(): ObservabilityServer | undefined {
    const { config, observation } = this.#base;
    const { host, port } = config.observability;
    const [first] = this.#components;
    if (port === undefined || !first) return undefined;
    const { usual, standBy } = observabilityPorts(port, first.name);
    return new ObservabilityServer({
      host,
      ports: [usual, standBy],
      scrape: () => observation.scrape(),
      healths: () => this.health(),
      status: () => observation.status(),
      proof: config.dataDir === undefined ? undefined : proofSecret(config.dataDir),
      log: this.#base.log('service'),
    });
  }
}
