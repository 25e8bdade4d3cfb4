import { unlessAborted } from './unless-aborted.ts';

/**
 * Work that many callers request at the same time and that is done once: all of them get its one outcome. An
 * aborted caller stops waiting; the work continues for the others. The outcome is not kept: a call after the
 * end starts the work again.
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
