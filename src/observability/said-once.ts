/** Says once what lasts from round to round, and again only after a round without it. */
export class SaidOnce {
  #before: ReadonlySet<string> = new Set();
  #now = new Set<string>();

  /** @param what identifies the thing, whatever the message says about it */
  say(what: string, say: () => void): void {
    const isNews = !this.#before.has(what) && !this.#now.has(what);
    this.#now.add(what);
    if (isNews) say();
  }

  /** @param isWhole whether what was not said in this round is over; default true */
  endRound(isWhole = true): void {
    this.#before = isWhole ? this.#now : new Set([...this.#before, ...this.#now]);
    this.#now = new Set();
  }
}
