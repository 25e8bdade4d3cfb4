import type { ZodType } from 'zod';
import { parseBody } from '../../http/body.ts';
import { BodyError, ConnectionError, TimeoutError } from '../../http/errors.ts';
import { parseTime } from '../../runtime/clock.ts';
import type { AccountId, Billing, Customer, Invoice, InvoicePage, Order, OrderId } from '../billing.ts';
import { BillingError } from '../errors.ts';
import { codeOf, codes, createdId, type KillBillClient, refusal } from './client.ts';
import { type Tags, toInvoice } from './invoice.ts';
import { KillBillUsage } from './usage.ts';
import * as wire from './wire.ts';

/** Custom fields by which the Python service of 2024 and 2023 knew whose an account is. */
const projectFields = ['project_cloud_id', 'openstack_project_id'];
const stackFields = ['openstack_stack_id', 'openstack_stack_name'];
const pageSize = 500;
/** What the keys of our orders begin with. */
const ownKey = 'concertim-';
const dayMs = 86_400_000;

/**
 * KillBill: a project is an account, a stack a subscription. Both are made under keys of ours, which are unique there, so that a
 * repeat is refused instead of carried out twice.
 */
export class KillBill implements Billing {
  readonly platform = 'killbill';
  readonly usage: KillBillUsage;
  readonly #client: KillBillClient;
  readonly #plan: string;

