import pLimit, { type LimitFunction } from 'p-limit';

/** Most lanes at once, and the number to begin with: one portal process has this many threads, and a session makes as many requests. */
const most = 5;
/** Number of answers after which a number of lanes is judged. */
const trial = 24;
/** For how many trials a number is kept before another is tried, since the portal's load changes. */
const kept = 8;

/** Answers with a certain number of lanes, by kind of request. */
interface Sample {
  readonly lanes: number;
  readonly kinds: Map<string, { count: number; ms: number }>;
  count: number;
}

/**
 * How many lanes of changes, or of racks that are read, are under way at once: as many as still increase the speed. A portal of one process runs one thread
 * at a time, so that five requests take nearly as long as one after the other, and keep its users waiting; one that is far
 * away, or has more processes, gets more done with five.
 *
 * ```
 *  one lane less is as fast ──► keep that number, and try one less
 *  else one lane more is faster ──► keep that number, and try one more
 *  neither ──► keep the present number for a while
 * ```
 */
export class LaneLimit {
  readonly #limit: LimitFunction = pLimit(most);
  #sample = emptySample(most);
  /** Last sample with the number that is kept; undefined: none yet. */
  #settled: Sample | undefined;
  #direction: -1 | 1 = -1;
  #wait = 0;
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
    this.#judge(sample);
    this.#sample = emptySample(this.lanes);
  }

  #judge(sample: Sample): void {
    const settled = this.#settled;
    const isTrial = settled !== undefined && sample.lanes !== settled.lanes;
    if (!isTrial || isWorthIt(sample, settled)) {
      this.#settled = sample;
      if (this.#wait > 0) this.#wait--;
      else this.#try(sample.lanes + this.#direction);
    } else if (this.#direction < 0) {
      this.#direction = 1;
      this.#try(settled.lanes + 1);
    } else {
      this.#direction = -1;
      this.#wait = kept;
      this.#try(settled.lanes);
    }
  }

  #try(lanes: number): void {
    const bounded = Math.min(most, Math.max(1, lanes));
    if (bounded !== lanes) {
      this.#direction = lanes < 1 ? 1 : -1;
      this.#wait = kept;
    }
    if (bounded === this.lanes) return;
    this.#skip = this.lanes;
    this.#limit.concurrency = bounded;
  }
}

/** Whether one more lane brings at least half of its possible gain; for one less, whether it loses at most half of a lane. */
function isWorthIt(sample: Sample, settled: Sample): boolean {
  return speedup(sample, settled) >= (1 + sample.lanes / settled.lanes) / 2;
}

function emptySample(lanes: number): Sample {
  return { lanes, kinds: new Map(), count: 0 };
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
