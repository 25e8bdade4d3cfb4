import type { Point } from '../openstack/metric.ts';
import { settlingMs } from './complete-points.ts';

/** Ceilometer's stock polling interval: taken as long as nothing is known. */
const stockPollingMs = 300_000;
/** A newest point that is older when it is first seen is one of something that has stopped. */
const longestLagMs = 120_000;
const longestGapMs = 1_800_000;
const mostMisses = 2;
/** Of all series, those that are polled more slowly than the rest without being looked at long enough for it. */
const neglectedShare = 0.05;

/**
 * How often points of one granularity come, and how late, as the points themselves tell: from this follows how far back to
 * read and what is still news. Nobody has to be told the polling interval.
 */
export class Cadence {
  readonly #granularityMs: number;
  /** Between two points; undefined until two were seen. */
  #gapMs: number | undefined;
  /** Age of the newest point when it was new to us. */
  #lagMs: number;
  #newestAt = Number.NEGATIVE_INFINITY;
  /** Readings in a row in which no two points followed each other. */
  #misses = 0;

  constructor(granularityMs: number) {
    this.#granularityMs = granularityMs;
    this.#lagMs = granularityMs + settlingMs;
  }

  /** Whether points were seen, so that the windows fit. */
  get isKnown(): boolean {
    return this.#gapMs !== undefined;
  }

  /** How far back to read a few series to get to know it: the slowest polling that is in use fits in three times. */
  get probeMs(): number {
    return Math.max(1_800_000, 5 * this.#granularityMs);
  }

  /** How far back to read for at least three complete grains, or three samples where these are further apart. */
  get windowMs(): number {
    return this.#lagMs + 3 * this.#apartMs + this.#granularityMs;
  }

  /** How old the newest point of something that is measured gets before the next one comes. */
  get freshnessMs(): number {
    return this.#lagMs + this.#apartMs + settlingMs;
  }

  /** Takes note of points that were read. */
  observe(series: readonly (readonly Point[])[], now: number): void {
    const gapMs = slowestGap(series);
    this.#misses = gapMs === undefined ? this.#misses + 1 : 0;
    // Points came more slowly all of a sudden, or nothing is measured any more: only a longer look can tell.
    this.#gapMs = this.#misses > mostMisses ? undefined : (gapMs ?? this.#gapMs);
    let newestAt = Number.NEGATIVE_INFINITY;
    for (const points of series) newestAt = Math.max(newestAt, points.at(-1)?.at ?? newestAt);
    if (newestAt <= this.#newestAt) return;
    this.#newestAt = newestAt;
    const longest = this.#granularityMs + this.#apartMs + longestLagMs;
    this.#lagMs = Math.min(Math.max(now - newestAt, this.#granularityMs), longest);
  }

  get #apartMs(): number {
    return Math.max(this.#granularityMs, this.#gapMs ?? stockPollingMs);
  }
}

/**
 * The time between two points, ms, that all but a few series keep to: hosts may be polled at different intervals.
 * undefined when no series has two points.
 */
export function slowestGap(series: readonly (readonly Point[])[]): number | undefined {
  const gaps = series.flatMap((points) => usualGap(points) ?? []).sort((a, b) => a - b);
  return gaps[Math.ceil(gaps.length * (1 - neglectedShare)) - 1];
}

/** The median time between neighbours: one sample may have got lost. */
function usualGap(points: readonly Point[]): number | undefined {
  const gaps = points.slice(1).map(({ at }, index) => at - (points[index]?.at ?? at));
  const median = gaps.sort((a, b) => a - b)[Math.floor((gaps.length - 1) / 2)];
  return median && Math.min(median, longestGapMs);
}
