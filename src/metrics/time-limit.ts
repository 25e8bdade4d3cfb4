import { Deadline } from '../runtime/deadline.ts';
import { ServiceError } from '../runtime/severity.ts';

/** A signal that is aborted after some time, or with an outer one; over with its block (`using`). */
export class TimeLimit implements Disposable {
  readonly #deadline: Deadline;
  readonly #controller = new AbortController();

  /** @param what has a time limit, such as `reading` */
  constructor(what: string, ms: number, outer?: AbortSignal) {
    this.#deadline = new Deadline(
      Math.max(0, ms),
      (reason) =>
        this.#controller.abort(
          this.#deadline.isOver ? new ServiceError(timeIsOver(what, ms), { severity: 'transient' }) : reason,
        ),
      outer,
    );
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    this.#deadline[Symbol.dispose]();
  }
}

/** A process that was stopped for a while finds its deadline behind it. */
function timeIsOver(what: string, ms: number): string {
  if (ms <= 0) return `No time was left for ${what}: the process was late.`;
  return `The time for ${what} was over after ${Math.round(ms / 100) / 10} s.`;
}
