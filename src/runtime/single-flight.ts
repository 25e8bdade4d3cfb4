import { unlessAborted } from './unless-aborted.ts';

/**
 * Work that many ask for at the same time and that is done once: all of them get its one outcome. Whoever is aborted
 * leaves alone; the work goes on for the others. Nothing is kept: who asks after the end starts it anew.
 */
export class SingleFlight<T> {
  readonly #work: () => Promise<T>;
  #flight: Promise<T> | undefined;

  constructor(work: () => Promise<T>) {
    this.#work = work;
  }

  join(signal?: AbortSignal): Promise<T> {
    this.#flight ??= this.#work().finally(() => {
      this.#flight = undefined;
    });
    return signal ? unlessAborted(this.#flight, signal) : this.#flight;
  }
}
