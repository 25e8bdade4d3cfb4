import type { Point } from '../openstack/metric.ts';
import { type Cadence, endedMs, freshMs } from './cadence.ts';
import type { Series } from './figures.ts';
import { usualGap } from './usual-gap.ts';

/**
 * Up to so many gaps without a point, samples were lost; beyond that, the time stamp of the newest point is
 * in doubt.
 */
const mostLost = 4;

/** What was read of one meter, as figures are made from it. */
export function readSeries(
  points: readonly Point[],
  read: {
    readonly granularityMs: number;
    readonly since: number;
    readonly now: number;
    /** Of the resource. */
    readonly cadence: Cadence | undefined;
  },
): Extract<Series, { kind: 'points' }> {
  const { granularityMs, since, now, cadence } = read;
  const past = pointsUpTo(points, now);
  // A single point in the future comes from a clock that was wrong for a moment, and says nothing about the
  // others.
  const isAhead = points.length - past.length >= 2;
  return {
    kind: 'points',
    points: past,
    granularityMs,
    since,
    newestAt: past.at(-1)?.at ?? cadence?.newestAt,
    freshSince: now - freshMs(cadence, granularityMs),
    endedBefore: now - endedMs(cadence, granularityMs),
    aheadMs: isAhead ? (points.at(-2)?.at ?? now) - now : 0,
  };
}

/**
 * The points that are credibly in the past. A newest point that is far from all others may have a wrong time
 * stamp: it is left out until another one follows it.
 *
 * @param points in the order of time
 */
export function pointsUpTo(points: readonly Point[], now: number): readonly Point[] {
  let end = points.findLastIndex(({ at }) => at <= now) + 1;
  const gap = usualGap(points.slice(0, Math.max(0, end - 1)));
  const [before, newest] = [points[end - 2], points[end - 1]];
  if (gap !== undefined && before && newest && newest.at - before.at > mostLost * gap) end--;
  return end === points.length ? points : points.slice(0, end);
}
