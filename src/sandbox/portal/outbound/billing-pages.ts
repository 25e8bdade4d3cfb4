import { isoTime } from '../../../runtime/clock.ts';
import { PageCrash } from './companion.ts';
import { envOf, mustHaveUser, type OutboundContext, textIn } from './outbound-context.ts';
import { type PageAnswer, page } from './page-answer.ts';

/** What the page of invoices shows first: the invoice to come, or that there is none. */
export async function showDraftInvoice(
  context: OutboundContext,
  ownerId: number,
): Promise<PageAnswer<'nothing to generate' | 'an invoice' | 'a page of HTML'>> {
  const { portal, rules, companion } = context;
  const { invoices } = rules;
  if (!invoices) throw new TypeError('the release has no invoices');
  const owner = mustHaveUser(context, ownerId);
  const invoice = {
    [invoices.account]: owner.billing_acct_id,
    target_date: isoTime(portal.clock.now()).slice(0, 10),
  };
  return page(async () => {
    if (invoices.invoiceKey === undefined) {
      const cloud_env = envOf(context, owner);
      const { body } = await companion.call({
        method: 'POST',
        path: '/get_user_invoice',
        body: { cloud_env, invoice },
      });
      if (body === undefined) throw new PageCrash("undefined method `[]' for nil");
      return 'a page of HTML';
    }
    const { status, body } = await companion.call({
      method: 'POST',
      path: '/get_draft_invoice',
      body: { invoice },
    });
    if (status === 204) return 'nothing to generate';
    if (!body?.['draft_invoice']) throw new PageCrash('Invoice failed to parse');
    return 'an invoice';
  });
}

/** The ids of those that there are. */
export async function listInvoices(
  context: OutboundContext,
  ownerId: number,
): Promise<PageAnswer<readonly string[]>> {
  const { rules, companion } = context;
  if (!rules.invoices?.invoiceKey) throw new TypeError('the release lists no invoices');
  const account = { [rules.invoices.account]: mustHaveUser(context, ownerId).billing_acct_id };
  return page(async () => {
    const { body } = await companion.call({
      method: 'POST',
      path: '/list_paginated_invoices',
      body: { invoices: { ...account, offset: 0, limit: 20 } },
    });
    const rows = body?.['invoices'];
    if (!Array.isArray(rows) || !/^\d+$/.test(String(body?.['total_invoices']))) {
      throw new PageCrash('the invoices cannot be counted');
    }
    return rows.map((row: Readonly<Record<string, unknown>>) => textIn(row, 'invoice_id') ?? '');
  });
}

/** One invoice; its account has to be one that the portal knows. */
export async function showInvoice(
  context: OutboundContext,
  ownerId: number,
  invoiceId: string,
): Promise<PageAnswer<string>> {
  const { portal, rules, companion } = context;
  const key = rules.invoices?.invoiceKey;
  if (!rules.invoices || !key) throw new TypeError('the release shows no single invoices');
  const account = { [rules.invoices.account]: mustHaveUser(context, ownerId).billing_acct_id };
  return page(async () => {
    const { body } = await companion.call({
      method: 'POST',
      path: '/get_account_invoice',
      body: { invoice: { ...account, invoice_id: invoiceId } },
    });
    const invoice = (body?.[key] ?? {}) as Readonly<Record<string, unknown>>;
    const accountId = textIn(invoice, 'account_id') ?? textIn(invoice, 'accountId');
    const isKnown = portal.users.all().some((user) => user.billing_acct_id === accountId);
    const id = textIn(invoice, 'invoice_id') ?? textIn(invoice, 'invoiceId');
    if (accountId === undefined || !isKnown || id === undefined)
      throw new PageCrash('Invoice failed to parse');
    return id;
  });
}

/** The form in which an administrator gives credits; what is typed is sent as text. */
export async function depositCredits(
  context: OutboundContext,
  ownerId: number,
  amount: string,
): Promise<PageAnswer> {
  const { rules, companion } = context;
  const { deposit } = rules;
  if (!deposit) throw new TypeError('the release asks nobody about deposits');
  const credits = {
    [deposit.account]: mustHaveUser(context, ownerId).billing_acct_id,
    [deposit.amount]: amount,
  };
  return page(async () => {
    await companion.call({ method: 'POST', path: deposit.path, body: { credits } });
  });
}
