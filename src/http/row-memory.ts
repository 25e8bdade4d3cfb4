/**
 * The rows of a list as it was read last, by the digest of their bytes: a row that has not changed since is
 * not parsed again, and is the same frozen object. In most runs nearly all rows of a cloud are unchanged.
 */
export class RowMemory<Row> {
  #rows: ReadonlyMap<string, Row> = new Map();

  /** What the bytes of that digest were read as. */
  get(digest: string): Row | undefined {
    return this.#rows.get(digest);
  }

  /** Replaces what is remembered by the rows of a whole list: it never grows beyond one. */
  keep(rows: ReadonlyMap<string, Row>): void {
    this.#rows = rows;
  }
}

/** A memory of one list for each session, as long as the session lives. */
export function memoryOfEach<Row>(): (session: object) => RowMemory<Row> {
  const memories = new WeakMap<object, RowMemory<Row>>();
  return (session) => {
    const known = memories.get(session);
    if (known) return known;
    const made = new RowMemory<Row>();
    memories.set(session, made);
    return made;
  };
}
