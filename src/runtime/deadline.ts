import { EventEmitter } from 'node:events';

/** The deadlines that end with a signal. A listener for each costs several µs: there is one for all. */
const followers = new WeakMap<AbortSignal, Set<Deadline>>();

/**
 * Renewals extend the time to at most so many times its length: a sender of a byte now and then must not hold
 * it forever.
 */
const mostRenewals = 10;

/**
 * Emits `abort` when the time is over, or with an outer signal; ends with its block (`using`). undici takes it in place of
 * an AbortSignal: `AbortSignal.any([outer, AbortSignal.timeout(ms)])` takes 30 µs, a third of a whole exchange, and there
 * are thousands a second.
 */
export class Deadline extends EventEmitter<{ abort: [] }> implements Disposable {
  /** What the outer signal was aborted with; undefined when the time ran out. */
  reason: unknown;
  readonly #timer: NodeJS.Timeout;
  readonly #last: NodeJS.Timeout;
  readonly #fellows: Set<Deadline> | undefined;
  #isOver = false;

  constructor(ms: number, outer?: AbortSignal) {
    super();
    this.#fellows = outer && fellowsOf(outer);
    this.#fellows?.add(this);
    const end = () => {
      this.#isOver = true;
      this.emit('abort');
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
}

function fellowsOf(outer: AbortSignal): Set<Deadline> {
  let fellows = followers.get(outer);
  if (!fellows) {
    const all = new Set<Deadline>();
    outer.addEventListener('abort', () => {
      for (const deadline of all) {
        deadline.reason = outer.reason;
        deadline.emit('abort');
      }
    });
    followers.set(outer, (fellows = all));
  }
  return fellows;
}
