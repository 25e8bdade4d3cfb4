import type { Point } from '../openstack/metric.ts';
import { areSparse } from './complete-points.ts';

/** How fast a counter grew, or why that cannot be said. */
export type Rate =
  | { readonly kind: 'rate'; readonly perSecond: number; readonly from: Point; readonly to: Point }
  | { readonly kind: 'unknown'; readonly because: 'too-few-points' | 'counter-fell' };

/**
 * The growth a second of a counter between its two newest points, by the points' own times: a sample that is missing in
 * between does no harm. A counter that fell began anew (its server was started, moved or built again), and says nothing
 * about the time before.
 *
 * @param points complete ones, in the order of time. Each is the mean of its grain's samples. Where a grain has several,
 * the first one of all may hold the samples of a part of its time only, and the one with the fall counts from before it and
 * after it: neither is a point to begin from.
 */
export function rateOf(points: readonly Point[], { granularityMs }: { granularityMs: number }): Rate {
  const [before, from, to] = [points.at(-3), points.at(-2), points.at(-1)];
  if (!from || !to) return { kind: 'unknown', because: 'too-few-points' };
  if (to.value < from.value) return { kind: 'unknown', because: 'counter-fell' };
  if (!areSparse(points, granularityMs)) {
    if (!before) return { kind: 'unknown', because: 'too-few-points' };
    if (from.value < before.value) return { kind: 'unknown', because: 'counter-fell' };
  }
  const perSecond = (to.value - from.value) / ((to.at - from.at) / 1000);
  return { kind: 'rate', perSecond, from, to };
}
