import pLimit, { type LimitFunction } from 'p-limit';

/** Most lanes at once, and the number to begin with: one portal process has this many threads, and a session makes as many requests. */
const most = 5;
/** Number of answers after which a number of lanes is judged. */
const trial = 24;
/** For how many trials a number is kept before others are tried again, since the portal's load changes. */
const kept = 24;
/** Trials before the first is judged: at first answers take longer, while code is compiled and caches are empty. */
const warmUp = 4;
/** What fewer lanes may lose of the speed with the most: the portal's users gain more by the free threads. */
const fastEnough = 0.9;
/** Answers within this time, ms, with the most lanes: nobody notices that a request waits for those of the lanes. */
const unnoticed = 20;

/** Answers with a certain number of lanes, by kind of request. */
interface Sample {
  readonly lanes: number;
  readonly kinds: Map<string, { count: number; ms: number }>;
  count: number;
}

/**
 * How many lanes of changes, or of racks that are read, are under way at once: the fewest that are about as fast as the most. A portal
 * of one process runs one thread at a time, so that five requests take nearly as long as one after the other, and keep its users
 * waiting; one that is far away, or has more processes, gets more done with five.
 *
 * ```
 *  the most lanes ──► this fast the portal can be; where nobody would notice, they are kept
 *  then the number that was kept ──► fast enough: one less, as long as that is
 *                                ──► too slow: one more, until that is fast enough
 *  the most again ──► the fewest are still fast enough: they are kept for a while; then all again
 *                 ──► they are not: one more, until that is
 * ```
 *
 * All are compared with the most, and not with their neighbours: each step could lose a little, and all of them half of the speed.
 * The most are measured twice, so that a moment in which the portal was slow does not make the others look fast.
 */
export class LaneLimit {
  readonly #limit: LimitFunction = pLimit(most);
  #sample = emptySample(most);
  /** With the most lanes; undefined: not measured since the last number was chosen. */
  #fastest: Sample | undefined;
  /** With the fewest lanes that were fast enough; undefined: none was yet. */
  #candidate: Sample | undefined;
  #kept = most;
  /** Towards which numbers is tried; undefined: none was judged yet. */
  #direction: 'fewer' | 'more' | undefined;
  /** Trials for which the kept number stays. */
  #rest = warmUp;
  /** Answers to ignore: their requests were under way when the number changed. */
  #skip = 0;

  /** Lanes under way at once. */
  get lanes(): number {
    return this.#limit.concurrency;
  }

  run<T>(lane: () => Promise<T>): Promise<T> {
    return this.#limit(lane);
  }

  /** Notes how long one took. */
  note(kind: string, ms: number): void {
    if (this.#skip > 0) {
      this.#skip--;
      return;
    }
    const sample = this.#sample;
    const ofKind = sample.kinds.get(kind) ?? { count: 0, ms: 0 };
    ofKind.count++;
    ofKind.ms += Math.max(ms, 1);
    sample.kinds.set(kind, ofKind);
    if (++sample.count < trial) return;
    this.#set(this.#next(sample));
    this.#sample = emptySample(this.lanes);
  }

  /** The number of lanes for the next trial. */
  #next(sample: Sample): number {
    if (this.#rest > 0) return --this.#rest > 0 ? this.#kept : most;
    if (!this.#fastest) {
      if (meanMs(sample) < unnoticed) return this.#keep(most);
      this.#fastest = sample;
      return Math.min(this.#kept, most - 1);
    }
    const { lanes } = sample;
    const candidate = this.#candidate;
    if (candidate && lanes === most) {
      if (isFast(candidate, sample)) return this.#keep(candidate.lanes);
      if (candidate.lanes + 1 === most) return this.#keep(most);
      this.#fastest = sample;
      this.#candidate = undefined;
      this.#direction = 'more';
      return candidate.lanes + 1;
    }
    const isFastEnough = isFast(sample, this.#fastest);
    if (isFastEnough) this.#candidate = sample;
    const direction = (this.#direction ??= isFastEnough ? 'fewer' : 'more');
    if (isFastEnough && direction === 'fewer' && lanes > 1) return lanes - 1;
    if (!isFastEnough && direction === 'more' && lanes + 1 < most) return lanes + 1;
    return this.#candidate ? most : this.#keep(most);
  }

  #keep(lanes: number): number {
    this.#kept = lanes;
    this.#rest = kept;
    this.#fastest = undefined;
    this.#candidate = undefined;
    this.#direction = undefined;
    return lanes;
  }

  #set(lanes: number): void {
    if (lanes === this.lanes) return;
    this.#skip = this.lanes;
    this.#limit.concurrency = lanes;
  }
}

function isFast(sample: Sample, fastest: Sample): boolean {
  return speedup(sample, fastest) >= fastEnough;
}

function emptySample(lanes: number): Sample {
  return { lanes, kinds: new Map(), count: 0 };
}

function meanMs({ kinds, count }: Sample): number {
  let sum = 0;
  for (const { ms } of kinds.values()) sum += ms;
  return sum / count;
}

/** Ratio of the throughputs of two samples, over the kinds that both have; 0: they have none in common. */
function speedup(one: Sample, other: Sample): number {
  let count = 0;
  let slowness = 0;
  for (const [kind, { count: n, ms }] of one.kinds) {
    const before = other.kinds.get(kind);
    if (!before) continue;
    count += n;
    slowness += ms / (before.ms / before.count);
  }
  return count === 0 ? 0 : (one.lanes / other.lanes) * (count / slowness);
}
