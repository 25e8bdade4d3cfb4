import { LRUCache } from 'lru-cache';
import type { UsageReport } from '../billing/usage/usage-poster.ts';
import type { Logger } from '../observability/logger.ts';
import { explain } from '../runtime/severity.ts';

/** Most buckets with too much recorded that are remembered: orders times units times days. */
const mostRemembered = 10_000;

/** Logs what was recorded, what failed, and what is never billed. What stays the same is logged once. */
export class UsageLog {
  readonly #log: Logger;
  /** A report covers only some days, so that entries are kept until newer ones displace them. */
  readonly #over = new LRUCache<string, true>({ max: mostRemembered });
  #unbilled = new Set<string>();
  #failures = new Set<string>();

  constructor(log: Logger) {
    this.#log = log;
  }

  write({ days, made, steps, failures, unbilled }: UsageReport): void {
    if (made.length > 0) {
      const of = [...new Set(made.map(({ day }) => day))];
      this.#log.info({ records: made.length, days: of, cost: sum(made) }, 'usage recorded');
    }
    for (const { step, order, stack, unit, day, amount, recorded } of steps) {
      const about = `${order} ${unit} ${day}`;
      if (step !== 'over') continue;
      const isKnown = this.#over.has(about);
      this.#over.set(about, true);
      if (isKnown) continue;
      const fields = { order, stack, unit, day, recorded: recorded?.amount, rated: amount };
      this.#log.error(fields, 'more usage recorded than rated');
    }
    this.#failures = this.#once(failures, this.#failures, {
      about: ({ order, unit, error }) => `${order} ${unit} ${explain(error)}`,
      say: ([{ order, unit, error }]) =>
        this.#log.warn(
          { order, unit, why: explain(error), err: error },
          'failed to record usage, will retry',
        ),
    });
    this.#unbilled = this.#once(unbilled, this.#unbilled, {
      about: ({ projectId, unit, because }) => `${projectId} ${unit} ${because}`,
      say: (all) => {
        const [{ projectId, unit, because }] = all;
        const fields = { projectId, unit, because, cost: sum(all), from: days[0], to: days.at(-1) };
        this.#log.warn(fields, 'rated usage is not billed');
      },
    });
  }

  /** No request succeeded. */
  failed(error: unknown): void {
    const why = explain(error);
    if (!this.#failures.has(why)) this.#log.warn({ why, err: error }, 'failed to record usage, will retry');
    this.#failures = new Set([why]);
  }

  /** Logs each kind of thing that is not in `before`. @returns the kinds, for the next call */
  #once<Thing>(
    things: readonly Thing[],
    before: ReadonlySet<string>,
    { about, say }: { about: (thing: Thing) => string; say: (alike: readonly [Thing, ...Thing[]]) => void },
  ): Set<string> {
    const groups = Map.groupBy(things, about);
    for (const [key, alike] of groups) {
      if (!before.has(key)) say(alike as unknown as [Thing, ...Thing[]]);
    }
    return new Set(groups.keys());
  }
}

function sum(all: readonly { readonly cost: number }[]): number {
  return Math.round(all.reduce((total, { cost }) => total + cost, 0) * 100) / 100;
}
