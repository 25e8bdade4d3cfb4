import type { AccountId, Invoice, InvoiceItem } from '../billing.ts';
import type { Tags } from './tags.ts';
import type * as wire from './wire.ts';

const unknownCluster = '(unknown cluster)';
/** Types of lines for credits that were used or added. Lines of all other types are costs. */
const creditTypes = new Set(['CBA_ADJ', 'CREDIT_ADJ']);

/**
 * An invoice as the portal shows it: one line for the cost of an order, however many lines KillBill has for it. No line is left
 * out, so that the lines add up.
 */
export function toInvoice(invoice: wire.Invoice, tags: Tags, isDraft = false): Invoice {
  return {
    id: isDraft ? '' : invoice.invoiceId,
    accountId: invoice.accountId as AccountId,
    number: isDraft || invoice.invoiceNumber == null ? null : String(invoice.invoiceNumber),
    status: isDraft ? 'DRAFT' : (invoice.status ?? 'COMMITTED'),
    date: invoice.invoiceDate ?? null,
    targetDate: invoice.targetDate ?? null,
    currency: invoice.currency,
    amount: invoice.amount,
    balance: invoice.balance,
    creditAdjustment: invoice.creditAdj ?? 0,
    refundAdjustment: invoice.refundAdj ?? 0,
    items: toItems(invoice.items ?? [], tags),
  };
}

function toItems(items: readonly wire.InvoiceItem[], tags: Tags): InvoiceItem[] {
  const lines = new Map<string, InvoiceItem>();
  for (const item of items) {
    const type = creditTypes.has(item.itemType) ? 'credits' : 'cost';
    const id = type === 'cost' ? (item.subscriptionId ?? item.invoiceItemId) : item.invoiceItemId;
    const line = lines.get(id);
    lines.set(id, line ? { ...line, ...sum(line, item) } : newLine(id, type, item, tags.get(id)));
  }
  return [...lines.values()];
}

function newLine(
  id: string,
  type: InvoiceItem['type'],
  item: wire.InvoiceItem,
  tags: Readonly<Record<string, string>> | undefined,
): InvoiceItem {
  return {
    id,
    type,
    amount: item.amount,
    currency: item.currency,
    startDate: item.startDate ?? null,
    endDate: item.endDate ?? null,
    stackId: tags?.['openstack_stack_id'] ?? null,
    stackName: tags?.['openstack_stack_name'] ?? tags?.['openstack_stack_id'] ?? unknownCluster,
  };
}

function sum(line: InvoiceItem, item: wire.InvoiceItem) {
  return {
    // Removes the error of floating point: KillBill rounds each line to hundredths, so the sum has no more digits.
    amount: Math.round((line.amount + item.amount) * 1e6) / 1e6,
    startDate: earlier(line.startDate, item.startDate),
    endDate: later(line.endDate, item.endDate),
  };
}

function earlier(a: string | null, b: string | null | undefined): string | null {
  return a === null || (b != null && b < a) ? (b ?? null) : a;
}

function later(a: string | null, b: string | null | undefined): string | null {
  return a === null || (b != null && b > a) ? (b ?? null) : a;
}
