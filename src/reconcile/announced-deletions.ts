import type { ObjectId, Reference, StackId } from '../openstack/model.ts';
import type { Announced } from './evidence.ts';

/** A limit, since they are kept until a full run succeeds. A deletion whose announcement is lost is proven by a query instead. */
const mostKept = 50_000;

/** Objects that were announced as deleted, until a full run has looked for them. */
export class AnnouncedDeletions {
  /** Oldest announcement first. */
  readonly #ids = new Set<ObjectId | StackId>();

  get ids(): Announced {
    return this.#ids;
  }

  hear(references: readonly Reference[]): void {
    for (const { kind, id, deleted } of references) {
      if (!deleted || kind === 'floating-ip') continue;
      this.#ids.delete(id);
      this.#ids.add(id);
    }
    for (const id of this.#ids) {
      if (this.#ids.size <= mostKept) break;
      this.#ids.delete(id);
    }
  }

  /** A full run begins. @returns a function to call when it has succeeded: it forgets what was announced before the run */
  begin(): () => void {
    const heard = [...this.#ids];
    return () => {
      for (const id of heard) this.#ids.delete(id);
    };
  }
}
