import { LRUCache } from 'lru-cache';
import { type Clock, systemClock } from '../runtime/clock.ts';

export interface RepeatsOptions {
  readonly clock?: Clock;
  /** How long a repeat waits for the cloud before it gets what the call before it got, ms. Default 3,500. */
  readonly patienceMs?: number;
}

interface Run {
  readonly key: string;
  readonly outcome: Promise<unknown>;
}

const mostRemembered = 2_000;
/** For so long an outcome serves repeats to which the cloud is too slow. */
const rememberedMs = 15 * 60_000;

/**
 * Does things for a caller that gives up after a while, of 5 s in some releases, and then repeats itself, over and over:
 *
 * ```
 *  the same call is under way           ──► its outcome, too
 *  another one about the same is        ──► after it
 *  the same was done lately             ──► looked at again; if that takes too long, what was found then
 * ```
 */
export class Repeats {
  readonly #clock: Clock;
  readonly #patienceMs: number;
  /** The latest about each. */
  readonly #running = new Map<string, Run>();
  readonly #done: LRUCache<string, { readonly outcome: unknown }>;

  constructor({ clock = systemClock, patienceMs = 3_500 }: RepeatsOptions = {}) {
    this.#clock = clock;
    this.#patienceMs = patienceMs;
    this.#done = new LRUCache({ max: mostRemembered, ttl: rememberedMs, ttlResolution: 0, perf: clock });
  }

  /**
   * @param call.about what it changes, such as `team oscar`: one after the other
   * @param call.key the same for the same call: calls that differ in anything, even a password, are different calls
   */
  async run<T>(call: { readonly about: string; readonly key: string }, work: () => Promise<T>): Promise<T> {
    const run = this.#join(call, work);
    const outcome = run.outcome as Promise<T>;
    const lately = this.#done.get(call.key) as { readonly outcome: T } | undefined;
    return lately ? this.#unlessSlow(outcome, lately.outcome) : outcome;
  }

  /** How many outcomes are remembered. */
  get size(): number {
    return this.#done.size;
  }

  /** Resolves when nothing is under way any more. */
  async idle(): Promise<void> {
    await Promise.allSettled([...this.#running.values()].map(({ outcome }) => outcome));
  }

  #join({ about, key }: { about: string; key: string }, work: () => Promise<unknown>): Run {
    const running = this.#running.get(about);
    if (running?.key === key) return running;
    const run = { key, outcome: this.#begin(key, work, running) };
    this.#running.set(about, run);
    const forget = () => {
      if (this.#running.get(about) === run) this.#running.delete(about);
    };
    run.outcome.then(forget, forget);
    return run;
  }

  async #begin(key: string, work: () => Promise<unknown>, before?: Run): Promise<unknown> {
    if (before) await Promise.allSettled([before.outcome]);
    const outcome = await work();
    this.#done.set(key, { outcome });
    return outcome;
  }

  async #unlessSlow<T>(outcome: Promise<T>, lately: T): Promise<T> {
    const answered = new AbortController();
    const patience = this.#clock.sleep(this.#patienceMs, answered.signal).then(
      () => lately,
      () => lately,
    );
    try {
      return await Promise.race([outcome, patience]);
    } finally {
      answered.abort();
    }
  }
}
