import type { Health } from '../observability/health.ts';
import type { Logger } from '../observability/logger.ts';
import type { Tracing, WorkOptions } from '../observability/tracing.ts';
import type { Announcer, Reference } from '../openstack/model.ts';
import { type Backoff, backoffDelay } from '../runtime/backoff.ts';
import { ageOf, type Clock, isoTime } from '../runtime/clock.ts';
import { pause } from '../runtime/pause.ts';
import type { Random } from '../runtime/random.ts';
import { explain, severityOf } from '../runtime/severity.ts';
import { describePause, type WritePause } from '../runtime/write-pause.ts';
import { isOutage } from './outage.ts';
import type { Reconciler } from './reconciler.ts';
import { ReportLog } from './report-log.ts';
import { changeCount, isSuccess, type RunReport } from './run-report.ts';

export interface ReconcileLoopOptions {
  readonly reconciler: Pick<
    Reconciler,
    | 'reconcileAll'
    | 'reconcile'
    | 'announce'
    | 'audit'
    | 'untilAuditMs'
    | 'untilPostponedMs'
    | 'untilTrialMs'
    | 'tryUnread'
    | 'forgetPortal'
    | 'forgetCloud'
    | 'hasReadAll'
  >;
  /** From the start of one full run to the start of the next. */
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly onReport?: (report: RunReport) => void;
  /** Called when a run fails as a whole. */
  readonly onFailure?: (scope: RunReport['scope'], error: unknown) => void;
  readonly tracing: Tracing;
  /** Pauses writing: meanwhile nothing runs. Default: no pauses. */
  readonly writePause?: WritePause;
  /** Gets the outcome of each run. */
  readonly health?: Health;
}

/** After a failure the next full run comes sooner than the interval says, but not at once. */
const backoff: Backoff = { baseMs: 5_000, maxMs: 60_000 };
/** Longest wait after an error that only a person can fix; the interval of full runs if that is shorter. */
const patienceMs = 300_000;
/** Least wait, whatever the jitter: the other side may still be processing a request that timed out. */
const leastWaitMs = 2_000;
/** How long a first request waits for others, since notifications come in bursts. */
const gatherMs = 3;
const mostOrigins = 128;

/**
 * When to reconcile. Triggers only mark what is due; the loop does it, one run at a time:
 *
 * ```
 *  start, every interval, requestFull() ──► full run
 *  request(references) ──────────────────► targeted run of all that has gathered meanwhile
 *  what a run postponed is due ──────────► the same
 *  nothing of these ─────────────────────► a part of the portal is read, when its turn comes
 *  a cloud of several that was not read ──► a trial beside the runs; full run once it answers
 *  a run that failed ────────────────────► full run after a back-off; while the portal or the cloud is unavailable,
 *                                          requests wait for it
 *  a pause ─────────────────────────────► nothing; at its end a full run
 * ```
 *
 * It never gives up: a cloud that refuses our password today may take it tomorrow. But what a person must mend is not tried
 * sooner than the next run is due.
 */
export class ReconcileLoop {
  readonly #options: ReconcileLoopOptions;
  readonly #reports: ReportLog;
  /** When the next full run is due: so long after that moment. */
  #nextFull = { since: 0, ms: 0 };
  /** By object: of many references to one, one is left. */
  readonly #pending = new Map<string, Reference>();
  /** The traces of the requests; at most as many as a span may have links. */
  readonly #origins = new Set<string>();
  #failures = 0;
  /** The portal or the cloud was unavailable: requests wait for the next full run, which tries again. */
  #isStuck = false;
  /** From the end of the first run that found the portal or the cloud unavailable to the end of the last; undefined: the last run found both. */
  #unavailable: { readonly since: number; readonly until: number } | undefined;
  #wake: AbortController | undefined;

  constructor(options: ReconcileLoopOptions) {
    this.#options = options;
    this.#reports = new ReportLog(options.log);
  }

