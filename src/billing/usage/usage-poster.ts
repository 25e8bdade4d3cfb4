import { hasRating, listRated, readRatedUntil } from '../../openstack/rating.ts';
import type { Session } from '../../openstack/session.ts';
import { ageOf, type Clock } from '../../runtime/clock.ts';
import { dayPeriod, daysIn, isoDate, monthOf } from '../../runtime/month.ts';
import type { Order, OrderId, UsageBook, UsageUnits } from '../billing.ts';
import { BillingError } from '../errors.ts';
import { oneByOne, type Refusal } from '../one-by-one.ts';
import type { StackLedger } from '../stack-ledger.ts';
import { ordersByStack } from '../stack-orders.ts';
import { Unattributed } from './unattributed.ts';
import type { Bucket, Recorded, UsageLedger } from './usage-ledger.ts';
import { type BucketCost, leastDifference, rounded, type UnbilledCost, usageOfDay } from './usage-of-day.ts';

export interface UsagePosterOptions {
  readonly book: UsageBook;
  readonly cloud: Session;
  readonly stacks: StackLedger;
  readonly ledger: UsageLedger;
  readonly clock: Clock;
  /** From which day on orders are billed that another service has opened; undefined: not at all. */
  readonly othersSince: string | undefined;
}

/** What is to be done about one bucket, and why. */
export type UsageStep = BucketCost & {
  readonly step: /** To be recorded for the first time, as far as is known. */
    | 'record'
    /** CloudKitty says more than is recorded: the difference is to be. */
    | 'correct'
    /** What is recorded is what CloudKitty says, as far as it is known which stack had it. */
    | 'done'
    /** CloudKitty has not finished the day. */
    | 'wait'
    /** More is recorded than CloudKitty says: credits are a person's decision. */
    | 'over';
  /** In units; undefined: not known. */
  readonly recorded: Recorded | undefined;
};

/** What one look at some days has found. */
export interface UsageReview {
  /** Those that were looked at. */
  readonly days: readonly string[];
  readonly steps: readonly UsageStep[];
  readonly unbilled: readonly UnbilledCost[];
  readonly units: UsageUnits;
  /** Until when CloudKitty had rated each project before the days were read. */
  readonly ratedUntil: ReadonlyMap<string, number>;
}

interface ReviewOptions {
  readonly projects: ReadonlySet<string> | undefined;
  /** How many days are read; default: all. */
  readonly most?: number;
  readonly signal: AbortSignal | undefined;
}

/** When a day was looked at. */
interface Look {
  readonly at: number;
  /** How many buckets are left to be recorded. */
  readonly left: number;
  /** Of how many more is recorded than rated. */
  readonly over: number;
  readonly unbilled: readonly UnbilledCost[];
  readonly ratedUntil: ReadonlyMap<string, number>;
}

/** What was done, of what the review has found. */
export interface UsageReport extends UsageReview {
  /** Records that were made. */
  readonly made: readonly (Bucket & { readonly amount: number; readonly cost: number })[];
  readonly failures: readonly (Bucket & { readonly error: Refusal })[];
}

/** How far all is recorded, of the days that were looked at. */
export interface UsageState {
  readonly left: number;
  readonly over: number;
  readonly unbilled: readonly UnbilledCost[];
  /** When nothing was left last, ms since 1970; undefined: not yet. */
  readonly completeAt: number | undefined;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** After a day is over, and CloudKitty has finished it: what comes late is recorded as a difference. */
const settleMs = 2 * hourMs;
/** A project that is gone is rated no more: its last day never counts as finished. */
const patienceMs = 2 * dayMs;
/** Of these days something may still come. */
const youngMs = 4 * dayMs;
/** The writer waits for it: so many days are read, and so many records made, in one run; the next run goes on. */
const mostDays = 16;
const mostMade = 300;
/** More differences than this of one bucket are no late rating any more. */
const mostRecords = 20;

/**
 * Records what CloudKitty has rated with the billing platform: for each order, unit and day of UTC one record, once the day
 * is finished, and the difference when CloudKitty says more later. The key of a record says which bucket it is of, and the
 * number of the record within it. A repeat, after a lost answer, a crash, or beside another writer, is refused; the service
 * then reads what is there and continues from that. Nothing is ever taken back.
 */
export class UsagePoster {
  readonly #options: UsagePosterOptions;
  readonly #book: UsageBook;
  /** Whether the cloud rates by resource: else nothing is ever recorded. */
  #isRated = true;
  #completeAt: number | undefined;
  /** The last look at each day. */
  readonly #looked = new Map<string, Look>();
  /** By order, the days that are not recorded in full. */
  readonly #left = new Map<OrderId, Set<string>>();