  /** @param plan what each order is a subscription to */
  constructor(client: KillBillClient, plan: string) {
    this.#client = client;
    this.#plan = plan;
    this.usage = new KillBillUsage(client, plan, (signal) => this.#allOrders(signal));
  }

  async accountFor(customer: Customer, signal?: AbortSignal): Promise<AccountId> {
    const { projectId, name, email } = customer;
    const present = await this.#accountOf(projectId, signal);
    if (present !== undefined) return present;
    const response = await this.#client.request({
      method: 'POST',
      path: '/accounts',
      route: '/accounts',
      body: {
        name,
        externalKey: projectId,
        email,
        currency: 'USD',
        // Bills are for whole months, as costs in the portal are.
        billCycleDayLocal: 1,
        timeZone: 'UTC',
      },
      // The key is unique: a second one is refused.
      idempotent: true,
      accept: [409],
      signal,
    });
    const made = response.status === 409 ? await this.#byKey(projectId, signal) : createdId(response);
    if (made === undefined) throw new BodyError(response, 'no address of the account that was made');
    return made as AccountId;
  }

  async changeEmail(account: AccountId, email: string, signal?: AbortSignal): Promise<void> {
    const path = `/accounts/${encodeURIComponent(account)}`;
    await this.#client.request({ method: 'PUT', path, route: '/accounts/{id}', body: { email }, signal });
  }

  async closeAccount(account: AccountId, signal?: AbortSignal): Promise<void> {
    await this.#client.request({
      method: 'DELETE',
      path: `/accounts/${encodeURIComponent(account)}`,
      route: '/accounts/{id}',
      query: {
        cancelAllSubscriptions: true,
        writeOffUnpaidInvoices: false,
        itemAdjustUnpaidInvoices: false,
      },
      accept: [404],
      signal,
    });
  }

  async creditsOf(account: AccountId, signal?: AbortSignal): Promise<number> {
    const [{ accountCBA }, draft] = await Promise.all([
      this.#account(account, signal),
      this.#dryRun(account, signal),
    ]);
    return (accountCBA ?? 0) - (draft?.amount ?? 0);
  }

  async deposit(account: AccountId, amount: number, key: string, signal?: AbortSignal): Promise<number> {
    const { currency } = await this.#account(account, signal);
    const description = `Deposit ${key}`;
    try {
      await this.#client.request({
        method: 'POST',
        path: '/credits',
        route: '/credits',
        query: { autoCommit: true },
        body: [{ accountId: account, amount, currency: currency ?? 'USD', description }],
        signal,
      });
    } catch (error) {
      const mayBeDone =
        error instanceof TimeoutError || (error instanceof ConnectionError && error.maybeCarriedOut);
      // KillBill knows no key of a deposit: after a lost answer only the list tells whether it was made.
      if (!mayBeDone || !(await this.#hasDeposit(account, description, signal))) throw error;
    }
    return this.creditsOf(account, signal);
  }

  async openOrder(account: AccountId, key: string, signal?: AbortSignal): Promise<OrderId> {
    const externalKey = `${ownKey}${key}`;
    const response = await this.#client.request({
      method: 'POST',
      path: '/subscriptions',
      route: '/subscriptions',
      query: { callCompletion: false },
      body: { accountId: account, planName: this.#plan, externalKey, bundleExternalKey: externalKey },
      idempotent: true,
      accept: [400, 409],
      signal,
    });
    if (response.status < 300) {
      const id = createdId(response);
      if (id === undefined) throw new BodyError(response, 'no address of the subscription that was made');
      return id as OrderId;
    }
    // Which of several refusals a key that is there has depends on the release: it is looked for instead.
    const present = await this.#subscription({ externalKey }, signal);
    if (present?.accountId !== account) throw refusal(response);
    return present.subscriptionId as OrderId;
  }

  async tagOrder(order: OrderId, name: string, value: string, signal?: AbortSignal): Promise<string> {
    const path = `/subscriptions/${encodeURIComponent(order)}/customFields`;
    const request = { path, route: '/subscriptions/{id}/customFields', signal };
    const read = async () => {
      const response = await this.#client.request({ method: 'GET', ...request });
      return parseBody(response, wire.CustomFields).find((field) => field.name === name);
    };
    const present = await read();
    if (present?.value === value) return present.customFieldId;
    const body = [{ ...(present && { customFieldId: present.customFieldId }), name, value }];
    await this.#client.request({ method: present ? 'PUT' : 'POST', body, ...request });
    return (await read())?.customFieldId ?? order;
  }

  async closeOrder(order: OrderId, signal?: AbortSignal): Promise<void> {
    const response = await this.#client.request({
      method: 'DELETE',
      path: `/subscriptions/${encodeURIComponent(order)}`,
      route: '/subscriptions/{id}',
      query: { entitlementPolicy: 'IMMEDIATE', billingPolicy: 'IMMEDIATE' },
      accept: [400, 404, 500],
      signal,
    });
    if (response.status < 300 || response.status === 404) return;
    // A second time: 500 in 0.22.
    if (codeOf(response) !== codes.isCancelled) throw refusal(response);
  }

  /** A few requests, however many there are: never one for each. */
  async orders(signal?: AbortSignal): Promise<readonly Order[]> {
    return (await this.#allOrders(signal)).filter(({ until }) => until === undefined);
  }

  async #allOrders(signal: AbortSignal | undefined): Promise<Order[]> {
    const [bundles, tags] = await Promise.all([
      this.#pages('/bundles/pagination', {}, wire.Bundles, signal),
      this.#tags(signal),
    ]);
    return bundles
      .flatMap(({ subscriptions }) => subscriptions)
      .map((subscription) => toOrder(subscription, tags));
  }

  /** KillBill 0.22 cannot page them by account, so that all are read without their lines, and one page with them. */
  async invoices(
    account: AccountId,
    { offset, limit }: { readonly offset: number; readonly limit: number },
    signal?: AbortSignal,
  ): Promise<InvoicePage> {
    const all = await this.#invoicesOf(account, {}, signal);
    const newestFirst = all.toSorted((a, b) => Number(b.invoiceNumber ?? 0) - Number(a.invoiceNumber ?? 0));
    const ids = newestFirst.slice(offset, offset + limit).map(({ invoiceId }) => invoiceId);
    if (ids.length === 0) return { total: all.length, invoices: [] };
    const [page, tags] = await Promise.all([
      this.#invoicesOf(account, { includeInvoiceComponents: true, invoicesFilter: ids.join(',') }, signal),
      this.#tags(signal),
    ]);
    const wanted = page.filter(({ invoiceId }) => ids.includes(invoiceId));
    wanted.sort((a, b) => ids.indexOf(a.invoiceId) - ids.indexOf(b.invoiceId));
    return { total: all.length, invoices: wanted.map((invoice) => toInvoice(invoice, tags)) };
  }

  async invoice(account: AccountId, id: string, signal?: AbortSignal): Promise<Invoice> {
    const path = `/invoices/${encodeURIComponent(id)}`;
    const request = { method: 'GET', path, route: '/invoices/{id}', accept: [400, 404], signal } as const;
    const response = await this.#client.request(request);
    const invoice = response.status < 300 ? parseBody(response, wire.Invoice) : undefined;
    // The same answer for another account's invoice as for none: guessing ids reveals nothing.
    if (invoice?.accountId !== account) {
      throw new BillingError('not-found', `Account ${account} has no invoice ${id}.`);
    }
    return toInvoice(invoice, await this.#tags(signal));
  }

  async draft(account: AccountId, signal?: AbortSignal): Promise<Invoice | undefined> {
    const draft = await this.#dryRun(account, signal);
    return draft && toInvoice(draft, await this.#tags(signal), true);
  }

  /** Ours by its key; one of the Python service's by its custom field. */
  async #accountOf(projectId: string, signal: AbortSignal | undefined): Promise<AccountId | undefined> {
    const byKey = await this.#byKey(projectId, signal);
    if (byKey !== undefined) return byKey;
    for (const fieldName of projectFields) {
      const query = { objectType: 'ACCOUNT', fieldName, fieldValue: projectId };
      const found = await this.#pages('/customFields/search', query, wire.CustomFields, signal);
      const field = found.find(({ name, value }) => name === fieldName && value === projectId);
      if (field) return field.objectId as AccountId;
    }
    return undefined;
  }

  async #byKey(externalKey: string, signal: AbortSignal | undefined): Promise<AccountId | undefined> {
    const response = await this.#client.request({
      method: 'GET',
      path: '/accounts',
      route: '/accounts',
      query: { externalKey },
      accept: [404],
      signal,
    });
    return response.status === 404 ? undefined : (parseBody(response, wire.Account).accountId as AccountId);
  }

  async #account(account: AccountId, signal: AbortSignal | undefined) {
    const response = await this.#client.request({
      method: 'GET',
      path: `/accounts/${encodeURIComponent(account)}`,
      route: '/accounts/{id}',
      query: { accountWithBalanceAndCBA: true },
      signal,
    });
    return parseBody(response, wire.Account);
  }

  async #subscription(query: { externalKey: string }, signal: AbortSignal | undefined) {
    const path = '/subscriptions';
    const request = { method: 'GET', path, route: path, query, accept: [404], signal } as const;
    const response = await this.#client.request(request);
    return response.status === 404 ? undefined : parseBody(response, wire.Subscription);
  }

  async #dryRun(account: AccountId, signal: AbortSignal | undefined) {
    const response = await this.#client.request({
      method: 'POST',
      path: '/invoices/dryRun',
      route: '/invoices/dryRun',
      query: { accountId: account },
      body: { dryRunType: 'UPCOMING_INVOICE' },
      idempotent: true,
      signal,
    });
    return response.status === 204 ? undefined : parseBody(response, wire.Invoice);
  }

  async #invoicesOf(
    account: AccountId,
    query: Readonly<Record<string, string | boolean>>,
    signal: AbortSignal | undefined,
  ): Promise<wire.Invoice[]> {
    const path = `/accounts/${encodeURIComponent(account)}/invoices`;
    const request = { method: 'GET', path, route: '/accounts/{id}/invoices', query, signal } as const;
    return parseBody(await this.#client.request(request), wire.Invoice.array());
  }

  async #hasDeposit(account: AccountId, description: string, signal: AbortSignal | undefined) {
    const invoices = await this.#invoicesOf(account, { includeInvoiceComponents: true }, signal);
    return invoices.some(({ items }) => items?.some((item) => item.description === description));
  }

  async #tags(signal: AbortSignal | undefined): Promise<Tags> {
    const tags = new Map<string, Record<string, string>>();
    const found = await Promise.all(
      stackFields.map((fieldName) => {
        const query = { objectType: 'SUBSCRIPTION', fieldName };
        return this.#pages('/customFields/search', query, wire.CustomFields, signal);
      }),
    );
    for (const { objectId, name, value } of found.flat()) {
      tags.set(objectId, { ...tags.get(objectId), [name]: value });
    }
    return tags;
  }

  async #pages<Row>(
    path: string,
    query: Readonly<Record<string, string>>,
    schema: ZodType<Row[]>,
    signal: AbortSignal | undefined,
  ): Promise<Row[]> {
    const rows: Row[] = [];
    for (;;) {
      const response = await this.#client.request({
        method: 'GET',
        path,
        route: path,
        query: { ...query, offset: rows.length, limit: pageSize },
        signal,
      });
      const page = parseBody(response, schema);
      rows.push(...page);
      if (page.length < pageSize) return rows;
    }
  }
}

function toOrder(subscription: wire.Subscription, tags: Tags): Order {
  const { subscriptionId, accountId, externalKey, startDate, cancelledDate, state } = subscription;
  const isOpen = state === 'ACTIVE' || state === 'PENDING';
  return {
    id: subscriptionId as OrderId,
    accountId: accountId as AccountId,
    isOurs: externalKey?.startsWith(ownKey) ?? false,
    openedAt: startDate == null ? undefined : latestOf(startDate),
    since: dayOf(startDate),
    until: isOpen ? undefined : (dayOf(cancelledDate) ?? dayOf(startDate) ?? ''),
    tags: tags.get(subscriptionId) ?? {},
  };
}

function dayOf(date: string | null | undefined): string | undefined {
  return date?.slice(0, '2026-11-01'.length);
}

/** 0.22 tells the day alone. */
function latestOf(date: string): number | undefined {
  const at = parseTime(date);
  return at !== undefined && date.length === '2026-11-01'.length ? at + dayMs : at;
}
