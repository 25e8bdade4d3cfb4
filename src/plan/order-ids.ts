/**
 * Gives each rack an order id that no other rack has: portals from 0.2.3 on refuse one without, and one that is taken. It
 * begins with what the source is billed under; a source with several racks numbers them.
 */
export class OrderIds {
  readonly #taken: Set<string>;

  /** @param taken order ids of all racks in the portal */
  constructor(taken: Iterable<string>) {
    this.#taken = new Set(taken);
  }

  /** The order id of a new rack. */
  next(order: string): string {
    for (let number = 1; ; number++) {
      const id = number === 1 ? order : `${order}/${number}`;
      if (this.#taken.has(id)) continue;
      this.#taken.add(id);
      return id;
    }
  }

  /** The order id of an existing rack: its present one, if that belongs to the order. */
  keep(present: string, order: string): string {
    return isOf(present, order) ? present : this.next(order);
  }
}

function isOf(id: string, order: string): boolean {
  return id.startsWith(order) && /^(\/\d+)?$/.test(id.slice(order.length));
}
