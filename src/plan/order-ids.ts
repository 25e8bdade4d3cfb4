/**
 * Gives each rack an order id that no other rack has: portals from 0.2.3 on refuse one without, and one that is taken. It
 * begins with what the source is billed under; a source with several racks numbers them.
 */
export class OrderIds {
  readonly #taken: Set<string>;

  /** @param taken those that racks of the portal have */
  constructor(taken: Iterable<string>) {
    this.#taken = new Set(taken);
  }

  /** For a new rack. */
  next(order: string): string {
    for (let number = 1; ; number++) {
      const id = number === 1 ? order : `${order}/${number}`;
      if (this.#taken.has(id)) continue;
      this.#taken.add(id);
      return id;
    }
  }

  /** For a rack that is there: its own, if that is of the order. */
  keep(present: string, order: string): string {
    return isOf(present, order) ? present : this.next(order);
  }
}

function isOf(id: string, order: string): boolean {
  return id.startsWith(order) && /^(\/\d+)?$/.test(id.slice(order.length));
}
