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

export interface UsageSources {
  readonly book: UsageBook;
  readonly cloud: Session;
  readonly stacks: StackLedger;
  readonly ledger: UsageLedger;
  readonly clock: Clock;
  /** From which day on orders are billed that another service has opened; undefined: not at all. */
  readonly othersSince: string | undefined;
}

export interface ReviewOptions {
  /** Of whom it is said what is billed to nobody; undefined: of all that the cloud has. */
  readonly projects: ReadonlySet<string> | undefined;
  /** How many days are read; default: all. */
  readonly most?: number;
  readonly signal: AbortSignal | undefined;
}

/** A project that is gone is rated no more: its last day never counts as finished. */
const patienceMs = 2 * 24 * 3_600_000;

/**
 * What there is to do about the first of some days. Records nothing.
 *
 * @returns its days are those that were read; undefined: the cloud rates nothing by resource
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

/** Whether CloudKitty had rated all of a project's day that ended then, when it was looked at. */
export function isFinished(
  { at, ratedUntil }: { readonly at: number; readonly ratedUntil: ReadonlyMap<string, number> },
  projectId: string,
  end: number,
): boolean {
  return (ratedUntil.get(projectId) ?? 0) >= end || at >= end + patienceMs;
}

/** What is to be done about a bucket of a day that is finished. */
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
