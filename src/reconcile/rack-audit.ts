import type { RackId } from '../concertim/model.ts';

/** What one request reads: the list of racks, or one rack with its devices. */
export type Turn = RackId | typeof rackList;
export const rackList = 'list of racks';

/**
 * Decides what to read of a portal that is not read whole in every run: racks in doubt in the next run, and everything in turn,
 * each part equally often.
 */
export class RackAudit {
  /** When each was last read, or first written; the one that has waited longest comes first. */
  readonly #knownAt = new Map<Turn, number>();
  readonly #doubted = new Set<RackId>();

  /** The rack, or a device in it, may differ from what is known. */
  doubt(id: RackId): void {
    this.#doubted.add(id);
  }

  /** Racks in doubt, oldest doubt first. */
  get doubted(): readonly RackId[] {
    return [...this.#doubted];
  }

  /** Notes that a part was read. */
  note(turn: Turn, at: number): void {
    if (turn !== rackList) this.#doubted.delete(turn);
    this.#knownAt.delete(turn);
    this.#knownAt.set(turn, at);
  }

  /** Forgets all racks but these, and adds new ones. */
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

  /** The part that has waited longest; undefined: nothing is known yet. */
  next(): { readonly turn: Turn; readonly knownAt: number } | undefined {
    for (const [turn, knownAt] of this.#knownAt) return { turn, knownAt };
    return undefined;
  }
}