  constructor(options: UsagePosterOptions) {
    this.#options = options;
    this.#book = options.book;
  }

  /**
   * Looks at the days that are due, and records what is.
   *
   * @param projects of whom it is said what is billed to nobody; undefined: of all that the cloud has
   * @returns undefined: nothing is due, or the cloud rates nothing by resource
   * @throws {ServiceError} cloud or platform is unavailable; what was recorded before stays recorded
   */
  async run(projects?: ReadonlySet<string>, signal?: AbortSignal): Promise<UsageReport | undefined> {
    const days = this.#daysDue();
    if (days.length === 0) return undefined;
    const review = await this.#review(days, { projects, most: mostDays, signal });
    this.#isRated = review !== undefined;
    if (!review) return undefined;
    const made: UsageReport['made'][number][] = [];
    const failures: UsageReport['failures'][number][] = [];
    const left: UsageStep[] = [];
    const postponed = new Set<string>();
    await oneByOne(
      review.steps.filter(({ step }) => step !== 'done' && step !== 'over'),
      async (step) => {
        if (made.length + failures.length >= mostMade) postponed.add(step.day);
        else if (step.step === 'wait') left.push(step);
        else {
          const amount = await this.#carryOut(step, review.units, signal);
          const { order, unit, day, cost } = step;
          if (amount > 0) made.push({ order, unit, day, amount, cost });
        }
      },
      (step, error) => {
        left.push(step);
        failures.push({ ...step, error });
      },
    );
    this.#note(review, left, postponed);
    return { ...review, made, failures };
  }

