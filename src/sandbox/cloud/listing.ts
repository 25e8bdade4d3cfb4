/** What Nova and Heat put into lists. */
export interface Listed {
  readonly id: string;
  /** Milliseconds since 1970; only whole seconds count for the order, as in their databases. */
  readonly createdAt: number;
}

/** Objects in the order of Nova's and Heat's lists, newest first. A page begins behind any of them without a search. */
export class Listing<T extends Listed> {
  /** Oldest first: a new one goes to the end. */
  readonly #items: T[] = [];
  readonly #ties: 1 | -1;
  #sorted = true;

  /** `ties`: how those made in the same second are listed by their ids. Nova: ascending. Heat: descending. */
  constructor(ties: 'ascending' | 'descending') {
    this.#ties = ties === 'ascending' ? 1 : -1;
  }

  get size(): number {
    return this.#items.length;
  }

  add(item: T): void {
    const last = this.#items.at(-1);
    this.#items.push(item);
    if (last && this.#compare(last, item) > 0) this.#sorted = false;
  }

  remove(item: T): void {
    this.#sort();
    const at = this.#firstAtOrBehind(item);
    if (this.#items[at] === item) this.#items.splice(at, 1);
  }

  /** Newest first, those behind `marker` only. The marker itself need not be listed (any more). */
  *behind(marker: Listed | undefined): Generator<T> {
    this.#sort();
    const start = marker ? this.#firstAtOrBehind(marker) : this.#items.length;
    for (let at = start - 1; at >= 0; at--) yield this.#items[at] as T;
  }

  [Symbol.iterator](): Generator<T> {
    return this.behind(undefined);
  }

  #sort(): void {
    if (!this.#sorted) this.#items.sort((a, b) => this.#compare(a, b));
    this.#sorted = true;
  }

  /** Below 0 when `a` is listed behind `b`. */
  #compare(a: Listed, b: Listed): number {
    const seconds = Math.floor(a.createdAt / 1000) - Math.floor(b.createdAt / 1000);
    if (seconds !== 0) return seconds;
    if (a.id === b.id) return 0;
    return (a.id < b.id ? 1 : -1) * this.#ties;
  }

  #firstAtOrBehind(marker: Listed): number {
    let low = 0;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(this.#items[middle] as T, marker) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
