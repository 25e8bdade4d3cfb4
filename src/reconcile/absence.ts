import { type Backoff, backoffDelay } from '../runtime/backoff.ts';
import { ageOf, type Clock } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';
import { severityOf } from '../runtime/severity.ts';
import type { ListedCloud } from './observe-cloud.ts';

const backoff: Backoff = { baseMs: 5_000, maxMs: 60_000 };
/** Least wait, whatever the jitter. */
const leastWaitMs = 2_000;
/** Wait after an error that only a person can fix: more sign-ins with a refused password may lock the account. */
const patienceMs = 150_000;
/** Older lists are read again: a run may last for minutes before the next one takes them. */
const freshMs = 30_000;

/**
 * The time in which one of several clouds cannot be read. Runs go on without it; trials beside them find out when it is back:
 *
 * ```
 *  failed ──► waits ──► trial ──► failed: waits for longer
 *                           └───► over: the next run takes the lists of the trial
 *                                   └──► if it does not read the cloud whole: failed
 * ```
 */
export class Absence {
  readonly since: number;
  readonly #clock: Clock;
  readonly #random: Random;
  #error: unknown;
  #failures = 0;
  #failedAt: number;
  #waitMs = 0;
  #trial: 'none' | 'running' | 'successful' = 'none';
  #lists: { readonly lists: ListedCloud; readonly at: number } | undefined;
  /** Whether the lists of the trial lack what was announced since it began. */
  #isOutdated = false;

  constructor({ clock, random }: { readonly clock: Clock; readonly random: Random }) {
    this.#clock = clock;
    this.#random = random;
    this.since = clock.now();
    this.#failedAt = this.since;
  }

  /** Why it could not be read the last time. */
  get error(): unknown {
    return this.#error;
  }

  /** Whether a trial was successful and no run has failed since. */
  get isOver(): boolean {
    return this.#trial === 'successful';
  }

  /** A run or a trial could not read the cloud. */
  failed(error: unknown): void {
    this.#error = error;
    this.#failedAt = this.#clock.now();
    this.#waitMs =
      severityOf(error) === 'fatal'
        ? patienceMs
        : leastWaitMs + backoffDelay(backoff, this.#failures, this.#random);
    this.#failures++;
    this.#trial = 'none';
    this.#lists = undefined;
  }

  /** How long until the next trial, ms. */
  get untilTrialMs(): number {
    if (this.#trial !== 'none') return Number.POSITIVE_INFINITY;
    return Math.max(0, this.#waitMs - ageOf(this.#failedAt, this.#clock.now()));
  }

  /** @returns whether the cloud could be read */
  async try(read: () => Promise<ListedCloud>, signal?: AbortSignal): Promise<boolean> {
    this.#trial = 'running';
    this.#isOutdated = false;
    try {
      const at = this.#clock.now();
      const lists = await read();
      this.#trial = 'successful';
      if (!this.#isOutdated) this.#lists = { lists, at };
      return true;
    } catch (error) {
      if (signal?.aborted) this.#trial = 'none';
      else this.failed(error);
      return false;
    }
  }

  /** What the trial reads, or has read, lacks something that was announced. */
  outdate(): void {
    this.#isOutdated = true;
    this.#lists = undefined;
  }

  /** The lists of the trial, once; undefined: they have to be read again. */
  take(): ListedCloud | undefined {
    const found = this.#lists;
    this.#lists = undefined;
    return found && ageOf(found.at, this.#clock.now()) < freshMs ? found.lists : undefined;
  }
}
