import type { OrderId, UsageUnits } from '../billing.ts';
import { BillingError } from '../errors.ts';
import { oneByOne, type Refusal } from '../one-by-one.ts';
import type { Bucket } from './usage-ledger.ts';
import { leastDifference, rounded } from './usage-of-day.ts';
import { closedDays, UsageProgress, type UsageState } from './usage-progress.ts';
import { reviewUsage, stepFor, type UsageReview, type UsageSources, type UsageStep } from './usage-review.ts';

/** A review, and what was done about it. */
export interface UsageReport extends UsageReview {
  /** Records that were created. */
  readonly made: readonly (Bucket & { readonly amount: number; readonly cost: number })[];
  readonly failures: readonly (Bucket & { readonly error: Refusal })[];
}

/** Most days to read and most records to create in one run, because the writer waits for them. The next run continues. */
const mostDays = 16;
const mostMade = 300;
/** Most records of one bucket. More differences than this cannot come from late rating. */
const mostRecords = 20;

/**
 * Records at the billing platform what CloudKitty has rated: one record for each order, unit and day in UTC once the day is
 * finished, and another for the difference if CloudKitty rates more later. The key of a record consists of its bucket and its
 * number within the bucket. A repeat, after a lost answer, a crash, or beside another writer, is refused; the service
 * then reads what is there and continues from that. Nothing recorded is ever removed.
 */
export class UsagePoster {
  readonly #sources: UsageSources;
  readonly #progress: UsageProgress;
  /** Whether the cloud rates by resource. If not, nothing is ever recorded. */
  #isRated = true;

  constructor(sources: UsageSources) {
    this.#sources = sources;
    this.#progress = new UsageProgress(sources.clock);
  }

  /**
   * Reviews the days that are due, and records their usage.
   *
   * @param projects whose unbilled costs are reported; undefined: those of all projects
   * @returns undefined: nothing is due, or the cloud rates nothing by resource
   * @throws {ServiceError} cloud or platform is unavailable; what was recorded before stays recorded
   */
  async run(projects?: ReadonlySet<string>, signal?: AbortSignal): Promise<UsageReport | undefined> {
    const days = this.#progress.daysDue();
    if (days.length === 0) return undefined;
    const review = await reviewUsage(days, this.#sources, { projects, most: mostDays, signal });
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
    this.#progress.note(review, left, postponed);
    return { ...review, made, failures };
  }

  /** What is left to do for all past days, compared with the platform itself. Records nothing. */
  async plan(projects?: ReadonlySet<string>, signal?: AbortSignal): Promise<UsageReview | undefined> {
    const { book, clock } = this.#sources;
    const review = await reviewUsage(closedDays(clock.now()), this.#sources, { projects, signal });
    if (!review) return undefined;
    const steps = review.steps.map(async (step) => {
      if (step.step !== 'record') return step;
      const amount = (await book.recorded(step.order, step.day, signal)).get(step.unit);
      if (amount === undefined) return step;
      const recorded = { amount, records: 1 };
      return { ...step, recorded, step: stepFor(step, recorded, review.units) };
    });
    return { ...review, steps: await Promise.all(steps) };
  }

  get state(): UsageState {
    return this.#progress.state;
  }

  /** Whether all usage of an order's stack in a project until a moment is recorded. */
  isSettled(order: OrderId, projectId: string, until: number): boolean {
    return !this.#isRated || this.#progress.isSettled(order, projectId, until);
  }

  /** @returns what was recorded now, in units */
  async #carryOut(step: UsageStep, units: UsageUnits, signal: AbortSignal | undefined): Promise<number> {
    const { ledger, book } = this.#sources;
    const { order, unit, day, amount: wanted } = step;
    let { amount, records } = step.recorded ?? { amount: 0, records: 0 };
    while (records < mostRecords) {
      const difference = rounded(wanted - amount, units.decimals);
      if (difference < leastDifference(unit, units)) return 0;
      const record = { order, unit, day, amount: difference, key: keyOf(step, records) };
      const outcome = await book.record(record, signal);
      records += 1;
      amount =
        outcome === 'recorded'
          ? rounded(amount + difference, units.decimals)
          : ((await book.recorded(order, day, signal)).get(unit) ?? 0);
      await ledger.note(step, { amount, records });
      if (outcome === 'recorded') return difference;
    }
    throw new BillingError(
      'failed',
      `${mostRecords} records of ${unit} on ${day} do not add up to ${wanted}.`,
    );
  }
}

/** 128 characters at most. */
function keyOf({ unit, day }: Bucket, records: number): string {
  const key = `concertim:${unit}:${day}`;
  return records === 0 ? key : `${key}:r${records}`;
}
