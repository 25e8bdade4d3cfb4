import type { Health } from '../observability/health.ts';
import type { Logger } from '../observability/logger.ts';
import type { Tracing } from '../observability/tracing.ts';
import type { Clock } from '../runtime/clock.ts';
import { explain } from '../runtime/severity.ts';
import { CycleLog } from './cycle-log.ts';
import { type CycleReport, isSuccess, reportsOf, whyMissing } from './cycle-report.ts';
import { nextBeginning, nextOnGrid } from './grid.ts';
import type { MetricPump } from './metric-pump.ts';

export interface MetricLoopOptions {
  readonly pump: Pick<MetricPump, 'runCycle'>;
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly health: Health;
  readonly tracing: Tracing;
  readonly onReport?: (report: CycleReport) => void;
  /** Called when a cycle fails as a whole. */
  readonly onFailure?: () => void;
}

const longestFirstCycleMs = 120_000;

/**
 * When cycles begin: on a grid of whole intervals since 1970, so that they do not drift. One that takes longer is cut at the
 * next beginning, and the next one begins then; two never run at once.
 */
export class MetricLoop {
  readonly #options: MetricLoopOptions;
  readonly #cycles: CycleLog;

  constructor(options: MetricLoopOptions) {
    this.#options = options;
    this.#cycles = new CycleLog(options.log);
  }

  /** Until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, intervalMs } = this.#options;
    let beginning = nextOnGrid(clock.now(), intervalMs);
    while (!signal.aborted) {
      try {
        await clock.sleep(Math.max(0, beginning - clock.now()), signal);
      } catch (error) {
        if (signal.aborted) return;
        throw error;
      }
      // Not by the clock's next: a timer may be a millisecond early.
      await this.#runCycle(beginning + intervalMs, signal);
      beginning = nextBeginning(beginning, clock.now(), intervalMs);
    }
  }

  /** One cycle, now; it may take as long as one that has to get to know everything. @returns whether all went well */
  async runOnce(signal: AbortSignal): Promise<boolean> {
    return this.#runCycle(this.#options.clock.now() + longestFirstCycleMs, signal);
  }

  async #runCycle(deadline: number, signal: AbortSignal): Promise<boolean> {
    const { pump, log, health, tracing } = this.#options;
    try {
      const report = await tracing.work('metrics cycle', {}, async () => {
        const done = await pump.runCycle(deadline, signal);
        tracing.note({ instances: done.instances, kept: done.kept, sent: done.delivery.sent });
        return done;
      });
      this.#cycles.write(report);
      this.#options.onReport?.(report);
      this.#judge(report);
      return isSuccess(report);
    } catch (error) {
      if (signal.aborted) return false;
      log.error({ why: explain(error), err: error }, 'metrics cycle failed, no figures sent');
      health.failed(explain(error));
      this.#options.onFailure?.();
      return false;
    }
  }

  /** The component does its work as long as the figures of one of the clouds arrive. */
  #judge(report: CycleReport): void {
    const { health } = this.#options;
    const clouds = reportsOf(report);
    const missing = clouds.flatMap(({ cloud, report: of }) => {
      const why = whyMissing(of);
      return why === undefined ? [] : [{ cloud, why: explain(why) }];
    });
    const [first] = missing;
    if (!first) health.succeeded();
    else if (missing.length < clouds.length) health.succeeded(describeMissing(missing));
    else health.failed(missing.every(({ why }) => why === first.why) ? first.why : describeMissing(missing));
  }
}

function describeMissing(
  missing: readonly { readonly cloud: string | undefined; readonly why: string }[],
): string {
  return missing.map(({ cloud, why }) => `figures of cloud ${cloud} missing: ${why}`).join('; ');
}
