import type { AccountId, Billing, Invoice } from '../../billing/billing.ts';
import { escapeHtml } from '../escape-html.ts';
import type { TypedApp } from '../typed-app.ts';
import {
  DraftInvoiceBody,
  GetDraftInvoice,
  GetInvoice,
  GetUserInvoice,
  InvoiceBody,
  InvoicesBody,
  invoiceFields,
  ListInvoices,
  UserInvoiceBody,
} from '../wire/billing.ts';
import { NothingBody } from '../wire/nothing.ts';
import { accountIdIn } from '../wire/portal-ids.ts';
import { refusals } from './refusals.ts';

/** Invoices as the portal shows them to its users. */
export function addInvoiceRoutes(app: TypedApp, { billing }: { readonly billing: Billing }): void {
  app.route({
    method: 'POST',
    url: '/list_paginated_invoices',
    schema: {
      summary: "An account's invoices, the newest first",
      body: ListInvoices,
      response: { 200: InvoicesBody, ...refusals(404) },
    },
    handler: async ({ body }) => {
      const { account, offset, limit } = body.invoices;
      const { total, invoices } = await billing.invoices(account, { offset, limit });
      return { success: true as const, total_invoices: total, invoices: invoices.map(invoiceFields) };
    },
  });

  app.route({
    method: 'POST',
    url: '/get_account_invoice',
    schema: {
      summary: "One of an account's invoices",
      description: 'One of another account is not found.',
      body: GetInvoice,
      response: { 200: InvoiceBody, ...refusals(404) },
    },
    handler: async ({ body }) => {
      const { account, id } = body.invoice;
      const invoice = invoiceFields(await billing.invoice(account, id));
      return { success: true as const, invoice, account_invoice: invoice };
    },
  });

  app.route({
    method: 'POST',
    url: '/get_draft_invoice',
    schema: {
      summary: 'What the next invoice would say',
      description: '204: there is nothing to bill.',
      body: GetDraftInvoice,
      response: { 200: DraftInvoiceBody, 204: NothingBody, ...refusals(404) },
    },
    handler: async ({ body }, reply) => {
      const draft = await billing.draft(body.invoice);
      if (!draft) return reply.code(204).send();
      return { success: true as const, draft_invoice: invoiceFields(draft) };
    },
  });

  app.route({
    method: 'POST',
    url: '/get_user_invoice',
    schema: {
      summary: 'What the next invoice would say, as a part of a page',
      description: 'As release 0.2.3 asks for it.',
      body: GetUserInvoice,
      response: { 201: UserInvoiceBody, ...refusals(404) },
    },
    handler: async ({ body }, reply) => {
      const account = accountIdIn(body.invoice) as AccountId | undefined;
      const draft = account && (await billing.draft(account));
      reply.code(201);
      return {
        success: true as const,
        invoice_html: draft ? asHtml(draft) : '<p>There is nothing to bill.</p>',
      };
    },
  });
}

function asHtml({ items, amount, currency }: Invoice): string {
  const row = (name: string, sum: number) =>
    `<tr><td>${escapeHtml(name)}</td><td>${sum.toFixed(2)} ${escapeHtml(currency)}</td></tr>`;
  const rows = items.map((item) => row(item.type === 'credits' ? 'Credits' : item.stackName, item.amount));
  return `<table>${rows.join('')}${row('Total', amount)}</table>`;
}
