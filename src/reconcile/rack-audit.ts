import type { RackId } from '../concertim/model.ts';

/** One request: the list of racks, or one rack with what stands in it. */
export type Turn = RackId | typeof rackList;
export const rackList = 'list of racks';

/**
 * What to read of a portal that is not read whole in every run: racks in doubt with the next run, everything in turn, each as
 * often as any other.
 */
export class RackAudit {
  /** When each was last read, or first known by what was written; the one that waited longest first. */
  readonly #knownAt = new Map<Turn, number>();
  readonly #doubted = new Set<RackId>();

  /** The rack, or what stands in it, may be otherwise than it is known. */
  doubt(id: RackId): void {
    this.#doubted.add(id);
  }

  /** Those in doubt, the first to be doubted first. */
  get doubted(): readonly RackId[] {
    return [...this.#doubted];
  }

  /** It was read. */
  note(turn: Turn, at: number): void {
    if (turn !== rackList) this.#doubted.delete(turn);
    this.#knownAt.delete(turn);
    this.#knownAt.set(turn, at);
  }

  /** These are all the racks that are known. */
  retain(ids: ReadonlySet<RackId>, now: number): void {
    const turns = new Set<Turn>([rackList, ...ids]);
    for (const turn of this.#knownAt.keys()) if (!turns.has(turn)) this.#knownAt.delete(turn);
    for (const id of this.#doubted) if (!ids.has(id)) this.#doubted.delete(id);
    for (const turn of turns) if (!this.#knownAt.has(turn)) this.#knownAt.set(turn, now);
  }

  /** How many turns a round has. */
  get size(): number {
    return this.#knownAt.size;
  }

  /** What has waited longest; undefined: nothing is known yet. */
  next(): { readonly turn: Turn; readonly knownAt: number } | undefined {
    for (const [turn, knownAt] of this.#knownAt) return { turn, knownAt };
    return undefined;
  }
}
