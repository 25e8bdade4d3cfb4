/** One quantity over the time of a soak. */
export interface Series {
  readonly name: string;
  readonly unit: string;
  /** At even distances. */
  readonly values: readonly number[];
  /** So much more in the end than in the beginning is not growth, but how the quantity comes and goes. */
  readonly tolerance: number;
  /** What another process holds that does all this one does: growth up to that is none. */
  readonly within?: readonly number[];
  /** The turn in which each value was taken; left out: all values are of one turn. */
  readonly turnOf?: readonly number[];
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

/** How often those who take turns have one: the first round warms up, for what one of them needs is kept through the turns of all. */
export const rounds = 3;

/**
 * What became of a series in its one turn; of several, which come in rounds, what each took in the last round beyond the one before, where
 * that is most.
 */
export function trendOf(series: Series): Trend {
  const turns = turnsOf(series.values, series.turnOf);
  const enough = turnsOf(series.within ?? [], series.turnOf);
  const highest = Math.max(...series.values);
  const flat = (first: number, growth: number, at: number) =>
    growth <= series.tolerance + Math.max(0, median(warmPart(enough[at] ?? [])) - first);
  if (turns.length < rounds) {
    const change = slopeOf(turns[0] ?? []);
    return { ...change, highest, isFlat: flat(change.first, change.growth, 0) };
  }
  const round = turns.length / rounds;
  const changes = turns.slice(-round).map((values, index) => {
    const at = turns.length - round + index;
    const first = median(warmPart(turns[at - round] ?? []));
    const last = median(warmPart(values));
    return { first, last, growth: last - first, isFlat: flat(first, last - first, at) };
  });
  const [worst = { first: 0, last: 0, growth: 0, isFlat: true }] = changes.toSorted(
    (a, b) => Number(a.isFlat) - Number(b.isFlat) || b.growth - a.growth,
  );
  return { ...worst, highest };
}

function slopeOf(values: readonly number[]): Omit<Trend, 'highest' | 'isFlat'> {
  const warm = warmPart(values);
  const slopes: number[] = [];
  for (const [at, value] of warm.entries()) {
    for (let later = at + 1; later < warm.length; later++)
      slopes.push(((warm[later] ?? 0) - value) / (later - at));
  }
  const quarter = Math.max(1, Math.floor(warm.length / 4));
  return {
    first: median(warm.slice(0, quarter)),
    last: median(warm.slice(-quarter)),
    growth: median(slopes) * warm.length,
  };
}

/** The values of each turn. */
function turnsOf(values: readonly number[], turnOf: readonly number[] = []): number[][] {
  const turns: number[][] = [];
  for (const [at, value] of values.entries()) (turns[turnOf[at] ?? 0] ??= []).push(value);
  return turns;
}

function warmPart(values: readonly number[]): readonly number[] {
  return values.slice(Math.floor(values.length * warmUpShare));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
