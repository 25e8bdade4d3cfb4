import { ageOf, type Clock } from '../runtime/clock.ts';
import type { Billing, Order, OrderId } from './billing.ts';

/** A platform needs several requests to say which orders there are; our own are in a file. */
const freshMs = 5 * 60_000;

/** Under which order each stack is billed. */
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

  /** By id of the stack; of a platform, as it was up to five minutes ago. */
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

/** By id of the stack those that were opened for it, the first of them first. */
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

/** Of two that were opened on one day the same is always the first. */
function oldestFirst(a: Order, b: Order): number {
  return (a.openedAt ?? 0) - (b.openedAt ?? 0) || (a.id < b.id ? -1 : 1);
}
