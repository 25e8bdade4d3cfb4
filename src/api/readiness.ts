import { ageOf, type Clock } from '../runtime/clock.ts';
import { explain } from '../runtime/severity.ts';
import { SingleFlight } from '../runtime/single-flight.ts';
import type { ReadinessBody } from './wire/health.ts';

/** A finding that is younger is not looked at again, however often somebody asks. */
const freshMs = 5_000;

interface Finding {
  readonly at: number;
  /** undefined: all is well. */
  readonly fault: string | undefined;
}

export interface ReadinessOptions {
  /** Rejects when the cloud cannot be used. */
  readonly pingCloud: () => Promise<void>;
  readonly clock: Clock;
}

/** Whether the service can do its work, with the age of each thing known. */
export class Readiness {
  readonly #options: ReadinessOptions;
  /** The configuration was read, and found good, before there was a server. */
  readonly #startedAt: number;
  readonly #look: SingleFlight<Finding>;
  #latest: Finding | undefined;

  constructor(options: ReadinessOptions) {
    this.#options = options;
    this.#startedAt = options.clock.now();
    this.#look = new SingleFlight(() => this.#ping());
  }

  /** Seconds since the start. */
  get uptimeS(): number {
    return this.#age(this.#startedAt);
  }

  async read(): Promise<ReadinessBody> {
    const latest = this.#latest;
    const isFresh = latest !== undefined && ageOf(latest.at, this.#options.clock.now()) < freshMs;
    const { at, fault } = isFresh ? latest : await this.#look.join();
    const keystone = { ok: fault === undefined, age_s: this.#age(at), ...(fault && { message: fault }) };
    return { ready: keystone.ok, checks: { config: { ok: true, age_s: this.uptimeS }, keystone } };
  }

  async #ping(): Promise<Finding> {
    const at = this.#options.clock.now();
    const fault = await this.#options.pingCloud().then(() => undefined, explain);
    this.#latest = { at, fault };
    return this.#latest;
  }

  #age(at: number): number {
    return Math.round((this.#options.clock.now() - at) / 100) / 10;
  }
}
