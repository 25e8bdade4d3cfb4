import type { Logger } from '../observability/logger.ts';
import type { Reference } from '../openstack/model.ts';
import { type Backoff, backoffDelay } from '../runtime/backoff.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';
import { explain, severityOf } from '../runtime/severity.ts';
import type { Reconciler } from './reconciler.ts';
import { ReportLog } from './report-log.ts';
import { isSuccess, type RunReport } from './run-report.ts';

export interface ReconcileLoopOptions {
  readonly reconciler: Pick<Reconciler, 'reconcileAll' | 'reconcile' | 'announce'>;
  /** From the start of one full run to the start of the next. */
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly onReport?: (report: RunReport) => void;
}

/** After a failure the next full run comes sooner than the interval says, but not at once. */
const backoff: Backoff = { baseMs: 5_000, maxMs: 60_000 };
/** Part of the wait that chance cannot shorten: a request that timed out may still be at work on the other side. */
const leastWaitMs = 2_000;

/**
 * When to reconcile. Triggers only mark what is due; the loop does it, one run at a time:
 *
 * ```
 *  start, every interval, requestFull() ──► full run
 *  request(references) ──────────────────► targeted run of all that has gathered meanwhile
 *  a run that failed ────────────────────► full run after a back-off
 * ```
 *
 * It never gives up: a cloud that refuses our password today may take it tomorrow.
 */
export class ReconcileLoop {
  readonly #options: ReconcileLoopOptions;
  readonly #reports: ReportLog;
  #nextFullAt = Number.NEGATIVE_INFINITY;
  #pending: Reference[] = [];
  #failures = 0;
  #wake: AbortController | undefined;

  constructor(options: ReconcileLoopOptions) {
    this.#options = options;
    this.#reports = new ReportLog(options.log);
  }

  /** Look at these again, soon. */
  request(references: readonly Reference[]): void {
    this.#options.reconciler.announce(references);
    this.#pending.push(...references);
    this.#wake?.abort();
  }

  /** Look at everything again, soon. */
  requestFull(): void {
    this.#nextFullAt = Number.NEGATIVE_INFINITY;
    this.#wake?.abort();
  }

  /** How many references wait for their run. */
  get backlog(): number {
    return this.#pending.length;
  }

  /** Until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (this.#options.clock.now() >= this.#nextFullAt) await this.runFull(signal);
      else if (this.#pending.length > 0 && this.#failures === 0) await this.#runTargeted(signal);
      else await this.#sleep(signal);
    }
  }

  /** One full run, now. @returns whether all went well */
  async runFull(signal: AbortSignal): Promise<boolean> {
    const { clock, reconciler, intervalMs } = this.#options;
    this.#nextFullAt = clock.now() + intervalMs;
    this.#pending = [];
    return this.#attempt(signal, () => reconciler.reconcileAll(signal));
  }

  async #runTargeted(signal: AbortSignal): Promise<void> {
    const references = this.#pending;
    this.#pending = [];
    await this.#attempt(signal, () => this.#options.reconciler.reconcile(references, signal));
  }

  async #attempt(signal: AbortSignal, work: () => Promise<RunReport>): Promise<boolean> {
    try {
      const report = await work();
      this.#reports.write(report);
      this.#options.onReport?.(report);
      const mayPass = report.failures.some(({ error }) => severityOf(error) === 'transient');
      if (mayPass && !signal.aborted) this.#retrySoon();
      else this.#failures = 0;
      return isSuccess(report);
    } catch (error) {
      if (signal.aborted) return false;
      const severity = severityOf(error);
      const fields = { severity, why: explain(error), err: error };
      if (severity === 'transient') this.#options.log.warn(fields, 'not reconciled');
      else this.#options.log.error(fields, 'not reconciled');
      this.#retrySoon();
      return false;
    }
  }

  #retrySoon(): void {
    const { clock, random, intervalMs } = this.#options;
    const wait = leastWaitMs + backoffDelay(backoff, this.#failures, random);
    this.#failures++;
    this.#nextFullAt = Math.min(this.#nextFullAt, clock.now() + Math.min(wait, intervalMs));
  }

  async #sleep(signal: AbortSignal): Promise<void> {
    const wake = new AbortController();
    this.#wake = wake;
    const ms = Math.max(0, this.#nextFullAt - this.#options.clock.now());
    try {
      await this.#options.clock.sleep(ms, AbortSignal.any([signal, wake.signal]));
    } catch (error) {
      if (!signal.aborted && !wake.signal.aborted) throw error;
    } finally {
      this.#wake = undefined;
    }
  }
}
