import type { Clock } from '../../runtime/clock.ts';

interface Entry {
  readonly due: number;
  /** Nothing that has been begun waits for it. */
  readonly background: boolean;
  readonly action: () => void;
}

/**
 * The sandbox's own time. What has been begun ends at its moment, but nothing happens until somebody looks: `catchUp`
 * carries out all that is due, each at its own moment, however late it is called. So a story is the same whatever the
 * real timers do, and a test moves time by moving its clock.
 */
export class Timeline {
  readonly #clock: Clock;
  readonly #pace: number;
  /** The latest due first, so that the next one is popped off the end; of those due together the later made first. */
  readonly #entries: Entry[] = [];
  #moment: number | undefined;

  /** `pace`: how long things take, as a multiple of what they are said to take; 0: they happen at once. */
  constructor(clock: Clock, pace: number) {
    this.#clock = clock;
    this.#pace = pace;
  }

  /** Milliseconds since 1970: the moment that is being carried out, else the clock's. */
  now(): number {
    return this.#moment ?? this.#clock.now();
  }

  /** Has `action` happen `ms` from now, at the timeline's pace. */
  after(ms: number, action: () => void): void {
    if (ms * this.#pace === 0) action();
    else this.#insert({ due: this.now() + ms * this.#pace, background: false, action });
  }

  /** Has `action` happen in the background `ms` from now, whatever the pace; `settle` leaves it alone. */
  later(ms: number, action: () => void): void {
    this.#insert({ due: this.now() + ms, background: true, action });
  }

  /** Has `action` happen in the background every `ms` until the returned function is called. */
  every(ms: number, action: () => void): () => void {
    let stopped = false;
    const next = () =>
      this.later(ms, () => {
        if (stopped) return;
        next();
        action();
      });
    next();
    return () => {
      stopped = true;
    };
  }

  /** Carries out what is due by the clock. */
  catchUp(): void {
    if (this.#moment !== undefined) return;
    const until = this.#clock.now();
    for (let entry = this.#entries.at(-1); entry && entry.due <= until; entry = this.#entries.at(-1)) {
      this.#entries.pop();
      this.#carryOut(entry.action, entry.due);
    }
  }

  /** Carries out now what has been begun, and what follows from it, without waiting for its moment. */
  settle(): void {
    const now = this.now();
    for (;;) {
      const at = this.#entries.findLastIndex((entry) => !entry.background);
      const entry = this.#entries[at];
      if (!entry) return;
      this.#entries.splice(at, 1);
      this.#carryOut(entry.action, now);
    }
  }

  #carryOut(action: () => void, moment: number): void {
    const before = this.#moment;
    this.#moment = moment;
    try {
      action();
    } finally {
      this.#moment = before;
    }
  }

  #insert(entry: Entry): void {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle] as Entry).due > entry.due) low = middle + 1;
      else high = middle;
    }
    this.#entries.splice(low, 0, entry);
  }
}
