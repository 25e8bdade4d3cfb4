import { createHash } from 'node:crypto';
import { type Clock, systemClock } from '../runtime/clock.ts';
import type { AccountId, Billing, Customer, Order, OrderId } from './billing.ts';
import { BillingError } from './errors.ts';
import { LocalOrders } from './local-orders.ts';

export interface NoPlatformOptions {
  /** undefined: orders are kept until the process ends, and racks have the ids of their stacks as orders. */
  readonly dataDir: string | undefined;
  /** Credits of every account. */
  readonly freeCredits: number;
  readonly clock?: Clock;
}

/**
 * Stands in for a billing platform, which portals and cluster builder need: the account of a project has the project's id,
 * every account has the same credits, and orders are only kept. Nothing is ever billed.
 */
export class NoPlatform implements Billing {
  readonly platform = 'none';
  readonly usage = undefined;
  readonly #orders: LocalOrders;
  readonly #freeCredits: number;
  readonly #clock: Clock;

  constructor({ dataDir, freeCredits, clock = systemClock }: NoPlatformOptions) {
    this.#orders = new LocalOrders(dataDir);
    this.#freeCredits = freeCredits;
    this.#clock = clock;
  }

  /** The project's id, which is unique: portals refuse an account that two owners have. */
  async accountFor({ projectId }: Customer): Promise<AccountId> {
    return projectId as AccountId;
  }

  async changeEmail(): Promise<void> {}

  async closeAccount(account: AccountId): Promise<void> {
    for (const { id, accountId } of await this.#orders.all()) {
      if (accountId === account) await this.#orders.close(id, this.#clock.now());
    }
  }

  async creditsOf(_account: AccountId): Promise<number> {
    return this.#freeCredits;
  }

  async deposit(): Promise<never> {
    throw new BillingError('unsupported', 'There is no billing platform: credits cannot be added.', {
      hint: 'Every account has the credits of billing.free_credits.',
    });
  }

  async openOrder(account: AccountId, key: string): Promise<OrderId> {
    const id = idFor(account, key);
    const isOpen = (await this.#orders.all()).some((order) => order.id === id);
    if (!isOpen) await this.#orders.open({ id, account, key, at: this.#clock.now() });
    return id;
  }

  async tagOrder(id: OrderId, name: string, value: string): Promise<string> {
    const order = (await this.#orders.all()).find((order) => order.id === id);
    if (!order) throw new BillingError('not-found', `There is no open order ${id}.`);
    if (order.tags[name] !== value) await this.#orders.tag(id, name, value);
    return `${id}:${name}`;
  }

  async closeOrder(id: OrderId): Promise<void> {
    const order = (await this.#orders.all()).find((order) => order.id === id);
    if (order) await this.#orders.close(id, this.#clock.now());
  }

  async orders(): Promise<readonly Order[]> {
    return this.#orders.all();
  }

  async invoices(): Promise<{ total: number; invoices: [] }> {
    return { total: 0, invoices: [] };
  }

  async invoice(_account: AccountId, id: string): Promise<never> {
    throw new BillingError('not-found', `There is no invoice ${id}: there is no billing platform.`);
  }

  async draft(): Promise<undefined> {
    return undefined;
  }
}

/** The same key always gives the same id, so that two concurrent repeats open one order. */
function idFor(account: AccountId, key: string): OrderId {
  const hash = createHash('sha256').update(`${account} ${key}`).digest('hex');
  return `local-${hash.slice(0, 32)}` as OrderId;
}
