import type { Brand } from '../runtime/brand.ts';

/** Id of an account, as the platform gave it; without a platform the Keystone project's. */
export type AccountId = Brand<string, 'billing.AccountId'>;
/** Id of an order: what one stack is billed under. Without a platform one of ours, `local-…`. */
export type OrderId = Brand<string, 'billing.OrderId'>;

/** Who is billed: one Keystone project, the cloud side of a portal's team, or of its user where it has no teams. */
export interface Customer {
  readonly projectId: string;
  readonly name: string;
  readonly email?: string | undefined;
}

/** What one stack is billed under. */
export interface Order {
  readonly id: OrderId;
  readonly accountId: AccountId;
  /** Opened by this service: others are closed only with their stack. */
  readonly isOurs: boolean;
  /** At the latest, ms since 1970: a platform may tell the day alone. undefined: it does not say. */
  readonly openedAt: number | undefined;
  /** The day from which on it can be billed, `2026-11-01`; undefined: the platform does not say. */
  readonly since: string | undefined;
  /** The day on which it was closed; undefined: it is open. */
  readonly until: string | undefined;
  /** `openstack_stack_id` says which stack it is for: cluster builder writes it once the stack is there. */
  readonly tags: Readonly<Record<string, string>>;
}

/** How a platform counts usage. */
export interface UsageUnits {
  /** By name of a unit that can be billed, what one of it costs; undefined: it has no single price. */
  readonly prices: ReadonlyMap<string, number | undefined>;
  /** Of an amount. */
  readonly decimals: number;
}

/** What one order used in one day, in one unit. */
export interface UsageRecord {
  readonly order: OrderId;
  readonly unit: string;
  /** `2026-11-01`, in UTC. */
  readonly day: string;
  /** In units. */
  readonly amount: number;
  /** Unique for the order: a second record of a key is none. */
  readonly key: string;
}

/** Where usage is kept, to be billed. */
export interface UsageBook {
  units(signal?: AbortSignal): Promise<UsageUnits>;
  /** All orders, those that are closed too. */
  orders(signal?: AbortSignal): Promise<readonly Order[]>;
  /** @returns whether it was recorded now: `known` is a record of this key, whatever its amount */
  record(record: UsageRecord, signal?: AbortSignal): Promise<'recorded' | 'known'>;
  /** What is recorded of an order on a day, by unit. */
  recorded(order: OrderId, day: string, signal?: AbortSignal): Promise<ReadonlyMap<string, number>>;
}

/** One line of an invoice: what one cluster cost, or what credits paid of it. */
export interface InvoiceItem {
  /** Of the order; of the line itself where it is for none. */
  readonly id: string;
  readonly type: 'cost' | 'credits';
  readonly amount: number;
  readonly currency: string;
  /** `2026-11-01`, null where the platform gives none. */
  readonly startDate: string | null;
  readonly endDate: string | null;
  readonly stackId: string | null;
  /** `(unknown cluster)` for a line without a cluster, so that the lines of an invoice add up to its amount. */
  readonly stackName: string;
}

/** An invoice, or the draft of the next. */
export interface Invoice {
  /** '' for a draft. */
  readonly id: string;
  readonly accountId: AccountId;
  /** As customers see it; null for a draft. */
  readonly number: string | null;
  readonly status: string;
  /** `2026-11-30` */
  readonly date: string | null;
  readonly targetDate: string | null;
  readonly currency: string;
  readonly amount: number;
  readonly balance: number;
  readonly creditAdjustment: number;
  readonly refundAdjustment: number;
  readonly items: readonly InvoiceItem[];
}

/** A part of a list, and how long the whole is. */
export interface InvoicePage {
  readonly total: number;
  readonly invoices: readonly Invoice[];
}

/**
 * Whatever accounts, orders and invoices are kept in. Each method may be called again after an answer that was lost: what
 * was made is found, what is closed stays closed.
 *
 * Amounts are numbers in the account's currency.
 *
 * @throws {BillingError} the platform refuses, does not know what is named, or cannot do such a thing
 * @throws {ConnectionError | TimeoutError | BodyError} no usable answer of it
 */
export interface Billing {
  readonly platform: 'none' | 'killbill';
  /** undefined: nothing is ever billed. */
  readonly usage: UsageBook | undefined;
  /** The customer's account, made if there is none. */
  accountFor(customer: Customer, signal?: AbortSignal): Promise<AccountId>;
  /** Bills are sent to another address from now on. */
  changeEmail(account: AccountId, email: string, signal?: AbortSignal): Promise<void>;
  /** Closes the account and all its orders. One that is not there is closed. */
  closeAccount(account: AccountId, signal?: AbortSignal): Promise<void>;
  /** What is left, after what has been used and not billed yet. */
  creditsOf(account: AccountId, signal?: AbortSignal): Promise<number>;
  /**
   * Adds credits.
   *
   * @param key the request's own, by which a repeat of it is recognised
   * @returns what is left then
   */
  deposit(account: AccountId, amount: number, key: string, signal?: AbortSignal): Promise<number>;
  /** @param key the caller's own, by which a repeat of it is recognised */
  openOrder(account: AccountId, key: string, signal?: AbortSignal): Promise<OrderId>;
  /** Sets one tag. @returns an id of the tag */
  tagOrder(order: OrderId, name: string, value: string, signal?: AbortSignal): Promise<string>;
  /** One that is not there is closed. */
  closeOrder(order: OrderId, signal?: AbortSignal): Promise<void>;
  /** All open orders of all accounts, with their tags. */
  orders(signal?: AbortSignal): Promise<readonly Order[]>;
  /** Newest first. */
  invoices(
    account: AccountId,
    page: { readonly offset: number; readonly limit: number },
    signal?: AbortSignal,
  ): Promise<InvoicePage>;
  /** @throws {BillingError} `not-found` also for an invoice of another account */
  invoice(account: AccountId, id: string, signal?: AbortSignal): Promise<Invoice>;
  /** What the next invoice would say; undefined: there is nothing to bill. */
  draft(account: AccountId, signal?: AbortSignal): Promise<Invoice | undefined>;
}
