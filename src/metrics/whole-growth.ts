import type { Point } from '../openstack/metric.ts';
import { type Break, lastLife } from './counter-life.ts';
import { errorOf, spanOf } from './precision.ts';
import { usualGap } from './usual-gap.ts';

/** One counter of those that a figure sums. */
export interface Counter {
  /** In the order of time. */
  readonly points: readonly Point[];
  readonly granularityMs: number;
  /** The start of the requested window, ms since 1970. */
  readonly since: number;
  /** What it can grow by in a second. */
  readonly most: number;
  /** Faster growth than this, a second, is doubted where it is for one gap only. */
  readonly burst: number;
}

/** How fast counters grew together, or why that cannot be said. */
export type Growth =
  | {
      readonly kind: 'growth';
      readonly perSecond: number;
      /** The points of each counter that it is computed from. */
      readonly parts: readonly { readonly from: Point; readonly to: Point }[];
      /** When the last of these was, ms since 1970, and how long before that the first, ms. */
      readonly at: number;
      readonly spanMs: number;
      /** The largest error, a share of the fastest growth. */
      readonly error: number;
    }
  | { readonly kind: 'unknown'; readonly because: Break | 'too-few-points' };

/**
 * The growth a second of all counters together, each over the same time: the newest that all of them cover and that is long
 * enough for the precision.
 *
 * @param within all ms since 1970. `covered`: the end of the last figure's span, from which on nothing is
 * left out, as far as there are points. `begin`: before it the counters were not the whole sum
 */
export function wholeGrowth(
  counters: readonly Counter[],
  within: { readonly covered?: number | undefined; readonly begin?: number } = {},
): Growth {
  const { covered = Number.POSITIVE_INFINITY, begin = Number.NEGATIVE_INFINITY } = within;
  const lives = counters.map((counter) => lastLife(counter.points, counter));
  const because = lives.find(({ after }) => after !== undefined)?.after ?? 'too-few-points';
  const unknown: Growth = { kind: 'unknown', because };
  const moments = commonMoments(
    lives.map(({ points }) => points),
    Math.max(...counters.map(({ granularityMs }) => granularityMs)),
  ).filter((moment) => moment.every(({ at }) => at >= begin));
  const to = moments[0];
  if (!to) return unknown;
  const span = Math.max(...counters.map(({ granularityMs }) => spanOf(granularityMs)));
  const isLongEnough = (from: readonly Point[]) =>
    from.every((point, index) => (to[index]?.at ?? 0) - point.at >= span);
  const isCovered = (from: readonly Point[]) => from.every(({ at }) => at <= covered);
  const from =
    moments.find((moment) => isLongEnough(moment) && isCovered(moment)) ?? moments.find(isLongEnough);
  if (!from) return unknown;
  const parts = counters.map((_, index) => ({ from: from[index] as Point, to: to[index] as Point }));
  return {
    kind: 'growth',
    perSecond: parts.reduce(
      (sum, { from, to }) => sum + (to.value - from.value) / ((to.at - from.at) / 1000),
      0,
    ),
    parts,
    at: to[0]?.at ?? 0,
    spanMs: (to[0]?.at ?? 0) - (from[0]?.at ?? 0),
    error: Math.max(
      ...parts.map(({ from, to }, index) => errorOf(counters[index]?.granularityMs ?? 0, to.at - from.at)),
    ),
  };
}

/**
 * The moments where all have a point, newest first, with their points: an agent samples the counters of an instance one
 * after the other, within seconds, so that they may be in neighbouring grains.
 */
function commonMoments(all: readonly (readonly Point[])[], granularityMs: number): (readonly Point[])[] {
  const [first = [], ...others] = all;
  const apartMs = Math.max(granularityMs, (usualGap(first) ?? 0) / 2);
  return first.toReversed().flatMap((point) => {
    const moment = [point, ...others.flatMap((points) => nearest(points, point.at, apartMs) ?? [])];
    return moment.length === all.length ? [moment] : [];
  });
}

function nearest(points: readonly Point[], at: number, apartMs: number): Point | undefined {
  let found: Point | undefined;
  for (const point of points) {
    const distance = Math.abs(point.at - at);
    if (distance <= apartMs && (!found || distance < Math.abs(found.at - at))) found = point;
  }
  return found;
}
