import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from '@prometheus-io/client';
import { version } from '../runtime/version.ts';
import type { Paused } from '../runtime/write-pause.ts';
import type { ComponentHealth } from './health.ts';
import type { MoneyReport } from './money-report.ts';

/** One exchange over HTTP, as far as it is counted. */
export interface CountedExchange {
  readonly service: string;
  /** The cloud that it is of; undefined: there is one, or it is of none. */
  readonly cloud?: string | undefined;
  readonly method: string;
  readonly route: string;
  /** The status, or the code of an error. */
  readonly outcome: number | string;
  readonly ms: number;
}

/** What is counted of a reconcile that came to an end. */
export interface CountedRun {
  readonly scope: 'full' | 'targeted';
  /** ms since 1970. */
  readonly startedAt: number;
  readonly ms: { readonly observe: number; readonly plan: number; readonly apply: number };
  readonly seen: Readonly<Record<string, number>>;
  readonly changes: Readonly<Partial<Record<string, number>>>;
  readonly failures: readonly { readonly doing: string }[];
  readonly skipped: readonly unknown[];
  readonly held: readonly unknown[];
  readonly warnings: readonly unknown[];
  readonly unobserved: readonly unknown[];
  readonly drift: readonly unknown[];
  /** What it did with each of several clouds; empty for one alone. */
  readonly clouds: readonly CountedCloud[];
}

/** What is counted of one of several clouds in a reconcile. */
export interface CountedCloud {
  readonly name: string;
  /** undefined: not read in this run. */
  readonly seen: Readonly<Record<string, number>> | undefined;
  /** undefined: the last run that needed it could read it. */
  readonly away: unknown;
  readonly held: number;
  readonly refused: number;
  readonly unobserved: number;
}

/** What is counted of a cycle of the component metrics. */
export interface CountedCycle {
  readonly ms: Readonly<Record<string, number>>;
  readonly instances: number;
  readonly kept: number;
  readonly unknown: ReadonlyMap<string, { readonly figures: number }>;
  readonly due: number;
  readonly delivered: number;
  readonly ages: { readonly medianMs: number; readonly oldestMs: number } | undefined;
  readonly delivery: {
    readonly sent: number;
    readonly unknownDevices: number;
    readonly refused: readonly unknown[];
    readonly left: number;
  };
  readonly failures: readonly unknown[];
  /** Of each of several clouds. */
  readonly clouds?: readonly { readonly cloud: string | undefined; readonly report: CountedCycle }[];
}

/** What is not counted but looked at when somebody asks. */
export interface LiveState {
  readonly healths: () => readonly ComponentHealth[];
  /** Objects waiting to be reconciled; undefined where nothing reconciles. */
  readonly backlog: () => number | undefined;
  /** Whether this process writes to the portal; undefined where nothing reconciles. */
  readonly isWriting: () => boolean | undefined;
  /** Since when writing is paused; undefined: it is not, or nothing reconciles. */
  readonly paused: () => Paused | undefined;
  /** Whether the notifications of each cloud are listened to; undefined where that is no task. */
  readonly hearing: () => readonly Hearing[] | undefined;
  /** Names of the clouds, where there are several. */
  readonly clouds: () => readonly string[];
}

/** @property cloud undefined: there is one */
export interface Hearing {
  readonly cloud: string | undefined;
  readonly isListening: boolean;
}

/** What became of a message: it named an object to reconcile, did not concern us, or could not be parsed. */
export type NotificationOutcome = 'references' | 'ignored' | 'unreadable';

const prefix = 'concertim_openstack_';
/** From an answer out of a cache to one that was given up. */
const requestBuckets = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** From a targeted run to the first one of a large cloud. */
const runBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900];

