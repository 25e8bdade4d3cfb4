import type { Bucket } from './usage-ledger.ts';
import type { UnbilledCost } from './usage-of-day.ts';

/**
 * What was rated in a day of resources that belong to no stack. Where the record of stacks was lost, some may have been a stack's
 * devices: those that were gone before the record began again.
 */
export class Unattributed {
  /** By project and unit, in the currency of the cloud's prices. */
  readonly #costs = new Map<string, number>();

  constructor(unbilled: readonly UnbilledCost[]) {
    for (const cost of unbilled) {
      if (cost.because !== 'no-stack') continue;
      this.#costs.set(keyOf(cost), (this.#costs.get(keyOf(cost)) ?? 0) + cost.cost);
    }
  }

  /**
   * Whether so much of a bucket's cost may be among it. What is claimed by one bucket is not another's.
   *
   * @param rounding what the two may differ by and still be the same
   */
  claim(
    bucket: Pick<Bucket, 'unit'> & { readonly projectId: string },
    cost: number,
    rounding: number,
  ): boolean {
    const left = (this.#costs.get(keyOf(bucket)) ?? 0) - cost;
    if (left < -rounding) return false;
    this.#costs.set(keyOf(bucket), Math.max(left, 0));
    return true;
  }
}

function keyOf({ projectId, unit }: { readonly projectId: string; readonly unit: string }): string {
  return `${projectId} ${unit}`;
}
