import { LRUCache } from 'lru-cache';
import { ageOf, type Clock } from '../runtime/clock.ts';

/** So many in a window are let through: all of a portal's users come from its one address. */
const mostFailures = 20;
const windowMs = 60_000;

interface Window {
  readonly since: number;
  failures: number;
}

/** Counts logins that Keystone refused, by the address they came from: nobody tries passwords through us for long. */
export class FailedLogins {
  readonly #clock: Clock;
  readonly #windows = new LRUCache<string, Window>({ max: 10_000 });

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  count(address: string): void {
    const window = this.#current(address);
    if (window) window.failures++;
    else this.#windows.set(address, { since: this.#clock.now(), failures: 1 });
  }

  /** Seconds until this address may log in again; 0 when it may now. */
  waitS(address: string): number {
    const window = this.#current(address);
    if (!window || window.failures < mostFailures) return 0;
    return Math.max(1, Math.ceil((window.since + windowMs - this.#clock.now()) / 1000));
  }

  #current(address: string): Window | undefined {
    const window = this.#windows.get(address);
    return window && ageOf(window.since, this.#clock.now()) < windowMs ? window : undefined;
  }
}
