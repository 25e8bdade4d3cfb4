import type { Point } from '../openstack/metric.ts';

const longestGapMs = 1_800_000;
/** So many gaps are looked at: polling that has become slower shows soon. */
const recent = 5;
/** One lost sample doubles a gap; a gap of more times the usual has another cause. */
const mostOfOneLost = 2.5;

/**
 * The usual time between two points, ms: the median of the last gaps, or more where polling has become slower. A last gap of
 * twice the median is taken for a lost sample until the next gap is as long. undefined: there are no two points.
 */
export function usualGap(points: readonly Point[]): number | undefined {
  const gaps: number[] = [];
  for (let index = Math.max(1, points.length - recent); index < points.length; index++)
    gaps.push((points[index]?.at ?? 0) - (points[index - 1]?.at ?? 0));
  const [before, last] = [gaps.at(-2), gaps.at(-1)];
  if (last === undefined) return undefined;
  const median = gaps.sort((a, b) => a - b)[(gaps.length - 1) >> 1] ?? last;
  const slower = last > mostOfOneLost * median ? last : Math.min(last, before ?? last);
  return Math.min(Math.max(median, slower), longestGapMs);
}
