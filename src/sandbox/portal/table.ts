import { isDeepStrictEqual } from 'node:util';

/** Called for each row that comes, changes (leaves, then enters) or goes: what an index needs. */
export interface TableObserver<Row> {
  enter(row: Row): void;
  leave(row: Row): void;
  /** After `leave`, of a row that goes for good. */
  removed?(row: Row): void;
}

/**
 * A table of the portal's database. Rows are values: a change puts another in the place of the old one. They are listed
 * as PostgreSQL does without ORDER BY: a changed row goes to the end.
 */
export class Table<Row extends { readonly id: number }> {
  readonly #rows = new Map<number, Row>();
  readonly #observers: TableObserver<Row>[] = [];
  #lastId = 0;

  constructor(observer?: TableObserver<Row>) {
    if (observer) this.observe(observer);
  }

  /** Calls this observer too from now on. */
  observe(observer: TableObserver<Row>): void {
    this.#observers.push(observer);
  }

  get size(): number {
    return this.#rows.size;
  }

  get(id: number): Row | undefined {
    return this.#rows.get(id);
  }

  /** All rows, in the order in which the portal lists them. */
  all(): Row[] {
    return [...this.#rows.values()];
  }

  /** Adds a row, under the next id if none is given. */
  insert(columns: Omit<Row, 'id'>, id: number = this.#lastId + 1): Row {
    if (this.#rows.has(id)) throw new TypeError(`there is a row ${id} already`);
    this.#lastId = Math.max(this.#lastId, id);
    const row = { ...columns, id } as Row;
    this.#rows.set(id, row);
    this.#enter(row);
    return row;
  }

  /** Changes a row; if nothing changes, not even its place does. */
  update(id: number, columns: Partial<Omit<Row, 'id'>>): Row {
    const old = this.#existing(id);
    const row = { ...old, ...columns };
    return isDeepStrictEqual(row, old) ? old : this.#replace(old, row);
  }

  /** Gives a row a new time and nothing else, which moves it to the end. */
  touch(id: number): Row {
    const old = this.#existing(id);
    return this.#replace(old, { ...old });
  }

  remove(id: number): void {
    const row = this.#existing(id);
    this.#leave(row);
    this.#rows.delete(id);
    for (const observer of this.#observers) observer.removed?.(row);
  }

  /** Remembers rows, their order and the next id, as `pg_dump` does. @returns restores them */
  backUp(): () => void {
    const [rows, lastId] = [this.all(), this.#lastId];
    return () => {
      for (const { id } of this.all()) this.remove(id);
      for (const { id, ...columns } of rows) this.insert(columns, id);
      this.#lastId = lastId;
    };
  }

  #existing(id: number): Row {
    const row = this.#rows.get(id);
    if (!row) throw new TypeError(`there is no row ${id}`);
    return row;
  }

  #replace(old: Row, row: Row): Row {
    this.#leave(old);
    this.#rows.delete(row.id);
    this.#rows.set(row.id, row);
    this.#enter(row);
    return row;
  }

  #enter(row: Row): void {
    for (const observer of this.#observers) observer.enter(row);
  }

  #leave(row: Row): void {
    for (const observer of this.#observers) observer.leave(row);
  }
}
