import type { Point } from '../../src/openstack/metric.ts';
import type { Random } from '../../src/runtime/random.ts';
import type { Course } from './course.ts';

/** How a cloud measures. Seconds. */
export interface Setup {
  readonly polling: number;
  readonly grain: number;
  /** Standard deviation of the moment of a sample. */
  readonly jitter: number;
  /** From a sample to its point in Gnocchi. */
  readonly lag: number;
  readonly clock: 'right' | 'off' | 'wrong for a moment';
  /** Share of samples that get lost. */
  readonly loss: number;
}

/** By how much the host's clock is ahead where it is off. */
export const offsetS = 7;

interface Sample {
  readonly stamp: number;
  readonly seenAt: number;
  /** The clock's momentary error at this sample, beside its constant one. */
  readonly stray: number;
  readonly value: number;
}

/** What Gnocchi has of a counter at any moment. */
export class Measured {
  readonly #samples: readonly Sample[];
  readonly #grain: number;

  /** @param setup measures from second `from` on, for `seconds` seconds */
  constructor(course: Course, setup: Setup & { seconds: number; from?: number }, random: Random) {
    const { polling, jitter, lag, clock, loss, seconds, from = 0 } = setup;
    const samples: Sample[] = [];
    const phase = random.next() * polling;
    const far = Math.max(600, 8 * Math.max(polling, setup.grain));
    const errors = [7_200, far, -far, 1.5 * polling];
    const error = errors[Math.floor(random.next() * errors.length)] ?? 0;
    for (let index = 0; ; index++) {
      const at = phase + index * polling + jitter * normal(random);
      if (at >= seconds) break;
      if (at < from || random.next() < loss) continue;
      const stray = clock === 'wrong for a moment' && index === 9 ? error : 0;
      const stamp = at + stray + (clock === 'off' ? offsetS : 0);
      samples.push({ stamp, stray, seenAt: at + lag, value: counted(course, at) });
    }
    this.#samples = samples.sort((a, b) => a.stamp - b.stamp);
    this.#grain = setup.grain;
  }

  /** The means of the grains, from the one that contains `since` on; both in seconds. */
  points(since: number, now: number): Point[] {
    const first = Math.floor(since / this.#grain) * this.#grain;
    const points: { at: number; value: number }[] = [];
    let count = 0;
    for (let index = this.#indexOf(first); index < this.#samples.length; index++) {
      const { stamp, seenAt, value } = this.#samples[index] as Sample;
      if (seenAt > now) continue;
      const at = Math.floor(stamp / this.#grain) * this.#grain * 1000;
      const last = points.at(-1);
      if (last?.at === at) last.value += (value - last.value) / ++count;
      else {
        points.push({ at, value });
        count = 1;
      }
    }
    return points;
  }

  /** The mean clock error of the samples in that grain, seconds. */
  shiftIn(grainAt: number, now: number): number {
    const inGrain: number[] = [];
    for (let index = this.#indexOf(grainAt); index < this.#samples.length; index++) {
      const { stamp, seenAt, stray } = this.#samples[index] as Sample;
      if (stamp >= grainAt + this.#grain) break;
      if (seenAt <= now) inGrain.push(stray);
    }
    return Math.abs(inGrain.reduce((sum, stray) => sum + stray, 0)) / Math.max(1, inGrain.length);
  }

  #indexOf(stamp: number): number {
    let [low, high] = [0, this.#samples.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#samples[middle]?.stamp ?? 0) < stamp) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The value of the counter, which starts at zero at each restart. */
function counted(course: Course, second: number): number {
  const begin = course.restarts.findLast((restart) => restart <= second) ?? 0;
  return course.total(second) - course.total(begin);
}

/** Of mean 0 and standard deviation 1. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}
