import type { Backoff } from '../runtime/backoff.ts';
import { backoffDelay } from '../runtime/backoff.ts';
import { parseTime } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';

/** Repetition of single requests. The loops repeat whole runs; nothing in between repeats anything. */
export interface RetryPolicy extends Backoff {
  /** Requests in all, the first included. */
  readonly tries: number;
  /** A `Retry-After` beyond this is not waited for: the answer goes to the caller. Milliseconds. */
  readonly longestRetryAfterMs: number;
}

export const defaultRetryPolicy: RetryPolicy = {
  tries: 3,
  baseMs: 200,
  maxMs: 5_000,
  longestRetryAfterMs: 30_000,
};

const idempotentMethods = new Set(['GET', 'HEAD', 'PUT', 'DELETE']);

/** Whether a method may be sent twice to the same effect. */
export function isIdempotent(method: string): boolean {
  return idempotentMethods.has(method);
}

/** 408, 429 and 5xx may pass by themselves; 501 and 505 never will. */
export function isTransientStatus(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status !== 501 && status !== 505);
}

/** How long to wait before try number `attempt + 2`; undefined: do not retry. */
export function retryDelay(
  policy: RetryPolicy,
  attempt: number,
  options: { retryAfter?: string | undefined; now: number; random: Random },
): number | undefined {
  if (attempt + 1 >= policy.tries) return undefined;
  const floor = retryAfterMs(options.retryAfter, options.now);
  if (floor > policy.longestRetryAfterMs) return undefined;
  return Math.max(floor, backoffDelay(policy, attempt, options.random));
}

/** `Retry-After` is a number of seconds or an HTTP date; anything else counts as nothing. */
function retryAfterMs(header: string | undefined, now: number): number {
  if (header === undefined) return 0;
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1000;
  const time = parseTime(header);
  return time === undefined ? 0 : Math.max(0, time - now);
}
