import type { Point } from '../openstack/metric.ts';
import { usualGap } from './usual-gap.ts';

/** Why the points from before are of no use. */
export type Break = 'counter-fell' | 'counter-jumped';

/** The newest part of a counter's points in which it only grew, at a credible rate. */
export interface Life {
  readonly points: readonly Point[];
  /** How the part before it ended; undefined: no such part was read. */
  readonly after: Break | undefined;
}

/** A jump is so many times the growth of all other gaps. */
const jumpFactor = 1_000;
/** A counter that has just begun may have grown so many times as fast as it has since. */
const doubtFactor = 2;
/** Gaps that a search for the fastest leaves out. */
const mostLeftOut = 2;
/** A clock that is wrong more often than that is no accident: its samples are left as they are. */
const mostStrays = 100;
/** A counter that has grown by more than this many times the usual since the last point has not been reset meanwhile. */
const restartFactor = 3;

/**
 * The points of a counter since its last reset, without those that came from a wrong clock.
 *
 * @param points in the order of time, none from the future
 * @param options `since`: the start of the requested window; `most`: what it can grow by in a second;
 * `burst`: faster growth than this, a second, is doubted where it is for one gap only
 */
export function lastLife(
  points: readonly Point[],
  options: {
    readonly granularityMs: number;
    readonly since: number;
    readonly most: number;
    readonly burst: number;
  },
): Life {
  const kept = withoutStrays(points);
  const growths = new Growths(kept);
  const { granularityMs, since } = options;
  let after: Break | undefined;
  let begin = 0;
  for (let index = 1; index < kept.length; index++) {
    const how =
      grown(kept, index) < 0
        ? 'counter-fell'
        : isJump(kept, index, growths, options)
          ? 'counter-jumped'
          : undefined;
    if (how !== undefined) [begin, after] = [index, how];
  }
  const isBirthSeen = at(kept, 0) - since > (usualGap(kept) ?? 0);
  const isYoung = after === 'counter-fell' || (after === undefined && isBirthSeen);
  // The first point is left out, since what preceded it is not known: it may be a stray, or its grain may
  // have samples from before a reset.
  const first = Math.max(begin, isYoung ? lastDoubtful(kept, begin, granularityMs) : begin) + 1;
  // A grain with several samples may hide a reset that only the next grain shows.
  return { points: kept.slice(first, areSparse(kept, granularityMs) ? undefined : -1), after };
}

/** Whether samples come less than once a grain: no two points are neighbours. */
function areSparse(points: readonly Point[], granularityMs: number): boolean {
  if (points.length < 2) return false;
  return points.every((point, index) => index === 0 || point.at - at(points, index - 1) > granularityMs);
}

/**
 * A sample whose host's clock was wrong for a moment stands among those of another time: lower than the one before it, where
 * the next one is not; or higher than the next two. A counter that was reset would have had to grow far too fast.
 */
function withoutStrays(points: readonly Point[]): readonly Point[] {
  const kept = [...points];
  let growths = new Growths(kept);
  let strays = 0;
  for (let index = 1; index < kept.length - 1; index++) {
    const [before, it, next] = [kept[index - 1], kept[index], kept[index + 1]] as [Point, Point, Point];
    const afterNext = kept[index + 2];
    const isLow = it.value < before.value;
    const isHigh = it.value > next.value && afterNext !== undefined && it.value > afterNext.value;
    if (next.value < before.value || !(isLow || isHigh)) continue;
    const fastest = growths.fastestBut(index, index + 1);
    if (fastest === undefined || next.value <= restartFactor * fastest * (next.at - before.at)) continue;
    if (++strays > mostStrays) break;
    kept.splice(index--, 1);
    growths = new Growths(kept);
  }
  return kept;
}

/**
 * A counter that has just begun may be reset once more, and grow past its old value by the next sample. Index
 * of the last point, from `begin` on, whose value a new counter could exceed before the next point.
 */
function lastDoubtful(points: readonly Point[], begin: number, granularityMs: number): number {
  const fastest = new Growths(points.slice(begin)).fastestBut() ?? 0;
  if (fastest === 0) return begin;
  return points.findLastIndex(({ value }, index) => {
    const next = points[index + 1];
    return (
      next !== undefined &&
      index >= begin &&
      value <= doubtFactor * fastest * (next.at - at(points, index) + granularityMs)
    );
  });
}

/**
 * Whether the growth is impossible; or so much faster than in all other gaps, for one gap only, that no load
 * explains it.
 */
function isJump(
  points: readonly Point[],
  end: number,
  growths: Growths,
  { most, burst, granularityMs }: { most: number; burst: number; granularityMs: number },
): boolean {
  const seconds = (at(points, end) - at(points, end - 1)) / 1000;
  const growth = grown(points, end);
  if (growth > most * (seconds + granularityMs / 1000)) return true;
  if (growth < burst * seconds || points.length < 4) return false;
  const others = growths.fastestBut(end) ?? 0;
  return growth > jumpFactor * others * seconds * 1000;
}

/** The fastest growths between neighbouring points: found once, since of many points each asks for those of all others. */
class Growths {
  /** Per ms, the fastest first, each with the index of the point at its end. */
  readonly #fastest: { readonly end: number; readonly perMs: number }[] = [];

  constructor(points: readonly Point[]) {
    for (let end = 1; end < points.length; end++) {
      const growth = grown(points, end);
      if (growth < 0) continue;
      const perMs = growth / (at(points, end) - at(points, end - 1));
      if (this.#fastest.length === mostLeftOut + 1 && perMs <= (this.#fastest.at(-1)?.perMs ?? 0)) continue;
      this.#fastest.push({ end, perMs });
      this.#fastest.sort((one, other) => other.perMs - one.perMs);
      this.#fastest.length = Math.min(this.#fastest.length, mostLeftOut + 1);
    }
  }

  /** Per ms, of all gaps but those that end at these points, at most two; undefined: there are none. */
  fastestBut(...ends: readonly number[]): number | undefined {
    return this.#fastest.find(({ end }) => !ends.includes(end))?.perMs;
  }
}

function grown(points: readonly Point[], end: number): number {
  return (points[end]?.value ?? 0) - (points[end - 1]?.value ?? 0);
}

function at(points: readonly Point[], index: number): number {
  return points[index]?.at ?? 0;
}
