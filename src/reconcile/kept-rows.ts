import { equal } from '../plan/difference.ts';

/**
 * Rows by id, from run to run. While none of them differs, all of them are the same map, so that what was made of it need not be made
 * again (runtime/once-for.ts). A caller may keep it.
 */
export class KeptRows<Id, Row> {
  #rows = new Map<Id, Row>();
  #isGiven = false;

  get all(): ReadonlyMap<Id, Row> {
    this.#isGiven = true;
    return this.#rows;
  }

  /** For a look at each; nobody may keep them. */
  entries(): Iterable<readonly [Id, Row]> {
    return this.#rows;
  }

  get(id: Id): Row | undefined {
    return this.#rows.get(id);
  }

  set(id: Id, row: Row): void {
    const known = this.#rows.get(id);
    if (known === undefined || !equal(known, row)) this.#own().set(id, row);
  }

  delete(id: Id): void {
    if (this.#rows.has(id)) this.#own().delete(id);
  }

  /** All of them. Rows that have not changed are the same objects (http/row-memory.ts). */
  replace(rows: Map<Id, Row>): void {
    if (isSame(rows, this.#rows)) return;
    this.#rows = rows;
    this.#isGiven = false;
  }

  #own(): Map<Id, Row> {
    if (this.#isGiven) {
      this.#rows = new Map(this.#rows);
      this.#isGiven = false;
    }
    return this.#rows;
  }
}

function isSame<Id, Row>(a: ReadonlyMap<Id, Row>, b: ReadonlyMap<Id, Row>): boolean {
  if (a.size !== b.size) return false;
  for (const [id, row] of a) if (b.get(id) !== row) return false;
  return true;
}
