import type { Point } from '../openstack/metric.ts';

/** Longest time that a sample is under way from the hypervisor to Gnocchi's storage, as long as nothing is wrong. */
export const settlingMs = 30_000;

/**
 * The points to which no sample will be added any more. A grain is complete once it has ended, and besides
 *
 * - there is a later point, for samples of one metric come in their order; or
 * - it ended a while ago; or
 * - samples are further apart than grains are long, so that each grain has one at most.
 */
export function completePoints(
  points: readonly Point[],
  { granularityMs, now }: { granularityMs: number; now: number },
): readonly Point[] {
  const ended = points.filter(({ at }) => at + granularityMs <= now);
  const last = ended.at(-1);
  const isSettled =
    last === undefined ||
    ended.length < points.length ||
    last.at + granularityMs + settlingMs <= now ||
    areSparse(points, granularityMs);
  return isSettled ? ended : ended.slice(0, -1);
}

/** Whether samples come less than once a grain: no two points are neighbours. */
export function areSparse(points: readonly Point[], granularityMs: number): boolean {
  if (points.length < 2) return false;
  return points.every((point, index) => {
    const before = points[index - 1];
    return before === undefined || point.at - before.at > granularityMs;
  });
}
