import { join } from 'node:path';
import { z } from 'zod';
import { dayPeriod, isoDate } from '../../runtime/month.ts';
import type { OrderId } from '../billing.ts';
import { Journal } from '../journal.ts';

const Entry = z.object({
  order: z.string(),
  unit: z.string(),
  day: z.string(),
  amount: z.number(),
  records: z.int(),
});
type Entry = z.output<typeof Entry>;

/** The unit of billing: usage of one order, in one unit, on one day in UTC. */
export interface Bucket {
  readonly order: OrderId;
  readonly unit: string;
  /** `2026-11-01` */
  readonly day: string;
}

/** What the platform has recorded for a bucket. */
export interface Recorded {
  /** In units. */
  readonly amount: number;
  /** Number of records. */
  readonly records: number;
}

/**
 * Remembers what was recorded for each bucket, so that the platform need not be queried: one file for each month in the data
 * folder. If a file is lost, the platform refuses records that it already has, and is queried then.
 */
export class UsageLedger {
  readonly #dataDir: string | undefined;
  readonly #months = new Map<string, { journal: Journal<Entry> | undefined; known: Map<string, Recorded> }>();

  constructor(dataDir: string | undefined) {
    this.#dataDir = dataDir;
  }

  /** undefined: it is not known what is recorded, which does not mean that nothing is. */
  async of(bucket: Bucket): Promise<Recorded | undefined> {
    return (await this.#month(bucket.day)).known.get(keyOf(bucket));
  }

  async note(bucket: Bucket, recorded: Recorded): Promise<void> {
    const { journal, known } = await this.#month(bucket.day);
    await journal?.append({ ...bucket, ...recorded });
    known.set(keyOf(bucket), recorded);
  }

  async #month(day: string) {
    const name = monthNameOf(day);
    const present = this.#months.get(name);
    if (present) return present;
    const journal =
      this.#dataDir === undefined
        ? undefined
        : new Journal(join(this.#dataDir, `usage-${name}.jsonl`), Entry);
    const known = new Map<string, Recorded>();
    // If a bucket has several entries, the last one counts.
    for (const { amount, records, ...bucket } of (await journal?.read()) ?? []) {
      known.set(keyOf(bucket), { amount, records });
    }
    const month = { journal, known };
    this.#months.set(name, month);
    this.#forgetBefore(name);
    return month;
  }

  /** Drops months before the previous one from memory, since nothing is recorded for them any more. Their files stay. */
  #forgetBefore(name: string): void {
    const before = monthNameOf(isoDate(dayPeriod(`${name}-01`).begin - 1));
    for (const known of this.#months.keys()) if (known < before) this.#months.delete(known);
  }
}

/** `2026-11` */
function monthNameOf(day: string): string {
  return day.slice(0, '2026-11'.length);
}

function keyOf({ order, unit, day }: { order: string; unit: string; day: string }): string {
  return `${day} ${order} ${unit}`;
}
