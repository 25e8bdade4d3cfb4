import type { Clock } from '../../../runtime/clock.ts';
import { pause } from '../../../runtime/pause.ts';

/** One job of the portal's. */
export interface Job {
  readonly name: string;
  /** What it is about, in words: a login or the name of a team. */
  readonly about: string;
  /** `given up`: after ten tries; `dead`: of a failure that no repeat mends. */
  readonly state: 'running' | 'waiting' | 'done' | 'given up' | 'dead';
  readonly tries: number;
  /** Of the latest try that failed. */
  readonly error: string | undefined;
  /** When it is tried again, ms since 1970, while it waits. */
  readonly nextTryAt: number | undefined;
}

/** What no repeat mends: the portal's own validation refuses the answer for good. */
export class RecordInvalid extends Error {}

const mostTries = 10;
/** So many that are over are remembered. */
const mostRemembered = 1_000;

/** n⁴ + 2 seconds after the nth failure: after 3 s, 18 s, 83 s, 258 s … 1 h 49 min; 4 h 16 min in all. */
function waitMs(tries: number): number {
  return (tries ** 4 + 2) * 1_000;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** The portal's background jobs: each is tried up to ten times, whatever the failure was. */
export class JobQueue {
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  /** Of the jobs that are not over. */
  readonly #lives = new Set<Promise<void>>();
  readonly #tries = new Set<Promise<void>>();
  #jobs: Mutable<Job>[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** All that are not over, and those that were over lately. */
  get jobs(): readonly Job[] {
    return this.#jobs;
  }

  /**
   * @param perform one try
   * @param options.isRepeated default true
   */
  add(
    { name, about }: Pick<Job, 'name' | 'about'>,
    perform: () => Promise<void>,
    { isRepeated = true }: { readonly isRepeated?: boolean } = {},
  ): Job {
    const started = { state: 'running', tries: 0, error: undefined, nextTryAt: undefined } as const;
    const job: Mutable<Job> = { name, about, ...started };
    this.#jobs = [...this.#jobs.slice(-mostRemembered), job];
    void hold(this.#lives, this.#live(job, perform, isRepeated ? mostTries : 1));
    return job;
  }

  /** Resolves when no job is in the middle of a try: each is over, or waits for its next one. */
  async quiet(): Promise<void> {
    while (this.#tries.size > 0) await Promise.all(this.#tries);
  }

  /** Resolves when all are over. */
  async idle(): Promise<void> {
    while (this.#lives.size > 0) await Promise.all(this.#lives);
  }

  /** Ends the waiting; what is being tried comes to its end. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.idle();
  }

  async #live(job: Mutable<Job>, perform: () => Promise<void>, mostTries: number): Promise<void> {
    for (;;) {
      await hold(this.#tries, this.#attempt(job, perform, mostTries));
      if (job.state !== 'waiting') return;
      await pause(this.#clock, waitMs(job.tries), this.#stop.signal);
      if (this.#stop.signal.aborted) return;
      job.state = 'running';
      job.nextTryAt = undefined;
    }
  }

  /** One try, and what follows from it. */
  async #attempt(job: Mutable<Job>, perform: () => Promise<void>, mostTries: number): Promise<void> {
    job.tries++;
    try {
      await perform();
      job.state = 'done';
    } catch (error) {
      job.error = error instanceof Error ? error.message : String(error);
      if (error instanceof RecordInvalid) job.state = 'dead';
      else if (job.tries >= mostTries) job.state = 'given up';
      else {
        job.state = 'waiting';
        job.nextTryAt = this.#clock.now() + waitMs(job.tries);
      }
    }
  }
}

function hold(among: Set<Promise<void>>, work: Promise<void>): Promise<void> {
  among.add(work);
  return work.finally(() => among.delete(work));
}
