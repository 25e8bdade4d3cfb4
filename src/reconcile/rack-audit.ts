import type { RackId } from '../concertim/model.ts';

/**
 * Which racks' devices to read, where not all are read in every run: those in doubt with the next run, the others in turn, each
 * as often as any other.
 */
export class RackAudit {
  /** When each was last read, or first known by what was written; the one that waited longest first. */
  readonly #knownAt = new Map<RackId, number>();
  readonly #doubted = new Set<RackId>();

  /** What stands in it may be otherwise than it is known. */
  doubt(id: RackId): void {
    this.#doubted.add(id);
  }

  /** Those in doubt, the first to be doubted first. */
  get doubted(): readonly RackId[] {
    return [...this.#doubted];
  }

  /** It was read. */
  note(id: RackId, at: number): void {
    this.#doubted.delete(id);
    this.#knownAt.delete(id);
    this.#knownAt.set(id, at);
  }

  /** These are all the racks that there are. */
  retain(ids: ReadonlySet<RackId>, now: number): void {
    for (const id of this.#knownAt.keys()) if (!ids.has(id)) this.#knownAt.delete(id);
    for (const id of this.#doubted) if (!ids.has(id)) this.#doubted.delete(id);
    for (const id of ids) if (!this.#knownAt.has(id)) this.#knownAt.set(id, now);
  }

  get size(): number {
    return this.#knownAt.size;
  }

  /** Whose turn it is; undefined: there are none. */
  next(): { readonly id: RackId; readonly knownAt: number } | undefined {
    for (const [id, knownAt] of this.#knownAt) return { id, knownAt };
    return undefined;
  }
}
