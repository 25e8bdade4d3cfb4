import { join } from 'node:path';
import { queueNames } from '../amqp/queues.ts';
import { ConfigError } from '../config/problems.ts';
import { AmqpSource } from '../notifications/amqp-source.ts';
import { NotificationListener } from '../notifications/listener.ts';
import type { NotificationSource } from '../notifications/source.ts';
import { Health } from '../observability/health.ts';
import type { Hearing } from '../observability/instruments.ts';
import type { Logger } from '../observability/logger.ts';
import type { Mapping } from '../plan/mapping.ts';
import type { Progress } from '../reconcile/apply-progress.ts';
import { DeletionAllowance } from '../reconcile/deletion-allowance.ts';
import { ReconcileLoop } from '../reconcile/reconcile-loop.ts';
import { type CloudSource, Reconciler, type ReconcilerOptions } from '../reconcile/reconciler.ts';
import type { RunReport } from '../reconcile/run-report.ts';
import { TreeMemory } from '../reconcile/tree-memory.ts';
import { Writer } from '../reconcile/writer.ts';
import { soleWriter } from '../reconcile/writer-lease.ts';
import { LockFile } from '../reconcile/writer-lock-file.ts';
import { runAll } from '../runtime/run-all.ts';
import { ServiceError } from '../runtime/severity.ts';
import { describePause, type Paused } from '../runtime/write-pause.ts';
import { checkedMapping } from './checked-mapping.ts';
import type { Component } from './component.ts';
import type { Foundation } from './foundation.ts';
import { createMoney } from './money.ts';
import { showNothing } from './show-nothing.ts';

/** What decides which changes are made, beside the configuration. */
export interface PlanOptions {
  /** What is shown, where it differs from docs/mapping.md. */
  readonly mapping?: Mapping;
  /** Lets deletions through that the policy would refuse: a person has looked. */
  readonly allowDeletions?: boolean;
  /** Shows nothing, so that a run removes what the service has made. */
  readonly decommissions?: boolean;
}

export interface UpdatesOptions extends PlanOptions {
  /** Which of the two this process runs: `updates_bulk` writes also while no writer can be elected. */
  readonly isBulk: boolean;
  /** Where notifications come from, instead of the RabbitMQ of the configuration. */
  readonly notifications?: NotificationSource | undefined;
  readonly onReport: (report: RunReport) => void;
}

/** What keeps the portal in step, whatever triggers it: of both components of a process the same, run by the first. */
export class Updates {
  readonly loop: ReconcileLoop;
  readonly writer: Writer;
  /** Whether each cloud is listened to; undefined where listening is no task. */
  hearing: readonly Hearing[] | undefined;
  readonly #base: Foundation;
  readonly #options: UpdatesOptions;
  readonly #reconciler: Reconciler;
  readonly #health: Health;
  #hasFirst = false;

