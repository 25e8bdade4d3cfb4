import type { Brand } from '../runtime/brand.ts';

/** Id of an account, as the platform gave it; without a platform the Keystone project's. */
export type AccountId = Brand<string, 'billing.AccountId'>;
/** Id of the order that a stack is billed under. Without a platform this service creates it: `local-…`. */
export type OrderId = Brand<string, 'billing.OrderId'>;

/** The customer that is billed: one Keystone project, which belongs to a team of the portal, or to a user where there are no teams. */
export interface Customer {
  readonly projectId: string;
  readonly name: string;
  readonly email?: string | undefined;
}

/** What one stack is billed under. */
export interface Order {
  readonly id: OrderId;
  readonly accountId: AccountId;
  /** Whether this service opened it. Other orders are closed only with their stack. */
  readonly isOurs: boolean;
  /** Latest possible time of opening, ms since 1970: a platform may give only the day. undefined: it gives none. */
  readonly openedAt: number | undefined;
  /** First day that can be billed, `2026-11-01`; undefined: the platform does not give it. */
  readonly since: string | undefined;
  /** The day on which it was closed; undefined: it is open. */
  readonly until: string | undefined;
  /** `openstack_stack_id` names its stack: cluster builder writes it once the stack exists. */
  readonly tags: Readonly<Record<string, string>>;
}

/** How a platform counts usage. */
export interface UsageUnits {
  /** Price of each unit that can be billed, by name; undefined: the unit has no single price. */
  readonly prices: ReadonlyMap<string, number | undefined>;
  /** Number of decimals that an amount may have. */
  readonly decimals: number;
}

/** Usage of one order in one unit on one day. */
export interface UsageRecord {
  readonly order: OrderId;
  readonly unit: string;
  /** `2026-11-01`, in UTC. */
  readonly day: string;
  /** In units. */
  readonly amount: number;
  /** Unique within the order: a second record with the same key is ignored. */
  readonly key: string;
}

/** Records usage for billing. */
export interface UsageBook {
  units(signal?: AbortSignal): Promise<UsageUnits>;
  /** All orders, including closed ones. */
  orders(signal?: AbortSignal): Promise<readonly Order[]>;
  /** @returns `known`: there already is a record with this key, whatever its amount */
  record(record: UsageRecord, signal?: AbortSignal): Promise<'recorded' | 'known'>;
  /** Recorded amounts of an order on a day, by unit. */
  recorded(order: OrderId, day: string, signal?: AbortSignal): Promise<ReadonlyMap<string, number>>;
}

/** One line of an invoice: the cost of a cluster, or the part of it that credits paid. */
export interface InvoiceItem {
  /** Id of the order; of the line itself if it is for no order. */
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

/** An invoice, or the draft of the next one. */
export interface Invoice {
  /** '' for a draft. */
  readonly id: string;
  readonly accountId: AccountId;
  /** Invoice number as customers see it; null for a draft. */
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

/** A page of a list, and the length of the whole list. */
export interface InvoicePage {
  readonly total: number;
  readonly invoices: readonly Invoice[];
}

/**
 * A system that keeps accounts, orders and invoices. Every method may be repeated after a lost answer: what was already
 * created is found, and what is closed stays closed.
 *
 * Amounts are numbers in the account's currency.
 *
 * @throws {BillingError} the platform refuses the request, does not know a given id, or does not support the operation
 * @throws {ConnectionError | TimeoutError | BodyError} the platform gave no usable answer
 */
export interface Billing {
  readonly platform: 'none' | 'killbill';
  /** undefined: nothing is ever billed. */
  readonly usage: UsageBook | undefined;
  /** The customer's account; created if there is none. */
  accountFor(customer: Customer, signal?: AbortSignal): Promise<AccountId>;
  /** Changes the address that bills are sent to. */
  changeEmail(account: AccountId, email: string, signal?: AbortSignal): Promise<void>;
  /** Closes the account and all its orders. An account that does not exist counts as closed. */
  closeAccount(account: AccountId, signal?: AbortSignal): Promise<void>;
  /** The credits left after usage that is not billed yet. */
  creditsOf(account: AccountId, signal?: AbortSignal): Promise<number>;
  /**
   * Adds credits.
   *
   * @param key unique to the request, so that a repeat of it is recognized
   * @returns the credits left afterwards
   */
  deposit(account: AccountId, amount: number, key: string, signal?: AbortSignal): Promise<number>;
  /** Opens an order. @param key unique to the request, so that a repeat of it is recognized */
  openOrder(account: AccountId, key: string, signal?: AbortSignal): Promise<OrderId>;
  /** Sets one tag of an order. @returns the id of the tag */
  tagOrder(order: OrderId, name: string, value: string, signal?: AbortSignal): Promise<string>;
  /** Closes an order. One that does not exist counts as closed. */
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
  /** The draft of the next invoice; undefined: there is nothing to bill. */
  draft(account: AccountId, signal?: AbortSignal): Promise<Invoice | undefined>;
}
