import { setTimeout as delay } from 'node:timers/promises';

/** The time and the passing of time. Loops take one, so that tests need not wait; pure code takes `now` instead. */
export interface Clock {
  /** Milliseconds since 1970, as `Date.now()`. */
  now(): number;
  /** Resolves after `ms`; rejects with the signal's reason as soon as the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    signal?.throwIfAborted();
    try {
      await delay(ms, undefined, signal ? { signal } : {});
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  },
};

/**
 * How long ago `then` was, ms. For ever where it is still to come: the clock was set back since, and what waits for time to
 * pass would wait until it has come round again.
 */
export function ageOf(then: number, now: number): number {
  return then > now ? Number.POSITIVE_INFINITY : now - then;
}

/** `2026-11-22T19:16:53.120Z` */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** `Sun, 22 Nov 2026 19:16:53 GMT`: how HTTP writes times. */
export function httpTime(ms: number): string {
  return new Date(ms).toUTCString();
}

/**
 * Milliseconds since 1970 of an ISO time or an HTTP date; undefined when the text is neither. An ISO time without a zone is
 * UTC, as all of OpenStack's are: a JavaScript engine would take it for local time.
 */
export function parseTime(text: string): number | undefined {
  const ms = Date.parse(isoWithoutZone.test(text) ? `${text}Z` : text);
  return Number.isNaN(ms) ? undefined : ms;
}

const isoWithoutZone = /^\d{4}-\d\d-\d\d[T ][\d:.]+$/;