  /** What there is to do about all days that are over, as far as the platform says. Records nothing. */
  async plan(projects?: ReadonlySet<string>, signal?: AbortSignal): Promise<UsageReview | undefined> {
    const review = await this.#review(this.closedDays(), { projects, signal });
    if (!review) return undefined;
    const steps = review.steps.map(async (step) => {
      if (step.step !== 'record') return step;
      const amount = (await this.#book.recorded(step.order, step.day, signal)).get(step.unit);
      if (amount === undefined) return step;
      const recorded = { amount, records: 1 };
      return { ...step, recorded, step: stepFor(step, recorded, review.units) };
    });
    return { ...review, steps: await Promise.all(steps) };
  }

  /**
   * What there is to do about the first of some days. Records nothing.
   *
   * @returns its days are those that were read; undefined: the cloud rates nothing by resource
   */
  async #review(
    days: readonly string[],
    { projects, most, signal }: ReviewOptions,
  ): Promise<UsageReview | undefined> {
    const { cloud, stacks, clock } = this.#options;
    if (!(await hasRating(cloud, signal))) return undefined;
    const [orders, ratedUntil, units] = await Promise.all([
      this.#book.orders(signal),
      readRatedUntil(cloud, signal),
      this.#book.units(signal),
    ]);
    const ordersOf = ordersByStack(orders);
    const steps: UsageStep[] = [];
    const unbilled: UnbilledCost[] = [];
    const beganAt = (await stacks.beganAt()) ?? 0;
    // Before the first order nothing can be billed.
    const first = orders.map(({ since = '' }) => since).toSorted(compareDays)[0];
    const isBillable = (day: string) => first !== undefined && day >= first;
    const read = days.filter(isBillable).slice(0, most);
    for (const day of read) {
      const { begin, end } = dayPeriod(day);
      const rated = await listRated(cloud, { begin, end, signal });
      if (!rated) return undefined;
      const stackOf = await stacks.stacksAt(end);
      const billedSince = (order: Order) => this.#billedSince(order);
      const usage = usageOfDay({ day, rated, stackOf, ordersOf, billedSince, units });
      unbilled.push(...usage.unbilled.filter(({ projectId }) => projects?.has(projectId) ?? true));
      const unattributed = new Unattributed(beganAt > begin ? usage.unbilled : []);
      for (const bucket of usage.buckets) {
        const recorded = await this.#options.ledger.of(bucket);
        const step = isFinished({ at: clock.now(), ratedUntil }, bucket.projectId, end)
          ? stepFor(bucket, recorded, units)
          : 'wait';
        const price = units.prices.get(bucket.unit) ?? 1;
        const excess = ((recorded?.amount ?? 0) - bucket.amount) * price;
        const isLost =
          step === 'over' && unattributed.claim(bucket, excess, leastDifference(bucket.unit, units) * price);
        steps.push({ ...bucket, recorded, step: isLost ? 'done' : step });
      }
    }
    const before = days.filter((day) => !isBillable(day));
    return { days: [...before, ...read], steps, unbilled, units, ratedUntil };
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

  /** Whether nothing that an order's stack, of that project, used until then is left to be recorded. */
  isSettled(order: OrderId, projectId: string, until: number): boolean {
    if (!this.#isRated) return true;
    const last = isoDate(until);
    const closed = this.closedDays();
    if (last > (closed.at(-1) ?? '')) return false;
    const isRead = closed.every((day) => {
      if (day > last) return true;
      const look = this.#looked.get(day);
      return look !== undefined && isFinished(look, projectId, dayPeriod(day).end);
    });
    return isRead && (this.#left.get(order)?.size ?? 0) === 0;
  }

  /** Days that are over, of this month and the last. */
  closedDays(): string[] {
    const now = this.#options.clock.now();
    const { begin } = monthOf(monthOf(now).begin - 1);
    return daysIn({ begin, end: now - settleMs - dayMs + 1 });
  }

  /** Young days, and those not recorded in full, each hour; all each day. Those that were read longest ago come first. */
  #daysDue(): string[] {
    const now = this.#options.clock.now();
    const readAt = (day: string) => this.#looked.get(day)?.at ?? 0;
    const due = this.closedDays().filter((day) => {
      const looked = this.#looked.get(day);
      if (!looked) return true;
      const isYoung = looked.left > 0 || now - dayPeriod(day).end < youngMs;
      return ageOf(looked.at, now) >= (isYoung ? hourMs : dayMs);
    });
    return due.toSorted((a, b) => readAt(a) - readAt(b));
  }

  #billedSince({ isOurs, since }: Order): string | undefined {
    const { othersSince } = this.#options;
    if (isOurs) return since;
    if (othersSince === undefined) return undefined;
    return since !== undefined && since > othersSince ? since : othersSince;
  }

  /** A day with something postponed is due again in the next run. */
  #note(
    { days, steps, unbilled, ratedUntil }: UsageReview,
    left: readonly UsageStep[],
    postponed: ReadonlySet<string>,
  ): void {
    const at = this.#options.clock.now();
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
    const present = new Set(this.closedDays());
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

  /** @returns what was recorded now, in units */
  async #carryOut(step: UsageStep, units: UsageUnits, signal: AbortSignal | undefined): Promise<number> {
    const { ledger } = this.#options;
    const { order, unit, day, amount: wanted } = step;
    let { amount, records } = step.recorded ?? { amount: 0, records: 0 };
    while (records < mostRecords) {
      const difference = rounded(wanted - amount, units.decimals);
      if (difference < leastDifference(unit, units)) return 0;
      const record = { order, unit, day, amount: difference, key: keyOf(step, records) };
      const outcome = await this.#book.record(record, signal);
      records += 1;
      amount =
        outcome === 'recorded'
          ? rounded(amount + difference, units.decimals)
          : ((await this.#book.recorded(order, day, signal)).get(unit) ?? 0);
      await ledger.note(step, { amount, records });
      if (outcome === 'recorded') return difference;
    }
    throw new BillingError(
      'failed',
      `${mostRecords} records of ${unit} on ${day} do not add up to ${wanted}.`,
    );
  }
}

function compareDays(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function isFinished(
  { at, ratedUntil }: Pick<Look, 'at' | 'ratedUntil'>,
  projectId: string,
  end: number,
): boolean {
  return (ratedUntil.get(projectId) ?? 0) >= end || at >= end + patienceMs;
}

function stepFor(
  { amount, unit }: BucketCost,
  recorded: Recorded | undefined,
  units: UsageUnits,
): UsageStep['step'] {
  if (!recorded) return amount >= leastDifference(unit, units) ? 'record' : 'done';
  const difference = amount - recorded.amount;
  if (Math.abs(difference) < leastDifference(unit, units)) return 'done';
  return difference > 0 ? 'correct' : 'over';
}

/** 128 characters at most. */
function keyOf({ unit, day }: Bucket, records: number): string {
  const key = `concertim:${unit}:${day}`;
  return records === 0 ? key : `${key}:r${records}`;
}
