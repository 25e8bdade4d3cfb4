import pLimit, { type LimitFunction } from 'p-limit';

/** As many as one portal process has threads, and the session requests at a time: so it begins. */
const most = 5;
/** Answers after which a number of lanes is judged. */
const trial = 24;
/** Trials that a number is kept for before another is tried again: what the portal has to do for its users changes. */
const kept = 8;

/** What was answered with so many lanes, by kind. */
interface Sample {
  readonly lanes: number;
  readonly kinds: Map<string, { count: number; ms: number }>;
  count: number;
}

/**
 * How many lanes of changes are under way at once: as many as make it faster, and no more. A portal of one process runs one thread
 * at a time, so that five requests take nearly as long as one after the other, and keep its users waiting; one that is far
 * away, or has more processes, gets more done with five.
 *
 * ```
 *  one lane less is as fast ──► so few, and one less is tried
 *  else one lane more is faster ──► so many, and one more is tried
 *  neither ──► as it was, for a while
 * ```
 */
export class LaneLimit {
  readonly #limit: LimitFunction = pLimit(most);
  #sample = emptySample(most);
  /** What the number that is kept has given last; undefined: not yet. */
  #settled: Sample | undefined;
  #direction: -1 | 1 = -1;
  #wait = 0;
  /** Answers that were under way when the number was changed. */
  #skip = 0;

  /** Lanes under way at once. */
  get lanes(): number {
    return this.#limit.concurrency;
  }

  run<T>(lane: () => Promise<T>): Promise<T> {
    return this.#limit(lane);
  }

  /** A change of that kind took so long. */
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

/** Whether one lane more does at least half of what a lane can do; one less, whether no more than that is lost. */
function isWorthIt(sample: Sample, settled: Sample): boolean {
  return speedup(sample, settled) >= (1 + sample.lanes / settled.lanes) / 2;
}

function emptySample(lanes: number): Sample {
  return { lanes, kinds: new Map(), count: 0 };
}

/** How many times as much gets done with the lanes of one sample as with those of the other, by the kinds that both have; 0: none. */
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