  /**
   * Look at these again, soon.
   *
   * @param announcer the service that announced them; undefined: nobody did
   */
  request(references: readonly Reference[], announcer?: Announcer): void {
    const { reconciler, tracing } = this.#options;
    reconciler.announce(references, announcer);
    const { here } = tracing;
    // Needless during a pause: the full run at its end reads everything.
    if (this.#options.writePause?.known) return;
    if (here !== undefined && this.#origins.size < mostOrigins) this.#origins.add(here);
    for (const reference of references) {
      const key = `${reference.kind} ${reference.id}`;
      const deleted = reference.deleted || (this.#pending.get(key)?.deleted ?? false);
      this.#pending.set(key, { ...reference, deleted });
    }
    if (!this.#isStuck) this.#wake?.abort();
  }

  /** Look at everything again, soon: something may have happened that nobody heard. */
  requestFull(): void {
    this.#options.reconciler.forgetCloud();
    this.#setNextFull(0);
    this.#wake?.abort();
  }

  /** How many objects wait to be reconciled. */
  get backlog(): number {
    return this.#pending.size;
  }

  /**
   * For how long every run has found the portal or the cloud unavailable, ms; 0 during a pause. A run that is under way does not
   * count: it may be the one that succeeds.
   */
  get stuckMs(): number {
    if (!this.#unavailable || this.#options.writePause?.known) return 0;
    return ageOf(this.#unavailable.since, this.#unavailable.until);
  }

  /** Until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { writePause, health, log } = this.#options;
    const work = (held: AbortSignal) => this.#run(held);
    if (!writePause) return work(signal);
    await writePause.workBetween(work, signal, {
      onPause: (paused) => {
        health?.rests(`nothing is written to the portal: ${describePause(paused)}`);
        log.warn(
          { since: isoTime(paused.since), reason: paused.reason },
          'paused: nothing is written to the portal',
        );
      },
      onResume: () => {
        this.#pending.clear();
        this.#isStuck = false;
        this.requestFull();
        health?.works('full reconcile after a pause');
        log.info('resumed: writing to the portal again');
      },
    });
  }

  async #run(signal: AbortSignal): Promise<void> {
    // Until now another process may have been the writer, or an operator may have changed the portal.
    this.#options.reconciler.forgetPortal();
    this.#unavailable = undefined;
    while (!signal.aborted) {
      if (this.#options.reconciler.untilTrialMs === 0) void this.#tryUnread(signal);
      if (this.#untilFullMs === 0) await this.runFull(signal);
      else if ((this.#pending.size > 0 || this.#untilPostponedMs === 0) && !this.#isStuck)
        await this.#runTargeted(signal);
      else if (this.#untilAuditMs === 0) await this.#audit(signal);
      else await this.#sleep(signal);
    }
  }

  /** One full run, now. @returns whether all went well */
  async runFull(signal: AbortSignal): Promise<boolean> {
    const { reconciler, intervalMs } = this.#options;
    this.#setNextFull(intervalMs);
    const before = [...this.#pending];
    // A full run has its own trace, linked to those of the requests, since it is due without a request too.
    const options = { links: this.#takeOrigins() };
    const isWell = await this.#attempt('full', signal, options, () => reconciler.reconcileAll(signal));
    if (reconciler.hasReadAll) this.#settle(before);
    return isWell;
  }

  /** The last run has read what was requested before it, except floating IPs: Nova shows them after a delay. */
  #settle(requests: readonly (readonly [string, Reference])[]): void {
    for (const [key, reference] of requests)
      if (reference.kind !== 'floating-ip' && this.#pending.get(key) === reference) this.#pending.delete(key);
  }

  async #runTargeted(signal: AbortSignal): Promise<void> {
    await pause(this.#options.clock, gatherMs, signal);
    if (signal.aborted) return;
    const references = [...this.#pending.values()];
    this.#pending.clear();
    // It continues the trace of the first request.
    const [parent, ...links] = this.#takeOrigins();
    await this.#attempt('targeted', signal, { parent, links }, () =>
      this.#options.reconciler.reconcile(references, signal),
    );
  }

  #takeOrigins(): string[] {
    const origins = [...this.#origins];
    this.#origins.clear();
    return origins;
  }

  async #attempt(
    scope: RunReport['scope'],
    signal: AbortSignal,
    origin: WorkOptions,
    work: () => Promise<RunReport>,
  ): Promise<boolean> {
    const { tracing, intervalMs } = this.#options;
    try {
      const report = await tracing.work(`reconcile ${scope}`, origin, async () => {
        const done = await work();
        const { runId, failures, skipped, held } = done;
        const counts = {
          changes: changeCount(done),
          failures: failures.length + skipped.length,
          held: held.length,
        };
        tracing.note({ runId, ...counts });
        return done;
      });
      this.#reports.write(report);
      this.#options.onReport?.(report);
      // Trials find out when a cloud is back: the others are read as often as always.
      const mayPass = report.failures.some(
        ({ object, error }) => object !== 'cloud' && severityOf(error) === 'transient',
      );
      this.#isStuck =
        report.untried > 0 ||
        (mayPass &&
          changeCount(report) === 0 &&
          report.failures.some(({ doing, error }) => doing !== 'read' && isOutage(error)));
      this.#noteAvailability(!this.#isStuck);
      if (this.#isStuck) this.#options.health?.failed('the portal is unavailable');
      // A targeted run sees a part only.
      else if (isByAnotherService(report.contested))
        this.#options.health?.failed(describeContest(report.contested));
      else if (report.scope === 'full') this.#options.health?.succeeded(reservationOf(report));
      if ((mayPass || report.untried > 0) && !signal.aborted) this.#retrySoon();
      else if (report.scope === 'full') this.#failures = 0;
      return isSuccess(report);
    } catch (error) {
      if (signal.aborted) return false;
      this.#options.health?.failed(explain(error));
      this.#options.onFailure?.(scope, error);
      this.#reports.failed(error);
      this.#isStuck = true;
      // Another process would fail on a refused password or an unknown release, too.
      this.#noteAvailability(severityOf(error) !== 'transient');
      if (severityOf(error) === 'fatal') this.#setNextFull(Math.min(intervalMs, patienceMs));
      else this.#retrySoon();
      return false;
    }
  }

  #noteAvailability(isAvailable: boolean): void {
    const until = this.#options.clock.now();
    this.#unavailable = isAvailable ? undefined : { since: this.#unavailable?.since ?? until, until };
  }

  /** A failure is not logged here: after one the next full run comes sooner, and reports what is wrong. */
  async #audit(signal: AbortSignal): Promise<void> {
    try {
      await this.#options.reconciler.audit(signal);
    } catch {
      if (!signal.aborted) this.#retrySoon();
    }
  }

  async #tryUnread(signal: AbortSignal): Promise<void> {
    const { reconciler } = this.#options;
    if ((await reconciler.tryUnread(signal)) && !signal.aborted) this.#setNextFull(0);
    this.#wake?.abort();
  }

  /** Not due while the portal is unavailable. */
  get #untilAuditMs(): number {
    return this.#isStuck ? Number.POSITIVE_INFINITY : this.#options.reconciler.untilAuditMs;
  }

  /** Not due while the portal or the cloud is unavailable. */
  get #untilPostponedMs(): number {
    return this.#isStuck ? Number.POSITIVE_INFINITY : this.#options.reconciler.untilPostponedMs;
  }

  #retrySoon(): void {
    const { random, intervalMs } = this.#options;
    const wait = leastWaitMs + backoffDelay(backoff, this.#failures, random);
    this.#failures++;
    this.#setNextFull(Math.min(this.#untilFullMs, wait, intervalMs));
  }

  #setNextFull(ms: number): void {
    this.#nextFull = { since: this.#options.clock.now(), ms };
  }

  get #untilFullMs(): number {
    const { since, ms } = this.#nextFull;
    return Math.max(0, ms - ageOf(since, this.#options.clock.now()));
  }

  async #sleep(signal: AbortSignal): Promise<void> {
    const wake = new AbortController();
    this.#wake = wake;
    const { untilTrialMs } = this.#options.reconciler;
    const ms = Math.min(this.#untilFullMs, this.#untilAuditMs, this.#untilPostponedMs, untilTrialMs);
    await pause(this.#options.clock, ms, AbortSignal.any([signal, wake.signal]));
    this.#wake = undefined;
  }
}

/** A portal user can only undo changes in their own racks. Templates, or racks of several owners, mean another service. */
function isByAnotherService(contested: RunReport['contested']): boolean {
  const owners = new Set(contested.map(({ owner }) => owner));
  return owners.size > 1 || owners.has(null);
}

function describeContest(contested: RunReport['contested']): string {
  const [first] = contested;
  const others = contested.length > 1 ? ` and ${contested.length - 1} more` : '';
  return `another writer undoes what is written to ${first?.object} ${first?.name}${others}: does a second service write to this portal?`;
}

/** What a person must look at although the run succeeded; undefined: nothing. */
function reservationOf({ warnings, failures, clouds }: RunReport): string | undefined {
  if (warnings.length > 0) return 'deletions refused: `plan` says why';
  const unread = clouds.flatMap(({ name, away }) =>
    away ? [`cloud ${name} not read since ${isoTime(away.since)}: ${explain(away.error)}`] : [],
  );
  if (unread.length > 0) return unread.join('; ');
  if (failures.length === 0) return undefined;
  return `${failures.length === 1 ? '1 object' : `${failures.length} objects`} not reconciled: the log says why`;
}
