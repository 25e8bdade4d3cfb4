import type { Point } from '../openstack/metric.ts';

const longestGapMs = 1_800_000;
/** So many gaps are looked at: polling that has become slower shows soon. */
const recent = 5;

/** The time between two points as it is of late, ms: one lost sample does not count. undefined: there are no two. */
export function usualGap(points: readonly Point[]): number | undefined {
  const gaps: number[] = [];
  for (let index = Math.max(1, points.length - recent); index < points.length; index++)
    gaps.push((points[index]?.at ?? 0) - (points[index - 1]?.at ?? 0));
  const last = gaps.at(-1);
  if (last === undefined) return undefined;
  const median = gaps.sort((a, b) => a - b)[gaps.length >> 1] ?? last;
  return Math.min(Math.max(median, last), longestGapMs);
}