/** The service's own figures, for Prometheus. docs/metrics.md is written from them. */
export class Instruments {
  readonly #registry = new Registry();
  readonly #clouds: readonly string[];
  #isWriting: LiveState['isWriting'] | undefined;
  /** Names of labels by metric, which the library does not tell. */
  readonly #labels = new Map<string, readonly string[]>();
  readonly #runs = this.#counter(
    'reconcile_runs_total',
    'Reconciles, by scope and outcome: complete, partial (some objects failed), failed.',
    ['scope', 'outcome'],
  );
  readonly #runSeconds = this.#histogram(
    'reconcile_duration_seconds',
    'Duration of each finished reconcile, by scope.',
    ['scope'],
    runBuckets,
  );
  readonly #phaseSeconds = this.#histogram(
    'reconcile_phase_duration_seconds',
    'Duration of each phase of a reconcile: observe, plan, apply.',
    ['scope', 'phase'],
    runBuckets,
  );
  readonly #lastComplete = this.#gauge(
    'reconcile_last_complete_timestamp_seconds',
    'When the last full reconcile in which nothing failed began, seconds since 1970.',
  );
  readonly #changes = this.#counter('reconcile_changes_total', 'Changes made to the portal, by kind.', [
    'kind',
  ]);
  readonly #failures = this.#counter(
    'reconcile_failures_total',
    'Objects that failed to reconcile, by what was tried.',
    ['doing'],
  );
  readonly #drift = this.#counter(
    'reconcile_drift_total',
    'Changes of the cloud that a full reconcile found and no notification had announced: lost notifications.',
  );
  readonly #held = this.#gauge(
    'reconcile_held',
    'Objects kept in the portal by the last full reconcile: missing from OpenStack, deletion not confirmed.',
    ['cloud'],
  );
  readonly #refused = this.#gauge(
    'reconcile_deletions_refused',
    'Kinds of object whose deletions the last full reconcile refused, because too many were missing.',
    ['cloud'],
  );
  readonly #unreadable = this.#gauge(
    'reconcile_projects_unreadable',
    'Projects whose stacks the last full reconcile could not list.',
    ['cloud'],
  );
  readonly #cloudRead = this.#gauge(
    'cloud_read',
    'Whether the last reconcile that needed one of several clouds could read it: 1 or 0.',
    ['cloud'],
  );
  readonly #objects = this.#gauge(
    'objects',
    'What the last full reconcile saw, by kind: servers, stacks and flavors of the cloud; users, racks, devices and templates of the portal.',
    ['kind', 'cloud'],
  );
  readonly #ownerCost = this.#gauge(
    'owner_cost',
    'What the project of an owner (a user or team of the portal) has cost this month, by CloudKitty.',
    ['owner'],
  );
  readonly #ownerCredits = this.#gauge('owner_credits', 'Credits that an owner has left.', ['owner']);
  readonly #ownerUnbilled = this.#gauge(
    'owner_unbilled',
    'Cost that CloudKitty has rated for the project of an owner this month and last, and that is billed to nobody (docs/billing.md).',
    ['owner'],
  );
  readonly #usageLeft = this.#gauge(
    'usage_left',
    'Usage of past days, counted by day, order and unit, that is not recorded with the billing platform.',
  );
  readonly #usageOver = this.#gauge(
    'usage_over',
    'Usage, counted by day, order and unit, with more recorded than CloudKitty has rated now.',
  );
  readonly #usageComplete = this.#gauge(
    'usage_last_complete_timestamp_seconds',
    'When all usage of the days that are over was last recorded, seconds since 1970.',
  );
  readonly #notifications = this.#counter(
    'notifications_total',
    'Notifications received, by outcome: references (named an object to reconcile), ignored, unreadable (dead-lettered).',
    ['outcome', 'cloud'],
  );
  readonly #lag = this.#histogram(
    'notification_lag_seconds',
    'From the sending of a notification, by the clock of the sender, to its arrival here.',
    ['cloud'],
    [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600],
  );
  readonly #requests = this.#counter(
    'requests_total',
    'Requests sent, by service, method, route and status; without an answer the status is the code of the error.',
    ['service', 'method', 'route', 'status', 'cloud'],
  );
  readonly #requestSeconds = this.#histogram(
    'request_duration_seconds',
    'Duration of the requests sent, by service, method and route; each try by itself.',
    ['service', 'method', 'route', 'cloud'],
    requestBuckets,
  );
  readonly #cycles = this.#counter(
    'metrics_cycles_total',
    'Cycles of the component metrics, by outcome: complete, partial, failed.',
    ['outcome'],
  );
  readonly #cycleSeconds = this.#histogram(
    'metrics_cycle_phase_duration_seconds',
    'Duration of each phase of a cycle of the component metrics.',
    ['phase'],
    [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60],
  );
  readonly #figures = this.#counter(
    'metrics_figures_total',
    'Figures of instances, by outcome: sent, kept (the portal has them), unknown, unknown_device, refused, left (no time).',
    ['outcome', 'cloud'],
  );
  readonly #deliveredRatio = this.#gauge(
    'metrics_delivered_ratio',
    'Of the figures that are due, the share that the portal has, 0 to 1, in the last cycle.',
    ['cloud'],
  );
  readonly #unknownFigures = this.#gauge(
    'metrics_unknown_figures',
    'Figures that could not be known in the last cycle, by reason (docs/telemetry.md).',
    ['reason', 'cloud'],
  );
  readonly #figureAge = this.#gauge(
    'metrics_figure_age_seconds',
    'How old the newest measures of the known figures were in the last cycle: the median and the oldest.',
    ['of', 'cloud'],
  );
  readonly #instances = this.#gauge(
    'metrics_instances',
    'Devices of the portal that show an instance, in the last cycle.',
    ['cloud'],
  );
  readonly #served = this.#counter(
    'api_requests_total',
    'Requests answered by the component api, by method, route and status.',
    ['method', 'route', 'status'],
  );
  readonly #servedSeconds = this.#histogram(
    'api_request_duration_seconds',
    'Duration of the requests answered by the component api.',
    ['method', 'route'],
    requestBuckets,
  );

  /** @param clouds names of several; none for one alone */
  constructor(clouds: readonly string[] = []) {
    this.#clouds = clouds;
    this.#gauge('build_info', 'Always 1; the labels are the versions of the service and of Node.', [
      'version',
      'node',
    ]).set({ version, node: process.version }, 1);
    // A series that begins at 0 tells of its first increase, too.
    for (const outcome of ['complete', 'partial', 'failed']) {
      for (const scope of ['full', 'targeted']) this.#runs.inc({ scope, outcome }, 0);
      this.#cycles.inc({ outcome }, 0);
    }
    for (const cloud of clouds.length > 0 ? clouds : [undefined]) {
      for (const outcome of ['references', 'ignored', 'unreadable'])
        this.#notifications.inc({ outcome, ...of(cloud) }, 0);
      this.#lag.zero(of(cloud));
    }
  }

  /** Adds what is looked at only when somebody asks: the state of the components, and the process itself. */
  watch(state: LiveState): void {
    this.#isWriting = state.isWriting;
    this.#watched('component_ready', 'Whether a component does its work: 1 or 0.', ['component'], (gauge) => {
      for (const { component, ready } of state.healths()) gauge.set({ component }, Number(ready));
    });
    this.#watched(
      'component_last_success_timestamp_seconds',
      'When a component last did its work, seconds since 1970.',
      ['component'],
      (gauge) => {
        for (const { component, lastSuccessAt } of state.healths())
          if (lastSuccessAt !== undefined) gauge.set({ component }, lastSuccessAt / 1_000);
      },
    );
    this.#watched('reconcile_backlog', 'Objects waiting to be reconciled.', [], (gauge) => {
      const backlog = state.backlog();
      if (backlog !== undefined) gauge.set(backlog);
    });
    this.#watched('writer', 'Whether this process writes to the portal: 1, or 0 on standby.', [], (gauge) => {
      const isWriting = state.isWriting();
      if (isWriting !== undefined) gauge.set(Number(isWriting));
    });
    this.#watched('paused', 'Whether writing to the portal is paused: 1 or 0.', [], (gauge) => {
      if (state.isWriting() !== undefined) gauge.set(Number(state.paused() !== undefined));
    });
    this.#watched(
      'notifications_listening',
      'Whether this process consumes the notifications of the cloud: 1 or 0.',
      ['cloud'],
      (gauge) => {
        for (const { cloud, isListening } of state.hearing() ?? []) gauge.set(of(cloud), Number(isListening));
      },
    );
    collectDefaultMetrics({ register: this.#registry, prefix });
  }

  exchanged({ service, method, route, outcome, ms, cloud }: CountedExchange): void {
    this.#requests.inc({ service, method, route, status: String(outcome), ...of(cloud) });
    this.#requestSeconds.observe({ service, method, route, ...of(cloud) }, ms / 1_000);
  }

  /** A reconcile came to an end. */
  reconciled(run: CountedRun): void {
    const { scope, ms } = run;
    const isComplete =
      run.failures.length + run.skipped.length + run.warnings.length + run.unobserved.length === 0;
    this.#runs.inc({ scope, outcome: isComplete ? 'complete' : 'partial' });
    this.#runSeconds.observe({ scope }, (ms.observe + ms.plan + ms.apply) / 1_000);
    for (const phase of ['observe', 'plan', 'apply'] as const)
      this.#phaseSeconds.observe({ scope, phase }, ms[phase] / 1_000);
    for (const [kind, count] of Object.entries(run.changes)) this.#changes.inc({ kind }, count ?? 0);
    for (const { doing } of run.failures) this.#failures.inc({ doing });
    this.#drift.inc(run.drift.length);
    const { clouds } = run;
    for (const { name, seen, away } of clouds)
      if (seen || away) this.#cloudRead.set({ cloud: name }, Number(!away));
    if (scope === 'targeted') return;
    if (isComplete) this.#lastComplete.set(run.startedAt / 1_000);
    for (const gauge of [this.#held, this.#refused, this.#unreadable, this.#objects]) gauge.reset();
    const whole = { held: run.held.length, refused: run.warnings.length, unobserved: run.unobserved.length };
    for (const { name, held, refused, unobserved } of clouds.length > 0
      ? clouds
      : [{ name: undefined, ...whole }]) {
      this.#held.set(of(name), held);
      this.#refused.set(of(name), refused);
      this.#unreadable.set(of(name), unobserved);
    }
    const ofClouds = new Set(clouds.flatMap(({ seen }) => Object.keys(seen ?? {})));
    for (const [kind, count] of Object.entries(run.seen))
      if (!ofClouds.has(kind)) this.#objects.set({ kind }, count);
    for (const { name, seen } of clouds)
      for (const [kind, count] of Object.entries(seen ?? {})) this.#objects.set({ kind, cloud: name }, count);
  }

  /** A reconcile failed as a whole. */
  notReconciled(scope: CountedRun['scope']): void {
    this.#runs.inc({ scope, outcome: 'failed' });
  }

  /** What a full run knows of money. Values of owners who no longer exist are removed. */
  accounted({ owners, usage }: MoneyReport): void {
    for (const gauge of [this.#ownerCost, this.#ownerCredits, this.#ownerUnbilled]) gauge.reset();
    for (const { owner, cost, credits, unbilled } of owners) {
      if (cost !== undefined) this.#ownerCost.set({ owner }, cost);
      if (credits !== undefined) this.#ownerCredits.set({ owner }, credits);
      if (unbilled !== undefined) this.#ownerUnbilled.set({ owner }, unbilled);
    }
    if (!usage) return;
    this.#usageLeft.set(usage.left);
    this.#usageOver.set(usage.over);
    if (usage.completeAt !== undefined) this.#usageComplete.set(usage.completeAt / 1_000);
  }

  /**
   * @param lagMs since it was sent; undefined when it does not say
   * @param cloud undefined: there is one
   */
  notified(outcome: NotificationOutcome, lagMs: number | undefined, cloud?: string): void {
    this.#notifications.inc({ outcome, ...of(cloud) });
    // The sender's clock may be ahead of ours.
    if (lagMs !== undefined) this.#lag.observe(of(cloud), Math.max(0, lagMs) / 1_000);
  }

  /** A cycle of the component metrics came to an end. */
  cycled(cycle: CountedCycle): void {
    const { ms, delivery, failures, clouds = [{ cloud: undefined, report: cycle }] } = cycle;
    const isComplete = failures.length + delivery.refused.length + delivery.left === 0;
    this.#cycles.inc({ outcome: isComplete ? 'complete' : 'partial' });
    for (const [phase, time] of Object.entries(ms)) this.#cycleSeconds.observe({ phase }, time / 1_000);
    for (const gauge of [this.#unknownFigures, this.#figureAge]) gauge.reset();
    for (const { cloud, report } of clouds) this.#figuresOf(report, of(cloud));
  }

  #figuresOf(
    { instances, kept, unknown, due, delivered, ages, delivery }: CountedCycle,
    cloud: { readonly cloud?: string },
  ): void {
    const figures = {
      sent: delivery.sent,
      kept,
      unknown: [...unknown.values()].reduce((sum, each) => sum + each.figures, 0),
      unknown_device: delivery.unknownDevices,
      refused: delivery.refused.length,
      left: delivery.left,
    };
    for (const [outcome, count] of Object.entries(figures)) this.#figures.inc({ outcome, ...cloud }, count);
    this.#instances.set(cloud, instances);
    // Where nothing is due, nothing is missing.
    this.#deliveredRatio.set(cloud, due === 0 ? 1 : delivered / due);
    for (const [reason, { figures: count }] of unknown) this.#unknownFigures.set({ reason, ...cloud }, count);
    if (!ages) return;
    this.#figureAge.set({ of: 'median', ...cloud }, ages.medianMs / 1_000);
    this.#figureAge.set({ of: 'oldest', ...cloud }, ages.oldestMs / 1_000);
  }

  /** A cycle of the component metrics failed as a whole. */
  notCycled(): void {
    this.#cycles.inc({ outcome: 'failed' });
    for (const cloud of this.#clouds.length > 0 ? this.#clouds : [undefined])
      this.#deliveredRatio.set(of(cloud), 0);
  }

  /** The component api has answered a request. */
  served(request: { method: string; route: string; status: number; ms: number }): void {
    const { method, route, status, ms } = request;
    this.#served.inc({ method, route, status: String(status) });
    this.#servedSeconds.observe({ method, route }, ms / 1_000);
  }

  /** All of them as Prometheus reads them. */
  async scrape(): Promise<{ readonly contentType: string; readonly text: string }> {
    if (this.#isWriting?.() === false) this.#forgetRuns();
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }

  /** What there is, without figures: for the documentation. */
  async list(): Promise<readonly { name: string; kind: string; labels: readonly string[]; about: string }[]> {
    const metrics = await this.#registry.getMetricsAsJSON();
    return metrics.map(({ name, type, help }) => ({
      name,
      kind: type,
      labels: this.#labels.get(name) ?? [],
      about: help,
    }));
  }

  /** What the last runs saw, another process has brought out of date. */
  #forgetRuns(): void {
    for (const gauge of [this.#lastComplete, this.#usageLeft, this.#usageOver, this.#usageComplete])
      gauge.remove();
    for (const gauge of [this.#held, this.#refused, this.#unreadable, this.#cloudRead, this.#objects])
      gauge.reset();
    for (const gauge of [this.#ownerCost, this.#ownerCredits, this.#ownerUnbilled]) gauge.reset();
  }

  #counter<Label extends string = never>(
    name: string,
    help: string,
    labelNames: Label[] = [],
  ): Counter<Label> {
    return new Counter(this.#named(name, help, labelNames));
  }

  #gauge<Label extends string = never>(name: string, help: string, labelNames: Label[] = []): Gauge<Label> {
    const gauge = new Gauge(this.#named(name, help, labelNames));
    // Not known yet is not zero.
    if (labelNames.length === 0) gauge.remove();
    return gauge;
  }

  #watched<Label extends string>(
    name: string,
    help: string,
    labelNames: Label[],
    look: (gauge: Gauge<Label>) => void,
  ): void {
    const gauge = new Gauge({
      ...this.#named(name, help, labelNames),
      registers: [],
      collect() {
        this.reset();
        if (labelNames.length === 0) this.remove();
        look(this);
      },
    });
    this.#registry.registerMetric(gauge);
  }

  #histogram<Label extends string>(
    name: string,
    help: string,
    labelNames: Label[],
    buckets: number[],
  ): Histogram<Label> {
    return new Histogram({ ...this.#named(name, help, labelNames), buckets });
  }

  #named<Label extends string>(name: string, help: string, labelNames: Label[]) {
    this.#labels.set(prefix + name, labelNames);
    return { name: prefix + name, help, labelNames, registers: [this.#registry] };
  }
}

/** The label of a cloud; none where there is one cloud. */
function of(cloud: string | undefined): { readonly cloud?: string } {
  return cloud === undefined ? {} : { cloud };
}
