import type { Clock } from '../../src/runtime/clock.ts';

interface Sleeper {
  readonly until: number;
  readonly wake: () => void;
}

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  #now: number;
  #sleepers: Sleeper[] = [];
  /** The lengths of all sleeps so far, ms. */
  readonly slept: number[] = [];

  constructor(now = Date.UTC(2026, 10, 22, 12)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.slept.push(ms);
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const sleeper = { until: this.#now + ms, wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  }

  /** Lets time pass, and wakes whoever slept for no longer. */
  advance(ms: number): void {
    this.#now += ms;
    const awake = this.#sleepers.filter(({ until }) => until <= this.#now);
    this.#sleepers = this.#sleepers.filter(({ until }) => until > this.#now);
    for (const { wake } of awake) wake();
  }

  /** Shows an earlier time. Nobody sleeps for longer because of it: timers go by no clock. */
  setBack(ms: number): void {
    this.#now -= ms;
    this.#sleepers = this.#sleepers.map(({ until, wake }) => ({ until: until - ms, wake }));
  }
}

/** A clock whose sleeps are over at once; they are noted, and time passes by them. */
export class HastyClock implements Clock {
  #now = Date.UTC(2026, 10, 22, 12);
  readonly slept: number[] = [];

  now(): number {
    return this.#now;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.slept.push(ms);
    this.#now += ms;
  }
}
