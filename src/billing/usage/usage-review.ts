import { hasRating, listRated, readRatedUntil } from '../../openstack/rating.ts';
import type { Session } from '../../openstack/session.ts';
import type { Clock } from '../../runtime/clock.ts';
import { dayPeriod } from '../../runtime/month.ts';
import type { Order, UsageBook, UsageUnits } from '../billing.ts';
import type { StackLedger } from '../stack-ledger.ts';
import { ordersByStack } from '../stack-orders.ts';
import { Unattributed } from './unattributed.ts';
import type { Recorded, UsageLedger } from './usage-ledger.ts';
import { type BucketCost, leastDifference, type UnbilledCost, usageOfDay } from './usage-of-day.ts';

/** What is to be done about one bucket, and why. */
export type UsageStep = BucketCost & {
  readonly step: /** To be recorded; as far as is known, for the first time. */
    | 'record'
    /** CloudKitty has rated more than is recorded: the difference is to be recorded. */
    | 'correct'
    /** Recorded as CloudKitty has rated it, as far as the stacks of the resources are known. */
    | 'done'
    /** CloudKitty has not finished the day. */
    | 'wait'
    /** More is recorded than CloudKitty has rated: whether to give credits is for a person to decide. */
    | 'over';
  /** In units; undefined: not known. */
  readonly recorded: Recorded | undefined;
};

/** Result of a review of some days. */
export interface UsageReview {
  /** The days that were reviewed. */
  readonly days: readonly string[];
  readonly steps: readonly UsageStep[];
  readonly unbilled: readonly UnbilledCost[];
  readonly units: UsageUnits;
  /** Until when CloudKitty had rated each project before the days were read. */
  readonly ratedUntil: ReadonlyMap<string, number>;
}

export interface UsageSources {
  readonly book: UsageBook;
  readonly cloud: Session;
  readonly stacks: StackLedger;
  readonly ledger: UsageLedger;
  readonly clock: Clock;
  /** First day for which orders of other services are billed; undefined: they are not billed. */
  readonly othersSince: string | undefined;
}

export interface ReviewOptions {
  /** Projects whose unbilled costs are reported; undefined: all projects. */
  readonly projects: ReadonlySet<string> | undefined;
  /** Most days to read; default: all. */
  readonly most?: number;
  readonly signal: AbortSignal | undefined;
}

/** How long to wait for the rating of a day: the last day of a deleted project is never rated to its end. */
const patienceMs = 2 * 24 * 3_600_000;

/**
 * Finds what is to be recorded for the first of the given days. Records nothing.
 *
 * @returns the review, whose `days` are those that were read; undefined: the cloud does not rate by resource
 */
export async function reviewUsage(
  days: readonly string[],
  { book, cloud, stacks, ledger, clock, othersSince }: UsageSources,
  { projects, most, signal }: ReviewOptions,
): Promise<UsageReview | undefined> {
  if (!(await hasRating(cloud, signal))) return undefined;
  const [orders, ratedUntil, units] = await Promise.all([
    book.orders(signal),
    readRatedUntil(cloud, signal),
    book.units(signal),
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
    const billedSince = (order: Order) => billedFrom(order, othersSince);
    const usage = usageOfDay({ day, rated, stackOf, ordersOf, billedSince, units });
    unbilled.push(...usage.unbilled.filter(({ projectId }) => projects?.has(projectId) ?? true));
    const unattributed = new Unattributed(beganAt > begin ? usage.unbilled : []);
    for (const bucket of usage.buckets) {
      const recorded = await ledger.of(bucket);
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

/** Whether CloudKitty had rated a project's day, which ended at that moment, completely when it was reviewed. */
export function isFinished(
  { at, ratedUntil }: { readonly at: number; readonly ratedUntil: ReadonlyMap<string, number> },
  projectId: string,
  end: number,
): boolean {
  return (ratedUntil.get(projectId) ?? 0) >= end || at >= end + patienceMs;
}

/** What to do about a bucket of a finished day. */
export function stepFor(
  { amount, unit }: BucketCost,
  recorded: Recorded | undefined,
  units: UsageUnits,
): UsageStep['step'] {
  if (!recorded) return amount >= leastDifference(unit, units) ? 'record' : 'done';
  const difference = amount - recorded.amount;
  if (Math.abs(difference) < leastDifference(unit, units)) return 'done';
  return difference > 0 ? 'correct' : 'over';
}

function billedFrom({ isOurs, since }: Order, othersSince: string | undefined): string | undefined {
  if (isOurs) return since;
  if (othersSince === undefined) return undefined;
  return since !== undefined && since > othersSince ? since : othersSince;
}

function compareDays(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
