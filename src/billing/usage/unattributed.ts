import type { Bucket } from './usage-ledger.ts';
import type { UnbilledCost } from './usage-of-day.ts';

/**
 * Costs rated on a day for resources that belong to no known stack. If the record of stacks was lost, some of these resources
 * may have belonged to one: those that were deleted before the record began again.
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
   * Whether this amount of a bucket's cost may be part of these costs. If so, the amount is taken, so that no other bucket counts it.
   *
   * @param rounding largest difference that still counts as equal
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
