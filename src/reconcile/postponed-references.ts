import type { Reference } from '../openstack/model.ts';
import { ageOf, type Clock } from '../runtime/clock.ts';

/** Limit; what exceeds it waits for the next full run. */
const mostPostponed = 2_000;

/** References to process after a delay. If an object is added several times, the first delay counts. */
export class PostponedReferences<R extends Reference> {
  readonly #clock: Clock;
  readonly #waiting = new Map<
    string,
    { readonly reference: R; readonly since: number; readonly ms: number }
  >();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param ms how long to wait, from now */
  add(references: readonly R[], ms: number): void {
    const since = this.#clock.now();
    for (const reference of references) {
      const key = `${reference.kind} ${reference.id}`;
      if (this.#waiting.size >= mostPostponed) return;
      if (!this.#waiting.has(key)) this.#waiting.set(key, { reference, since, ms });
    }
  }

  /** Removes and returns the references that are due. */
  takeDue(): R[] {
    const now = this.#clock.now();
    const due = [...this.#waiting].filter(([, { since, ms }]) => ageOf(since, now) >= ms);
    for (const [key] of due) this.#waiting.delete(key);
    return due.map(([, { reference }]) => reference);
  }

  /** Removes and returns all references. */
  takeAll(): R[] {
    const all = [...this.#waiting.values()].map(({ reference }) => reference);
    this.#waiting.clear();
    return all;
  }

  /** How long until the first is due, ms. */
  get untilDueMs(): number {
    const now = this.#clock.now();
    let least = Number.POSITIVE_INFINITY;
    for (const { since, ms } of this.#waiting.values())
      least = Math.min(least, Math.max(0, ms - ageOf(since, now)));
    return least;
  }
}
