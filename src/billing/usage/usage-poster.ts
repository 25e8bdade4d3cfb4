import type { OrderId, UsageUnits } from '../billing.ts';
import { BillingError } from '../errors.ts';
import { oneByOne, type Refusal } from '../one-by-one.ts';
import type { Bucket } from './usage-ledger.ts';
import { leastDifference, rounded } from './usage-of-day.ts';
import { closedDays, UsageProgress, type UsageState } from './usage-progress.ts';
import { reviewUsage, stepFor, type UsageReview, type UsageSources, type UsageStep } from './usage-review.ts';

/** What was done, of what the review has found. */
export interface UsageReport extends UsageReview {
  /** Records that were made. */
  readonly made: readonly (Bucket & { readonly amount: number; readonly cost: number })[];
  readonly failures: readonly (Bucket & { readonly error: Refusal })[];
}

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
  readonly #sources: UsageSources;
  readonly #progress: UsageProgress;
  /** Whether the cloud rates by resource: else nothing is ever recorded. */
  #isRated = true;

  constructor(sources: UsageSources) {
    this.#sources = sources;
    this.#progress = new UsageProgress(sources.clock);
  }

  /**
   * Looks at the days that are due, and records what is.
   *
   * @param projects of whom it is said what is billed to nobody; undefined: of all that the cloud has
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

  /** What there is to do about all days that are over, as far as the platform says. Records nothing. */
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

  /** Whether nothing that an order's stack, of that project, used until then is left to be recorded. */
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