  /** @param first the component that runs it */
  constructor(first: 'updates_bulk' | 'updates_mq', base: Foundation, options: UpdatesOptions) {
    const { config, clock, random, tracing, observation, electing } = base;
    const { intervalMs } = config.updates;
    const log = base.log(first);
    this.#base = base;
    this.#options = options;
    this.#health = base.roundHealth(first, intervalMs);
    this.#reconciler = createReconciler(base, log, {
      ...options,
      ...(config.dataDir !== undefined && {
        allowances: new DeletionAllowance({ dataDir: config.dataDir, clock }),
      }),
      onProgress: (progress) => this.#health.works(describeProgress(progress)),
    });
    const shared = { clock, random, log, health: this.#health, tracing };
    this.loop = new ReconcileLoop({
      reconciler: this.#reconciler,
      intervalMs,
      writePause: base.writePause,
      ...shared,
      onReport: (report) => {
        observation.reconciled(report);
        options.onReport(report);
      },
      onFailure: (scope, error) => observation.notReconciled(scope, error),
    });
    this.writer = new Writer({
      loop: this.loop,
      lease: config.dataDir ? new LockFile(join(config.dataDir, 'writer.lock'), shared) : soleWriter,
      election: electing && { broker: electing.broker, names: queueNames(electing.rmq.deployment) },
      writesAlone: options.isBulk && config.updates.withoutElection === 'write',
      ...shared,
    });
  }

  /** One of the two components; the first that is made runs the writer. */
  component(name: 'updates_bulk' | 'updates_mq'): Component {
    const { clock } = this.#base;
    const { writer } = this;
    const log = this.#base.log(name);
    const isFirst = !this.#hasFirst;
    this.#hasFirst = true;
    const hearing = name === 'updates_mq' ? new Health({ component: name, clock }) : undefined;
    const listen = hearing && this.#listening(hearing, log);
    return {
      name,
      healths: [...(isFirst ? [this.#health] : []), ...(hearing ? [hearing] : [])],
      async run(signal) {
        log.info('started');
        await Promise.all([isFirst && writer.run(signal), listen?.(signal)]);
        log.info('stopped');
      },
      runOnce: async (signal) => {
        if (!isFirst) return true;
        const paused = await this.#base.writePause.look();
        if (paused) throw new PausedError(paused);
        return writer.runOnce(signal);
      },
    };
  }

  #listening(health: Health, log: Logger): (signal: AbortSignal) => Promise<void> {
    const { clock, tracing, observation } = this.#base;
    const { notifications } = this.#options;
    const sources = notifications ? [{ name: '', source: notifications }] : amqpSources(this.#base, log);
    const deaf = new Set(sources.map(({ name }) => name));
    // What a cloud without a broker does is announced nowhere.
    const hearsAll = notifications !== undefined || this.#base.clouds.every(({ broker }) => broker);
    const isSeveral = notifications === undefined && this.#base.clouds.length > 1;
    const cloudOf = (name: string) => (isSeveral ? name : undefined);
    const heard = () => sources.map(({ name }) => ({ cloud: cloudOf(name), isListening: !deaf.has(name) }));
    this.hearing = heard();
    const listenTo = ({ name, source }: NamedSource) => {
      const updates = {
        request: this.writer.request.bind(this.writer),
        requestFull: this.writer.requestFull.bind(this.writer),
        hasRoom: this.writer.hasRoom.bind(this.writer),
        setListening: (isListening: boolean) => {
          if (isListening) deaf.delete(name);
          else deaf.add(name);
          this.hearing = heard();
          this.#reconciler.setListening(deaf.size === 0 && hearsAll);
          if (deaf.size === 0) health.succeeded();
          else health.failed(describeDeafness(deaf, sources.length));
        },
      };
      const listener = new NotificationListener(updates, log, {
        clock,
        tracing,
        onNotification: (outcome, lagMs) => observation.notified(outcome, lagMs, cloudOf(name)),
      });
      return (signal: AbortSignal) => source.run(listener, signal);
    };
    const runs = sources.map(listenTo);
    return async (signal) => runAll(runs, signal);
  }
}

/** Where the changes of one cloud are heard. */
interface NamedSource {
  readonly name: string;
  readonly source: NotificationSource;
}

function describeDeafness(deaf: ReadonlySet<string>, all: number): string {
  return `no notifications are heard${all > 1 ? ` of ${[...deaf].join(' and ')}` : ''}`;
}

/** Writing to the portal is paused. */
class PausedError extends ServiceError {
  constructor(paused: Paused) {
    super(`Writing to the portal is ${describePause(paused)}.`, {
      severity: 'terminal',
      hint: '`resume` ends that; `plan` shows what a run would change.',
    });
  }
}

function describeProgress({ done, total, perSecond, leftMs }: Progress): string {
  return `${done} of ${total} changes made, ${perSecond} a second, about ${Math.ceil(leftMs / 60_000)} min left`;
}

export function createReconciler(
  base: Foundation,
  log: Logger,
  options: PlanOptions & Pick<ReconcilerOptions, 'onProgress' | 'allowances'>,
): Reconciler {
  const { config, clouds, portal, traffic, tracing, clock, random } = base;
  const { updates, concertim } = config;
  const [first, ...others] = clouds.map(({ config: { name }, session }, at): CloudSource => {
    const folder = base.folderOf(at);
    const trees = folder === undefined ? undefined : { file: join(folder, 'stack-trees.json'), log };
    return { name, session, trees: new TreeMemory(trees) };
  });
  const settings = {
    ...(options.mapping && checkedMapping(options.mapping)),
    ...(options.decommissions && { ...showNothing, decommissions: true }),
    standaloneServers: updates.standaloneServers,
    defaultRackHeight: concertim.defaultRackHeight,
    defaultClusterType: concertim.defaultClusterType,
    deletions: {
      maxDeletions: updates.maxDeletions,
      maxShare: updates.maxDeletionShare,
      // A decommission is confirmed with its plan, which shows how much it deletes.
      allowAll: options.allowDeletions ?? options.decommissions ?? false,
    },
  };
  const { onProgress, allowances } = options;
  return new Reconciler({
    clouds: [first as CloudSource, ...others],
    portal,
    settings,
    audit: { withinMs: updates.auditIntervalMs, runEveryMs: updates.intervalMs },
    ...createMoney(base, log),
    departing: () => base.departing.read(),
    traffic,
    tracing,
    clock,
    random,
    log,
    allowances,
    ...(onProgress && { onProgress }),
  });
}

function amqpSources({ clouds, clock }: Foundation, log: Logger): NamedSource[] {
  const sources = clouds.flatMap(({ broker, config: { name, rmq } }): NamedSource[] => {
    if (!broker || !rmq) return [];
    const { deployment, exchanges, queue } = rmq;
    const names = queueNames(deployment);
    return [{ name, source: new AmqpSource({ broker, names, exchanges, queue, clock, log }) }];
  });
  if (sources.length > 0) return sources;
  throw new ConfigError([
    'updates_mq needs to know the RabbitMQ of the cloud, and rmq.rmq_address is not set. ' +
      'Set it, or leave updates_mq out: then changes show after updates.interval.',
  ]);
}
