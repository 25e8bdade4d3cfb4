/** One quantity over the time of a soak. */
export interface Series {
  readonly name: string;
  readonly unit: string;
  /** At even distances. */
  readonly values: readonly number[];
  /** So much more in the end than in the beginning is not growth, but how the quantity comes and goes. */
  readonly tolerance: number;
}

/** What became of a series once it was warm. */
export interface Trend {
  readonly first: number;
  readonly last: number;
  readonly highest: number;
  /** By Theil and Sen: the middle of the slopes between all pairs, which single peaks do not move. Times the number of samples. */
  readonly growth: number;
  readonly isFlat: boolean;
}

/** Part of the time in which caches fill and heaps find their size. */
const warmUpShare = 0.4;

export function trendOf({ values, tolerance }: Series): Trend {
  const warm = values.slice(Math.floor(values.length * warmUpShare));
  const slopes: number[] = [];
  for (const [at, value] of warm.entries()) {
    for (let later = at + 1; later < warm.length; later++)
      slopes.push(((warm[later] ?? 0) - value) / (later - at));
  }
  const growth = median(slopes) * warm.length;
  const quarter = Math.max(1, Math.floor(warm.length / 4));
  return {
    first: median(warm.slice(0, quarter)),
    last: median(warm.slice(-quarter)),
    highest: Math.max(...values),
    growth,
    isFlat: growth <= tolerance,
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
