/** Counts requests by service: what a run costs the others. */
export class Traffic {
  readonly #requests = new Map<string, number>();

  count(service: string): void {
    this.#requests.set(service, (this.#requests.get(service) ?? 0) + 1);
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
