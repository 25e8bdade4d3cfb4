/** The deadlines that end with a signal. A listener for each costs several µs: there is one for all. */
const followers = new WeakMap<AbortSignal, Set<Deadline>>();

/**
 * Renewals extend the time to at most so many times its length: a sender of a byte now and then must not hold
 * it forever.
 */
const mostRenewals = 10;

/**
 * Tells when its time is over, or an outer signal was aborted; ends with its block (`using`).
 * `AbortSignal.any([outer, AbortSignal.timeout(ms)])` takes 30 µs, a third of a whole exchange, and there are thousands a second.
 */
export class Deadline implements Disposable {
  readonly #onEnd: (reason: unknown) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #last: NodeJS.Timeout;
  readonly #fellows: Set<Deadline> | undefined;
  #isOver = false;

  /** @param onEnd called with what the outer signal was aborted with; with undefined when the time is over */
  constructor(ms: number, onEnd: (reason: unknown) => void, outer?: AbortSignal) {
    this.#onEnd = onEnd;
    this.#fellows = outer && Deadline.#fellowsOf(outer);
    this.#fellows?.add(this);
    const end = () => {
      this.#isOver = true;
      onEnd(undefined);
    };
    this.#timer = setTimeout(end, ms);
    this.#last = setTimeout(end, ms * mostRenewals);
  }

  /** Restarts the time, after a sign of life. As a whole it never exceeds ten times its length. */
  renew(): void {
    if (!this.#isOver) this.#timer.refresh();
  }

  /** Whether the time ran out. */
  get isOver(): boolean {
    return this.#isOver;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#last);
    this.#fellows?.delete(this);
  }

  static #fellowsOf(outer: AbortSignal): Set<Deadline> {
    let fellows = followers.get(outer);
    if (!fellows) {
      const all = new Set<Deadline>();
      outer.addEventListener('abort', () => {
        for (const deadline of all) deadline.#onEnd(outer.reason);
      });
      followers.set(outer, (fellows = all));
    }
    return fellows;
  }
}
