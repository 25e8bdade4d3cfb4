import type { ObjectId, Reference, StackId } from '../openstack/model.ts';
import type { Announced } from './evidence.ts';

/** While no full run succeeds they would be kept for ever. Without the announcement a deletion is proven by a question. */
const mostKept = 50_000;

/** What was announced as deleted and no full run has looked for since. */
export class AnnouncedDeletions {
  /** The latest last. */
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

  /** A full run begins. @returns what forgets, once it has ended well, what was heard before */
  begin(): () => void {
    const heard = [...this.#ids];
    return () => {
      for (const id of heard) this.#ids.delete(id);
    };
  }
}
