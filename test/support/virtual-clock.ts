import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../src/runtime/clock.ts';

interface Sleeper {
  readonly until: number;
  readonly wake: () => void;
}

/** Turns of the event loop without anything on its way after which everybody is asleep. */
const quietTurns = 4;

/**
 * A clock for loops that run by themselves: time stands still while anything is done or on its way over HTTP, and jumps to
 * the next alarm when everybody sleeps. An hour passes in as long as the work in it takes.
 */
export class VirtualClock implements Clock, Disposable {
  #now: number;
  #sleepers = new Set<Sleeper>();
  readonly #isOurs: (origin: string) => boolean;
  readonly #onTheirWay = new Set<object>();
  readonly #created = (message: unknown) => this.#note(message, true);
  readonly #over = (message: unknown) => this.#note(message, false);

  /** @param isOurs whether requests to this origin are of the scenario */
  constructor(isOurs: (origin: string) => boolean, now = Date.UTC(2026, 10, 22, 12)) {
    this.#now = now;
    this.#isOurs = isOurs;
    subscribe('undici:request:create', this.#created);
    for (const end of ends) subscribe(end, this.#over);
  }

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const stop = () => {
        this.#sleepers.delete(sleeper);
        reject(signal?.reason);
      };
      const wake = () => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener('abort', stop);
        resolve();
      };
      const sleeper = { until: this.#now + Math.max(0, ms), wake };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', stop, { once: true });
    });
  }

  /** Has so much time pass, alarm by alarm; ends early as soon as `isEnough` says so. */
  async pass(ms: number, isEnough: () => boolean = () => false): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await this.settled();
      if (isEnough()) return;
      const next = Math.min(...[...this.#sleepers].map(({ until }) => until));
      if (next > end) break;
      this.#now = Math.max(this.#now, next);
      for (const sleeper of this.#sleepers) if (sleeper.until <= this.#now) sleeper.wake();
    }
    this.#now = end;
  }

  /** Resolves when nothing is on its way and nobody is at work. */
  async settled(): Promise<void> {
    for (let quiet = 0; quiet < quietTurns; quiet++) {
      await nextTurn();
      while (this.#onTheirWay.size > 0) {
        quiet = -1;
        await nextTurn();
      }
    }
  }

  [Symbol.dispose](): void {
    unsubscribe('undici:request:create', this.#created);
    for (const end of ends) unsubscribe(end, this.#over);
  }

  #note(message: unknown, begins: boolean): void {
    const { request } = message as { request: { origin?: string | URL } };
    if (!begins) this.#onTheirWay.delete(request);
    else if (this.#isOurs(String(request.origin))) this.#onTheirWay.add(request);
  }
}

const ends = ['undici:request:trailers', 'undici:request:error'];
