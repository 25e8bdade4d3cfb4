import type { Point } from '../openstack/metric.ts';
import { spanOf } from './precision.ts';
import { usualGap } from './usual-gap.ts';

/** Longest time that a sample is under way from the hypervisor to Gnocchi's storage, as long as nothing is wrong. */
const settlingMs = 60_000;
/** An older measure says nothing about the present. */
const latestMs = 900_000;

/**
 * How often, and how late, the measures of one resource arrive, as its points show: polling differs by host
 * and by meter.
 */
export interface Cadence {
  /** Between two points, of the meter that is polled most slowly. */
  readonly gapMs: number;
  /** The newest point of the meter that is furthest behind, ms since 1970. */
  readonly newestAt: number;
  /** How old that point was when it was first read; undefined until one arrives after the first reading. */
  readonly lagMs: number | undefined;
}

/**
 * What is known of a resource's cadence after another reading; undefined as long as no two points were seen.
 *
 * @param series the points of its meters, none from the future
 */
export function observe(
  before: Cadence | undefined,
  series: readonly (readonly Point[])[],
  now: number,
): Cadence | undefined {
  let gapMs: number | undefined;
  let newestAt = Number.POSITIVE_INFINITY;
  for (const points of series) {
    const newest = points.at(-1);
    if (!newest) continue;
    newestAt = Math.min(newestAt, newest.at);
    const gap = usualGap(points);
    if (gap !== undefined) gapMs = Math.max(gapMs ?? 0, gap);
  }
  gapMs ??= before?.gapMs;
  if (gapMs === undefined || newestAt === Number.POSITIVE_INFINITY) return before;
  const isNews = before !== undefined && newestAt > before.newestAt;
  return { gapMs, newestAt, lagMs: isNews ? Math.max(0, now - newestAt) : before?.lagMs };
}

/** How far back the points must reach for a figure at any moment, until the next point comes; ms. */
export function neededMs({ gapMs, newestAt, lagMs }: Cadence, granularityMs: number, now: number): number {
  const lag = lagMs ?? Math.min(Math.max(0, now - newestAt), latestMs);
  // Four gaps: one point may be too new, one begins the span, one stands before that, and one may be lost.
  return lag + spanOf(granularityMs) + 4 * Math.max(gapMs, granularityMs) + granularityMs;
}

/**
 * How far back they must reach for a figure now, ms: one gap less, so that small delays make no difference.
 */
export function leastMs(cadence: Cadence, granularityMs: number, now: number): number {
  return neededMs(cadence, granularityMs, now) - Math.max(cadence.gapMs, granularityMs);
}

/**
 * How old the newest point may be of something that is being measured, ms. Measures that steadily arrive late
 * are as valid as others, up to a quarter of an hour.
 */
export function freshMs(cadence: Cadence | undefined, granularityMs: number): number {
  const apartMs = 2 * (cadence?.gapMs ?? granularityMs) + granularityMs;
  return Math.min(cadence?.lagMs ?? 0, latestMs) + apartMs + settlingMs;
}

/** The age, ms, beyond which measures are not merely late: they have ended. */
export function endedMs(cadence: Cadence | undefined, granularityMs: number): number {
  const lateMs = Math.max(cadence?.lagMs ?? 0, latestMs);
  return lateMs + 2 * (cadence?.gapMs ?? granularityMs) + granularityMs + settlingMs;
}
