import { parseBody } from '../../http/body.ts';
import { BodyError } from '../../http/errors.ts';
import { severityOf } from '../../runtime/severity.ts';
import type { AccountId, Customer } from '../billing.ts';
import { createdId, type KillBillClient } from './client.ts';
import { readDraft, readInvoices } from './invoices.ts';
import { readPages } from './pages.ts';
import { customFields } from './tags.ts';
import * as wire from './wire.ts';

/** Custom fields in which the Python services of 2024 and 2023 stored the project of an account. */
const projectFields = ['project_cloud_id', 'openstack_project_id'];

/** Accounts, whose external key is the id of the project, and their credits. */
export class KillBillAccounts {
  readonly #client: KillBillClient;
  /** Deposits in progress, by account and key. */
  readonly #depositing = new Map<string, Promise<void>>();

  constructor(client: KillBillClient) {
    this.#client = client;
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
        // Bill whole months, like the costs in the portal.
        billCycleDayLocal: 1,
        timeZone: 'UTC',
      },
      // Safe to repeat: the key is unique, so that a second account is refused.
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

  async close(account: AccountId, signal?: AbortSignal): Promise<void> {
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
      readAccount(this.#client, account, { accountWithBalanceAndCBA: true }, signal),
      readDraft(this.#client, account, signal),
    ]);
    return (accountCBA ?? 0) - (draft?.amount ?? 0);
  }

  async deposit(account: AccountId, amount: number, key: string, signal?: AbortSignal): Promise<number> {
    const about = `${account} ${key}`;
    const underWay = this.#depositing.get(about) ?? this.#depositOnce(account, amount, key, signal);
    this.#depositing.set(about, underWay);
    try {
      await underWay;
    } finally {
      this.#depositing.delete(about);
    }
    return this.creditsOf(account, signal);
  }

  /** KillBill has no keys for deposits. The key is in the description, and only the invoices show whether the deposit was made. */
  async #depositOnce(
    account: AccountId,
    amount: number,
    key: string,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const description = `Deposit ${key}`;
    const isMade = async () => {
      const invoices = await readInvoices(this.#client, account, { includeInvoiceComponents: true }, signal);
      return invoices.some(({ items }) => items?.some((item) => item.description === description));
    };
    const { currency } = await readAccount(this.#client, account, {}, signal);
    if (await isMade()) return;
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
      // Without an answer, or with one from a proxy, the deposit may have been made.
      if (severityOf(error) !== 'transient' || !(await isMade())) throw error;
    }
  }

  /** The account of a project: one of this service by its key, one of the Python service by its custom field. */
  async #accountOf(projectId: string, signal: AbortSignal | undefined): Promise<AccountId | undefined> {
    const byKey = await this.#byKey(projectId, signal);
    if (byKey !== undefined) return byKey;
    for (const fieldName of projectFields) {
      const query = { objectType: 'ACCOUNT', fieldName, fieldValue: projectId };
      const request = { path: '/customFields/search', query };
      const found = await readPages(this.#client, request, customFields, signal);
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
}

/** One account. @param query with `accountWithBalanceAndCBA` KillBill adds up its credits, which takes it longer */
export async function readAccount(
  client: KillBillClient,
  account: AccountId,
  query: { readonly accountWithBalanceAndCBA?: true },
  signal: AbortSignal | undefined,
): Promise<wire.Account> {
  const path = `/accounts/${encodeURIComponent(account)}`;
  const route = '/accounts/{id}';
  return parseBody(await client.request({ method: 'GET', path, route, query, signal }), wire.Account);
}
