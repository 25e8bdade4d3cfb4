import { ageOf, type Clock } from '../runtime/clock.ts';
import { pause } from '../runtime/pause.ts';
import { explain } from '../runtime/severity.ts';
import { SingleFlight } from '../runtime/single-flight.ts';
import type { Check, ReadinessBody } from './wire/health.ts';

/** A finding that is younger is not looked at again, however often somebody asks. */
const freshMs = 5_000;
/** Of several clouds one that takes longer counts as away: the others' requests must not wait for it. */
const patienceMs = 2_000;

interface Finding {
  readonly at: number;
  /** undefined: all is well. */
  readonly fault: string | undefined;
}

/** One cloud, and what is known of it. */
interface Looked {
  readonly name: string;
  readonly look: SingleFlight<Finding>;
  latest: Finding | undefined;
}

export interface ReadinessOptions {
  /** Their names. */
  readonly clouds: readonly string[];
  /** Rejects when that cloud cannot be used. */
  readonly pingCloud: (cloud: string) => Promise<void>;
  readonly clock: Clock;
}

/** Whether the service can do its work, for one of its clouds at least, with the age of each thing known. */
export class Readiness {
  readonly #options: ReadinessOptions;
  /** The configuration was read, and found good, before there was a server. */
  readonly #startedAt: number;
  readonly #clouds: readonly Looked[];

  constructor(options: ReadinessOptions) {
    this.#options = options;
    this.#startedAt = options.clock.now();
    this.#clouds = options.clouds.map((name) => {
      const look = new SingleFlight(() => this.#ping(looked));
      const looked: Looked = { name, look, latest: undefined };
      return looked;
    });
  }

  /** Seconds since the start. */
  get uptimeS(): number {
    return this.#age(this.#startedAt);
  }

  async read(): Promise<ReadinessBody> {
    const found = await this.#lookAtAll();
    const faults = found.flatMap(({ fault }) => fault ?? []);
    const keystone = this.#check({
      at: Math.min(...found.map(({ at }) => at)),
      fault: faults.length > 0 ? faults.join(' ') : undefined,
    });
    const clouds = Object.fromEntries(
      this.#clouds.map(({ name }, at) => [name, this.#check(found[at] as Finding)]),
    );
    return {
      ready: faults.length < found.length,
      checks: {
        config: { ok: true, age_s: this.uptimeS },
        keystone,
        ...(found.length > 1 && { clouds }),
      },
    };
  }

  async #lookAtAll(): Promise<Finding[]> {
    if (this.#clouds.length === 1) return Promise.all(this.#clouds.map((cloud) => this.#lookAt(cloud)));
    const at = this.#options.clock.now();
    const over = new AbortController();
    const late = pause(this.#options.clock, patienceMs, over.signal);
    const found = await Promise.all(
      this.#clouds.map((cloud) => {
        const fault = `Keystone of cloud ${cloud.name} has not answered for ${patienceMs / 1_000} s.`;
        return Promise.race([this.#lookAt(cloud), late.then(() => ({ at, fault }))]);
      }),
    );
    over.abort();
    return found;
  }

  async #lookAt({ latest, look }: Looked): Promise<Finding> {
    const isFresh = latest !== undefined && ageOf(latest.at, this.#options.clock.now()) < freshMs;
    return isFresh ? latest : look.join();
  }

  async #ping(looked: Looked): Promise<Finding> {
    const at = this.#options.clock.now();
    const fault = await this.#options.pingCloud(looked.name).then(() => undefined, explain);
    looked.latest = { at, fault };
    return looked.latest;
  }

  #check({ at, fault }: Finding): Check {
    return { ok: fault === undefined, age_s: this.#age(at), ...(fault && { message: fault }) };
  }

  #age(at: number): number {
    return Math.round((this.#options.clock.now() - at) / 100) / 10;
  }
}
