import type { Random } from './random.ts';

export interface Backoff {
  /** Longest wait before the first repetition, ms. Doubles with each further one. */
  readonly baseMs: number;
  /** Longest wait of all, ms. */
  readonly maxMs: number;
}

/** Full jitter: a time between 0 and the doubled base, so that many clients that failed together do not come back together. */
export function backoffDelay(backoff: Backoff, attempt: number, random: Random): number {
  const ceiling = Math.min(backoff.maxMs, backoff.baseMs * 2 ** Math.min(attempt, 30));
  return Math.round(ceiling * random.next());
}
