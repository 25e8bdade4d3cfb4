/** Counts requests by service: what a run costs the others, and which of them keeps us waiting. */
export class Traffic {
  readonly #requests = new Map<string, number>();
  /** Exchanges under way, by service; since when the service has answered none of them, ms since 1970. */
  readonly #waits = new Map<string, { open: number; since: number }>();

  /** An exchange begins. @param at ms since 1970 */
  begin(service: string, at: number): void {
    const wait = this.#waits.get(service);
    if (wait) wait.open++;
    else this.#waits.set(service, { open: 1, since: at });
  }

  /** An exchange ends, well or not. @param at ms since 1970 */
  end(service: string, at: number): void {
    this.count(service);
    const wait = this.#waits.get(service);
    if (!wait) return;
    wait.open--;
    wait.since = at;
    if (wait.open === 0) this.#waits.delete(service);
  }

  /** Another request was answered, or failed. */
  count(service: string): void {
    this.#requests.set(service, (this.#requests.get(service) ?? 0) + 1);
  }

  /** Services with exchanges under way, and since when each has answered none, ms since 1970. */
  waits(): readonly { readonly service: string; readonly since: number }[] {
    return [...this.#waits].map(([service, { since }]) => ({ service, since }));
  }

  /** Requests since the start, by service. */
  totals(): ReadonlyMap<string, number> {
    return new Map(this.#requests);
  }

  /** Requests since earlier totals, by service; services without any are left out. */
  since(earlier: ReadonlyMap<string, number>): Record<string, number> {
    const requests: Record<string, number> = {};
    for (const [service, count] of this.#requests) {
      const more = count - (earlier.get(service) ?? 0);
      if (more > 0) requests[service] = more;
    }
    return requests;
  }
}
