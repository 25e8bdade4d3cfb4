import { type Clock, systemClock } from '../../src/runtime/clock.ts';

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

/** Of each second slept, and the most for one sleep: of the real time, ms. */
const takenPerSecond = 5;
const mostTaken = 10;

/**
 * A clock whose sleeps are over almost at once; they are noted, and time passes by them. The little that they take keeps what beats in
 * the background, such as the writer's lock, from letting hours pass while a disk is slow.
 */
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
    await systemClock.sleep(Math.min(mostTaken, (ms / 1_000) * takenPerSecond), signal);
  }
}
