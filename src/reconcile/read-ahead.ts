import type { RackId } from '../concertim/model.ts';

/** Racks that a run reads before it has a plan. */
export class ReadAhead {
  readonly #read: (id: RackId) => Promise<unknown>;
  readonly #begun = new Map<RackId, Promise<boolean>>();

  constructor(read: (id: RackId) => Promise<unknown>) {
    this.#read = read;
  }

  begin(racks: readonly RackId[]): void {
    for (const id of racks) {
      if (this.#begun.has(id)) continue;
      const reading = this.#read(id).then(
        () => true,
        // If a plan needs it, it is read again, and the run then fails with the error.
        () => false,
      );
      this.#begun.set(id, reading);
    }
  }

  /** @returns racks that were read */
  async end(): Promise<RackId[]> {
    const read: RackId[] = [];
    for (const [id, reading] of this.#begun) if (await reading) read.push(id);
    return read;
  }
}
