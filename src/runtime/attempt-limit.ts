import { LRUCache } from 'lru-cache';
import { ageOf, type Clock } from './clock.ts';

/** One attempt that was let through. It counts as undecided until one of these is called; the first call decides. */
export interface Attempt {
  failed(): void;
  /** It succeeded, or came to no decision. */
  over(): void;
}

/** No attempt is let through for that long. */
export interface Refused {
  /** Whole seconds, at least 1. */
  readonly waitS: number;
}

interface Window {
  since: number;
  failures: number;
  undecided: number;
  /** Resolves at the next decision. */
  decided: PromiseWithResolvers<void>;
}

const windowMs = 60_000;

/**
 * Lets a key fail a limited number of times a minute. Attempts in flight count as failures: further ones
 * wait unchecked. So neither the wait nor the refusal depends on whether an attempt is right, and cannot reveal a right
 * guess.
 */
export class AttemptLimit {
  readonly #most: number;
  readonly #clock: Clock;
  readonly #windows = new LRUCache<string, Window>({ max: 10_000 });

  constructor({ most, clock }: { readonly most: number; readonly clock: Clock }) {
    this.#most = most;
    this.#clock = clock;
  }

  async admit(key: string): Promise<Attempt | Refused> {
    for (;;) {
      const window = this.#current(key);
      if (window.failures >= this.#most) {
        const leftMs = window.since + windowMs - this.#clock.now();
        return { waitS: Math.max(1, Math.ceil(leftMs / 1000)) };
      }
      if (window.failures + window.undecided < this.#most) return this.#begin(window);
      await window.decided.promise;
    }
  }

  #begin(window: Window): Attempt {
    window.undecided++;
    let isDecided = false;
    const decide = (failures: number) => {
      if (isDecided) return;
      isDecided = true;
      // The minute begins with the first failure.
      if (failures > 0 && window.failures === 0) window.since = this.#clock.now();
      window.failures += failures;
      window.undecided--;
      window.decided.resolve();
      window.decided = Promise.withResolvers();
    };
    return { failed: () => decide(1), over: () => decide(0) };
  }

  #current(key: string): Window {
    const now = this.#clock.now();
    let window = this.#windows.get(key);
    if (!window) {
      window = { since: now, failures: 0, undecided: 0, decided: Promise.withResolvers() };
      this.#windows.set(key, window);
    }
    if (ageOf(window.since, now) >= windowMs) {
      window.since = now;
      window.failures = 0;
    }
    return window;
  }
}
