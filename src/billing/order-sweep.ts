import type { StackId } from '../openstack/model.ts';
import { findStack, type StackDetail } from '../openstack/orchestration.ts';
import type { Session } from '../openstack/session.ts';
import { ageOf, type Clock } from '../runtime/clock.ts';
import type { Billing, Order, OrderId } from './billing.ts';
import { oneByOne, type Refusal } from './one-by-one.ts';

export interface OrderSweepOptions {
  readonly billing: Billing;
  /** Sessions with all clouds. */
  readonly clouds: readonly Session[];
  readonly clock: Clock;
}

/** Whether all usage of an order's stack in a project until a moment is recorded. */
export type IsSettled = (order: OrderId, projectId: string, until: number) => boolean;

/** An order that was closed, and why. */
export interface ClosedOrder {
  readonly order: OrderId;
  readonly stack: string | undefined;
  readonly because: 'its stack is deleted' | 'it never got a stack';
}

/** An order that stays open until the next sweep, because the platform or Heat refused a request about it. */
export interface FailedOrder {
  readonly order: OrderId;
  readonly stack: string | undefined;
  readonly error: Refusal;
}

export interface SweptOrders {
  readonly closed: readonly ClosedOrder[];
  readonly failures: readonly FailedOrder[];
}

/** Age after which an order without a stack is closed: longer than the launch of a cluster may take. */
const orphanAgeMs = 60 * 60_000;
/** Interval of sweeps: closing an order is not urgent, and a sweep takes several requests to the platform. */
const everyMs = 10 * 60_000;
/** Most stacks to query in one sweep, since those that Heat no longer knows are queried in every sweep. */
const mostAsked = 20;

/**
 * Closes the orders of stacks that Heat reports as deleted, and orders of this service that a failed launch left without a stack.
 * An order whose stack is only not listed stays open.
 */
export class OrderSweep {
  readonly #options: OrderSweepOptions;
  #sweptAt = Number.NEGATIVE_INFINITY;
  #asked = 0;
  /** Stacks that Heat reports as deleted, with the time and the project. */
  readonly #gone = new Map<string, { readonly at: number; readonly projectId: string }>();

  constructor(options: OrderSweepOptions) {
    this.#options = options;
  }

  /**
   * Sweeps, unless the last sweep was a short time ago.
   *
   * @param present stacks that Heat has just listed
   * @param isSettled where nothing has to be recorded, all is
   * @returns what was closed, and what was refused; undefined: it is too early
   * @throws {ServiceError} the platform, or Heat, is unavailable; what was closed before stays closed
   */
  async run(
    present: ReadonlySet<string>,
    isSettled: IsSettled,
    signal?: AbortSignal,
  ): Promise<SweptOrders | undefined> {
    const { billing, clock } = this.#options;
    const now = clock.now();
    if (ageOf(this.#sweptAt, now) < everyMs) return undefined;
    const orders = await billing.orders(signal);
    this.#forgetOthers(orders);
    const orphans = orders.filter((order) => isOrphan(order, now)).map(orphaned);
    const absent = orders.flatMap((order) => absentStack(order, present));
    const closed: ClosedOrder[] = [];
    const failures: FailedOrder[] = [];
    await oneByOne(
      [...orphans, ...this.#share(absent)],
      async (over) => {
        const { order, stack } = over;
        if (stack !== undefined && !(await this.#isOver(order, stack, isSettled, signal))) return;
        await billing.closeOrder(order, signal);
        if (stack !== undefined) this.#gone.delete(stack);
        closed.push(over);
      },
      ({ order, stack }, error) => failures.push({ order, stack, error }),
    );
    this.#sweptAt = now;
    return { closed, failures };
  }

  async #isOver(
    order: OrderId,
    stack: string,
    isSettled: IsSettled,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    if (!(await this.#isDeleted(stack, signal))) return false;
    const gone = this.#gone.get(stack);
    return !gone || isSettled(order, gone.projectId, gone.at);
  }

  /** As many as one sweep queries; the next call continues after them. */
  #share<T>(all: readonly T[]): T[] {
    const from = all.length > mostAsked ? this.#asked % all.length : 0;
    this.#asked = from + mostAsked;
    return [...all.slice(from), ...all.slice(0, from)].slice(0, mostAsked);
  }

  /** Remembers the answer, because Heat forgets deleted stacks after a while. */
  async #isDeleted(stack: string, signal: AbortSignal | undefined): Promise<boolean> {
    if (this.#gone.has(stack)) return true;
    const { clock } = this.#options;
    const found = await this.#find(stack as StackId, signal);
    if (found?.stack.status !== 'DELETE_COMPLETE') return false;
    const {
      deletedAt: at = clock.now(),
      stack: { projectId },
    } = found;
    this.#gone.set(stack, { at, projectId });
    return true;
  }

  /** In the first cloud that has it. @throws when none has it, and one could not be queried */
  async #find(stack: StackId, signal: AbortSignal | undefined): Promise<StackDetail | undefined> {
    let failure: unknown;
    for (const cloud of this.#options.clouds) {
      try {
        const found = await findStack(cloud, stack, undefined, signal);
        if (found) return found;
      } catch (error) {
        signal?.throwIfAborted();
        failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
    return undefined;
  }

  /** Forgets deleted stacks without an open order: others may close orders too. */
  #forgetOthers(orders: readonly Order[]): void {
    const stacks = new Set(orders.map(({ tags }) => tags['openstack_stack_id']));
    for (const stack of this.#gone.keys()) if (!stacks.has(stack)) this.#gone.delete(stack);
  }
}

function isOrphan({ isOurs, openedAt, tags }: Order, now: number): boolean {
  const isOld = openedAt !== undefined && now - openedAt >= orphanAgeMs;
  return isOurs && isOld && tags['openstack_stack_id'] === undefined;
}

function orphaned({ id }: Order): ClosedOrder {
  return { order: id, stack: undefined, because: 'it never got a stack' };
}

function absentStack({ id, tags }: Order, present: ReadonlySet<string>): ClosedOrder[] {
  const stack = tags['openstack_stack_id'];
  if (stack === undefined || present.has(stack)) return [];
  return [{ order: id, stack, because: 'its stack is deleted' }];
}
