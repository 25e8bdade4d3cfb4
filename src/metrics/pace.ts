/** How many at once to begin with. */
const first = 8;
const fewest = 8;
/** That much longer than the quickest answers may come of anything, such as a busy machine of ours, ms. */
const noiseMs = 20;

/**
 * How many requests are in flight at once, by how long the answers take: more as long as they do not take longer for it,
 * fewer when they do, because then requests only wait at the other end. Each cycle begins with a new one: a daemon that has
 * become slower for good is not throttled for ever.
 */
export class Pace {
  readonly #most: number;
  #limit: number;
  #quickestMs = Number.POSITIVE_INFINITY;
  #sumMs = 0;
  #count = 0;

  constructor(most: number) {
    this.#most = most;
    this.#limit = Math.min(first, most);
  }

  get limit(): number {
    return this.#limit;
  }

  /** Takes note of an answer that took `ms`. */
  note(ms: number): void {
    this.#sumMs += ms;
    this.#count++;
    if (this.#count < this.#limit) return;
    const mean = this.#sumMs / this.#count;
    this.#sumMs = 0;
    this.#count = 0;
    this.#quickestMs = Math.min(mean, this.#quickestMs);
    const isLonger = mean > 2 * this.#quickestMs + noiseMs;
    this.#limit = isLonger
      ? Math.max(fewest, Math.floor(this.#limit * 0.75))
      : Math.min(this.#most, this.#limit + Math.ceil(this.#limit / 4));
  }
}
