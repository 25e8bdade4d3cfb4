import { ageOf, type Clock } from '../runtime/clock.ts';
import type { Billing, Order, OrderId } from './billing.ts';

/** How long the orders of a platform are kept, ms: reading them takes several requests. Local orders are in a file. */
const freshMs = 5 * 60_000;

/** Finds the order that each stack is billed under. */
export class StackOrders {
  readonly #billing: Pick<Billing, 'platform' | 'orders'>;
  readonly #clock: Clock;
  #known: { readonly at: number; readonly ofStack: ReadonlyMap<string, OrderId> } | undefined;

  constructor({
    billing,
    clock,
  }: { readonly billing: Pick<Billing, 'platform' | 'orders'>; readonly clock: Clock }) {
    this.#billing = billing;
    this.#clock = clock;
  }

  /** By stack id. A platform's orders may be up to five minutes old. */
  async read(signal?: AbortSignal): Promise<ReadonlyMap<string, OrderId>> {
    const now = this.#clock.now();
    const isDear = this.#billing.platform !== 'none';
    if (isDear && this.#known && ageOf(this.#known.at, now) < freshMs) return this.#known.ofStack;
    const orders = ordersByStack(await this.#billing.orders(signal));
    const ofStack = new Map([...orders].map(([stack, [first]]) => [stack, first.id]));
    this.#known = { at: now, ofStack };
    return ofStack;
  }
}

/** The orders of each stack by its id, oldest first. */
export function ordersByStack(orders: readonly Order[]): Map<string, [Order, ...Order[]]> {
  const ofStack = new Map<string, [Order, ...Order[]]>();
  for (const order of orders.toSorted(oldestFirst)) {
    const stack = order.tags['openstack_stack_id'];
    if (stack === undefined) continue;
    const known = ofStack.get(stack);
    if (known) known.push(order);
    else ofStack.set(stack, [order]);
  }
  return ofStack;
}

/** By time of opening, then by id, so that the order is stable where a platform gives only the day. */
function oldestFirst(a: Order, b: Order): number {
  return (a.openedAt ?? 0) - (b.openedAt ?? 0) || (a.id < b.id ? -1 : 1);
}
