import type { Point } from '../openstack/metric.ts';

const longestGapMs = 1_800_000;
/** So many gaps are looked at: polling that has become slower shows soon. */
const recent = 5;

/**
 * The usual time between two points, ms: the median of the last gaps, so that one lost sample does not count,
 * or the very last gap where that is longer. undefined: there are no two points.
 */
export function usualGap(points: readonly Point[]): number | undefined {
  const gaps: number[] = [];
  for (let index = Math.max(1, points.length - recent); index < points.length; index++)
    gaps.push((points[index]?.at ?? 0) - (points[index - 1]?.at ?? 0));
  const last = gaps.at(-1);
  if (last === undefined) return undefined;
  const median = gaps.sort((a, b) => a - b)[gaps.length >> 1] ?? last;
  return Math.min(Math.max(median, last), longestGapMs);
}
