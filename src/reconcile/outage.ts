import pLimit from 'p-limit';
import { ConcertimError } from '../concertim/errors.ts';
import { ConnectionError, TimeoutError } from '../http/errors.ts';
import { OpenStackError } from '../openstack/errors.ts';
import type { Clock } from '../runtime/clock.ts';
import { ServiceError } from '../runtime/severity.ts';

/** Whether an error means that the whole service is unavailable, not that one object is in trouble. */
export function isOutage(error: unknown): boolean {
  if (error instanceof ConnectionError || error instanceof TimeoutError) return true;
  if (!(error instanceof ConcertimError || error instanceof OpenStackError)) return false;
  return [429, 502, 503, 504].includes(error.status);
}

/** So many in a row came to nothing, and nothing has been answered for so long: not one object's trouble, nor a moment's. */
const fewest = 10;
const patienceMs = 5_000;
/** Whether the fault may be of one object or of the whole service: a portal without its database answers every request with 500. */
export function isFault(error: unknown): boolean {
  return (error instanceof ConcertimError || error instanceof OpenStackError) && error.status === 500;
}

/**
 * More would not be answered sooner. If all waited in one queue, each would be tried once before the first is given up.
 */
const atOnce = 16;

/**
 * Notices that a service becomes unavailable in the middle of a run. Trying thousands of remaining changes, each with all
 * of its retries, would take hours in which nothing else is done.
 */
export class OutageWatch {
  readonly #clock: Clock;
  readonly #away = new AbortController();
  readonly #limit = pLimit(atOnce);
  readonly #probe: (() => Promise<unknown>) | undefined;
  #answeredAt: number;
  #inARow = 0;
  #faultsInARow = 0;

  /** Aborted with the signal of the run, and once the service is unavailable. */
  readonly signal: AbortSignal;

  /**
   * @param probe a request that any working service answers. It decides whether many 500s in a row come from single objects or
   *   from the service; without a probe they come from single objects
   */
  constructor(
    clock: Clock,
    options: { signal?: AbortSignal | undefined; probe?: () => Promise<unknown> } = {},
  ) {
    const { signal, probe } = options;
    this.#clock = clock;
    this.#probe = probe;
    this.#answeredAt = clock.now();
    this.signal = signal ? AbortSignal.any([this.#away.signal, signal]) : this.#away.signal;
  }

  get isAway(): boolean {
    return this.#away.signal.aborted;
  }

  /** What it said last. */
  get because(): unknown {
    return this.#away.signal.reason;
  }

  /** Stops the remaining changes for another reason. */
  giveUp(because: unknown): void {
    this.#away.abort(because);
  }

  /** @throws what it said last */
  throwIfAway(): void {
    this.#away.signal.throwIfAborted();
  }

  /** The answer, when it is this question's turn; takes note of whether there was one. */
  async ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      const result = await this.#limit(question);
      this.#answered();
      return result;
    } catch (error) {
      if (isOutage(error)) this.#unanswered(error);
      else if (this.#probe && isFault(error)) await this.#doubt(error, this.#probe);
      // A request that was not sent says nothing about the service.
      else if (error instanceof ServiceError) this.#answered();
      throw error;
    }
  }

  #unanswered(error: unknown): void {
    this.#inARow++;
    if (this.#inARow < fewest || this.#clock.now() - this.#answeredAt < patienceMs) return;
    this.#away.abort(error);
  }

  async #doubt(error: unknown, probe: () => Promise<unknown>): Promise<void> {
    this.#faultsInARow++;
    if (this.#faultsInARow < fewest) return;
    this.#faultsInARow = 0;
    try {
      await probe();
    } catch (cause) {
      if (isFault(cause) || isOutage(cause)) this.#away.abort(error);
    }
  }

  #answered(): void {
    this.#answeredAt = this.#clock.now();
    this.#inARow = 0;
    this.#faultsInARow = 0;
  }
}
