import { parseBody } from '../../http/body.ts';
import type { AccountId, Invoice, InvoicePage } from '../billing.ts';
import { BillingError } from '../errors.ts';
import type { KillBillClient } from './client.ts';
import { toInvoice } from './invoice.ts';
import { readTags } from './tags.ts';
import * as wire from './wire.ts';

/** Invoices of an account, and the draft of the next one. */
export class KillBillInvoices {
  readonly #client: KillBillClient;

  constructor(client: KillBillClient) {
    this.#client = client;
  }

  /** KillBill 0.22 has no pages by account: all invoices are read without lines, then those of one page with lines. */
  async page(
    account: AccountId,
    { offset, limit }: { readonly offset: number; readonly limit: number },
    signal?: AbortSignal,
  ): Promise<InvoicePage> {
    const all = await readInvoices(this.#client, account, {}, signal);
    const newestFirst = all.toSorted((a, b) => Number(b.invoiceNumber ?? 0) - Number(a.invoiceNumber ?? 0));
    const ids = newestFirst.slice(offset, offset + limit).map(({ invoiceId }) => invoiceId);
    if (ids.length === 0) return { total: all.length, invoices: [] };
    const query = { includeInvoiceComponents: true, invoicesFilter: ids.join(',') };
    const [page, tags] = await Promise.all([
      readInvoices(this.#client, account, query, signal),
      readTags(this.#client, signal),
    ]);
    const wanted = page.filter(({ invoiceId }) => ids.includes(invoiceId));
    wanted.sort((a, b) => ids.indexOf(a.invoiceId) - ids.indexOf(b.invoiceId));
    return { total: all.length, invoices: wanted.map((invoice) => toInvoice(invoice, tags)) };
  }

  async one(account: AccountId, id: string, signal?: AbortSignal): Promise<Invoice> {
    const path = `/invoices/${encodeURIComponent(id)}`;
    const request = { method: 'GET', path, route: '/invoices/{id}', accept: [400, 404], signal } as const;
    const response = await this.#client.request(request);
    const invoice = response.status < 300 ? parseBody(response, wire.Invoice) : undefined;
    // The same answer for an invoice of another account as for a missing one, so that guessing ids reveals nothing.
    if (invoice?.accountId !== account) {
      throw new BillingError('not-found', `Account ${account} has no invoice ${id}.`);
    }
    return toInvoice(invoice, await readTags(this.#client, signal));
  }

  async draft(account: AccountId, signal?: AbortSignal): Promise<Invoice | undefined> {
    const draft = await readDraft(this.#client, account, signal);
    return draft && toInvoice(draft, await readTags(this.#client, signal), true);
  }
}

/** All invoices of an account, in any order; with their lines if `includeInvoiceComponents` is given. */
export async function readInvoices(
  client: KillBillClient,
  account: AccountId,
  query: Readonly<Record<string, string | boolean>>,
  signal: AbortSignal | undefined,
): Promise<wire.Invoice[]> {
  const path = `/accounts/${encodeURIComponent(account)}/invoices`;
  const request = { method: 'GET', path, route: '/accounts/{id}/invoices', query, signal } as const;
  return parseBody(await client.request(request), wire.Invoice.array());
}

/** The draft of the next invoice, with the amount before credits; undefined: there is nothing to bill. */
export async function readDraft(
  client: KillBillClient,
  account: AccountId,
  signal: AbortSignal | undefined,
): Promise<wire.Invoice | undefined> {
  const response = await client.request({
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
