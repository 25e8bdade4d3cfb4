import { ageOf, type Clock } from '../../runtime/clock.ts';
import { dayPeriod, daysIn, isoDate, lastMonthBegin } from '../../runtime/month.ts';
import type { OrderId } from '../billing.ts';
import type { UnbilledCost } from './usage-of-day.ts';
import { isFinished, type UsageReview, type UsageStep } from './usage-review.ts';

/** How much usage of the reviewed days is recorded. */
export interface UsageState {
  readonly left: number;
  readonly over: number;
  readonly unbilled: readonly UnbilledCost[];
  /** When everything was last recorded, ms since 1970; undefined: not yet. */
  readonly completeAt: number | undefined;
}

/** The result of a review of a day. */
interface Look {
  readonly at: number;
  /** Number of buckets still to be recorded. */
  readonly left: number;
  /** Number of buckets with more recorded than rated. */
  readonly over: number;
  readonly unbilled: readonly UnbilledCost[];
  readonly ratedUntil: ReadonlyMap<string, number>;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** How long to wait after a day before it is recorded. What CloudKitty rates later is recorded as a difference. */
const settleMs = 2 * hourMs;
/** Age up to which late ratings of a day are likely. */
const youngMs = 4 * dayMs;

/** Past days of this month and the last one, whose usage may still be recorded. */
export function closedDays(now: number): string[] {
  return daysIn({ begin: lastMonthBegin(now), end: now - settleMs - dayMs + 1 });
}

/** Keeps when each day was reviewed, and what is left to be recorded. */
export class UsageProgress {
  readonly #clock: Clock;
  #completeAt: number | undefined;
  /** The last look at each day. */
  readonly #looked = new Map<string, Look>();
  /** By order, the days that are not fully recorded. */
  readonly #left = new Map<OrderId, Set<string>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Young days and days not fully recorded are due every hour, all others every day. Least recently read first. */
  daysDue(): string[] {
    const now = this.#clock.now();
    const readAt = (day: string) => this.#looked.get(day)?.at ?? 0;
    const due = closedDays(now).filter((day) => {
      const looked = this.#looked.get(day);
      if (!looked) return true;
      const isYoung = looked.left > 0 || now - dayPeriod(day).end < youngMs;
      return ageOf(looked.at, now) >= (isYoung ? hourMs : dayMs);
    });
    return due.toSorted((a, b) => readAt(a) - readAt(b));
  }

  /** A day with something postponed is due again in the next run. */
  note(
    { days, steps, unbilled, ratedUntil }: UsageReview,
    left: readonly UsageStep[],
    postponed: ReadonlySet<string>,
  ): void {
    const at = this.#clock.now();
    const leftOf = Map.groupBy(left, ({ day }) => day);
    const overOf = Map.groupBy(
      steps.filter(({ step }) => step === 'over'),
      ({ day }) => day,
    );
    const unbilledOf = Map.groupBy(unbilled, ({ day }) => day);
    for (const day of days) {
      this.#looked.set(day, {
        at,
        ratedUntil,
        left: leftOf.get(day)?.length ?? 0,
        over: overOf.get(day)?.length ?? 0,
        unbilled: unbilledOf.get(day) ?? [],
      });
    }
    for (const day of postponed) this.#looked.delete(day);
    const present = new Set(closedDays(at));
    for (const day of this.#looked.keys()) if (!present.has(day)) this.#looked.delete(day);
    for (const [order, known] of this.#left) {
      for (const day of days) known.delete(day);
      if (known.size === 0) this.#left.delete(order);
    }
    for (const { order, day } of left) {
      this.#left.set(order, (this.#left.get(order) ?? new Set()).add(day));
    }
    const isComplete = this.state.left === 0 && this.#looked.size === present.size;
    if (isComplete) this.#completeAt = at;
  }

  get state(): UsageState {
    const looks = [...this.#looked.values()];
    const count = (of: 'left' | 'over') => looks.reduce((sum, look) => sum + look[of], 0);
    return {
      left: count('left'),
      over: count('over'),
      unbilled: looks.flatMap(({ unbilled }) => unbilled),
      completeAt: this.#completeAt,
    };
  }

  /** Whether all usage of an order's stack in a project until a moment is recorded. */
  isSettled(order: OrderId, projectId: string, until: number): boolean {
    const last = isoDate(until);
    const closed = closedDays(this.#clock.now());
    if (last > (closed.at(-1) ?? '')) return false;
    const isRead = closed.every((day) => {
      if (day > last) return true;
      const look = this.#looked.get(day);
      return look !== undefined && isFinished(look, projectId, dayPeriod(day).end);
    });
    return isRead && (this.#left.get(order)?.size ?? 0) === 0;
  }
}
