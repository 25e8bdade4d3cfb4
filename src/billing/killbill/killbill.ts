import type { AccountId, Billing, Customer, Invoice, InvoicePage, Order, OrderId } from '../billing.ts';
import { KillBillAccounts } from './accounts.ts';
import type { KillBillClient } from './client.ts';
import { KillBillInvoices } from './invoices.ts';
import { KillBillOrders } from './orders.ts';
import { KillBillUsage } from './usage.ts';

/**
 * KillBill: a project is an account, a stack a subscription. Both are created with external keys of this service, which are unique in
 * KillBill, so that it refuses a repeat.
 */
export class KillBill implements Billing {
  readonly platform = 'killbill';
  readonly usage: KillBillUsage;
  readonly #accounts: KillBillAccounts;
  readonly #orders: KillBillOrders;
  readonly #invoices: KillBillInvoices;

  /** @param plan name of the catalog plan that each order subscribes to */
  constructor(client: KillBillClient, plan: string) {
    this.#accounts = new KillBillAccounts(client);
    this.#orders = new KillBillOrders(client, plan);
    this.#invoices = new KillBillInvoices(client);
    this.usage = new KillBillUsage(client, plan, (signal) => this.#orders.all(signal));
  }

  async accountFor(customer: Customer, signal?: AbortSignal): Promise<AccountId> {
    return this.#accounts.accountFor(customer, signal);
  }

  async changeEmail(account: AccountId, email: string, signal?: AbortSignal): Promise<void> {
    await this.#accounts.changeEmail(account, email, signal);
  }

  async closeAccount(account: AccountId, signal?: AbortSignal): Promise<void> {
    await this.#accounts.close(account, signal);
  }

  async creditsOf(account: AccountId, signal?: AbortSignal): Promise<number> {
    return this.#accounts.creditsOf(account, signal);
  }

  async deposit(account: AccountId, amount: number, key: string, signal?: AbortSignal): Promise<number> {
    return this.#accounts.deposit(account, amount, key, signal);
  }

  async openOrder(account: AccountId, key: string, signal?: AbortSignal): Promise<OrderId> {
    return this.#orders.open(account, key, signal);
  }

  async tagOrder(order: OrderId, name: string, value: string, signal?: AbortSignal): Promise<string> {
    return this.#orders.tag(order, name, value, signal);
  }

  async closeOrder(order: OrderId, signal?: AbortSignal): Promise<void> {
    await this.#orders.close(order, signal);
  }

  async orders(signal?: AbortSignal): Promise<readonly Order[]> {
    return (await this.#orders.all(signal)).filter(({ until }) => until === undefined);
  }

  async invoices(
    account: AccountId,
    page: { readonly offset: number; readonly limit: number },
    signal?: AbortSignal,
  ): Promise<InvoicePage> {
    return this.#invoices.page(account, page, signal);
  }

  async invoice(account: AccountId, id: string, signal?: AbortSignal): Promise<Invoice> {
    return this.#invoices.one(account, id, signal);
  }

  async draft(account: AccountId, signal?: AbortSignal): Promise<Invoice | undefined> {
    return this.#invoices.draft(account, signal);
  }
}
