/** Has what stays as it is from round to round said once, and again only after a round without it. */
export class SaidOnce {
  #before: ReadonlySet<string> = new Set();
  #now = new Set<string>();

  /** @param what tells one thing from another, whatever is said of it */
  say(what: string, say: () => void): void {
    const isNews = !this.#before.has(what) && !this.#now.has(what);
    this.#now.add(what);
    if (isNews) say();
  }

  /** @param isWhole whether what was not said in this round is not so any more; default true */
  endRound(isWhole = true): void {
    this.#before = isWhole ? this.#now : new Set([...this.#before, ...this.#now]);
    this.#now = new Set();
  }
}
