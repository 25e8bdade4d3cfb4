/**
 * The pace of all that sends to the daemon: several clouds share it, each with its part of the requests in flight. What one
 * of them does not use, the others have.
 */
export class SharedPace {
  readonly #most: number;
  /** While somebody sends. */
  #pace: Pace | undefined;
  #senders = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** For one that sends, until its end (`using`). */
  join(): Pick<Pace, 'limit' | 'note'> & Disposable {
    const pace = (this.#pace ??= new Pace(this.#most));
    const share = () => Math.max(1, Math.floor(pace.limit / this.#senders));
    this.#senders++;
    return {
      get limit() {
        return share();
      },
      note: (ms) => pace.note(ms),
      [Symbol.dispose]: () => {
        this.#senders--;
        if (this.#senders === 0) this.#pace = undefined;
      },
    };
  }
}

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
