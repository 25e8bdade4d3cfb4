import { z } from 'zod';
import type { AccountId, Invoice, InvoiceItem, OrderId } from '../../billing/billing.ts';
import { Text } from './cloud-env.ts';
import { accountFields, accountIdIn } from './portal-ids.ts';

/** `billing_acct_id` or `billing_account_id`, whichever a release sends. */
function accountIn(value: z.output<z.ZodObject<typeof accountFields>>, context: z.RefinementCtx): AccountId {
  const id = accountIdIn(value);
  // Cluster builder writes Python's word for none.
  if (id !== undefined && id !== 'None') return id as AccountId;
  context.addIssue({
    code: 'custom',
    path: ['billing_acct_id'],
    message: 'is missing: Concertim has no billing account for this team or user yet',
  });
  return z.NEVER;
}

const Account = z.object(accountFields).transform(accountIn);
const Order = Text.transform((id) => id as OrderId);

/** `POST /get_credits` */
export const GetCredits = z.object({ credits: Account });
export const CreditsBody = z.object({ success: z.literal(true), credits: z.number() });

/** `POST /create_order` */
export const CreateOrder = z.object({ order: Account });
export const OrderBody = z.object({ success: z.literal(true), order: z.string() });

/** `POST /add_order_tag` */
export const AddOrderTag = z.object({
  tag: z.object({ order_id: Order, tag_name: Text, tag_value: Text }),
});
export const TagBody = z.object({ success: z.literal(true), tag: z.string() });

/** `POST /delete_order` */
export const DeleteOrder = z.object({ order: z.object({ order_id: Order }) });

/** An amount of money as it is typed into a form. */
const Amount = z
  .union([z.number(), z.string()])
  .transform(String)
  .pipe(
    z
      .string()
      .trim()
      .regex(/^\d{1,12}(\.\d{1,2})?$/, 'is no amount above 0 with at most two decimals')
      .transform(Number)
      .refine((amount) => amount > 0, 'is no amount above 0 with at most two decimals'),
  );

/** `POST /credits` */
export const Deposit = z.object({
  credits: z
    .object({ ...accountFields, amount: Amount })
    .transform((value, context) => ({ account: accountIn(value, context), amount: value.amount })),
});
/** `POST /add_credits` */
export const AddCredits = z.object({
  credits: z
    .object({ ...accountFields, credits_to_add: Amount })
    .transform((value, context) => ({ account: accountIn(value, context), amount: value.credits_to_add })),
});

const whole = z.coerce.number().int().min(0).max(1_000_000);

/** `POST /list_paginated_invoices` */
export const ListInvoices = z.object({
  invoices: z
    .object({ ...accountFields, offset: whole.default(0), limit: whole.default(20) })
    .transform((value, context) => ({
      account: accountIn(value, context),
      offset: value.offset,
      limit: value.limit,
    })),
});

/** `POST /get_account_invoice` */
export const GetInvoice = z.object({
  invoice: z
    .object({ ...accountFields, invoice_id: Text })
    .transform((value, context) => ({ account: accountIn(value, context), id: value.invoice_id })),
});

/** `POST /get_draft_invoice`; the day is the platform's to choose. */
export const GetDraftInvoice = z.object({ invoice: Account });

/** `POST /get_user_invoice` of release 0.2.3, where a user may have no account. */
export const GetUserInvoice = z.object({ invoice: z.object(accountFields) });
export const UserInvoiceBody = z.object({ success: z.literal(true), invoice_html: z.string() });

const Item = z.object({
  type: z.enum(['cost', 'credits']),
  amount: z.number(),
  currency: z.string(),
  start_date: z.string().nullable(),
  end_date: z.string().nullable(),
  openstack_stack_id: z.string().nullable(),
  openstack_stack_name: z.string(),
});

const InvoiceFields = z.object({
  account_id: z.string(),
  invoice_id: z.string(),
  invoice_number: z.string().nullable(),
  status: z.string(),
  invoice_date: z.string().nullable(),
  amount: z.number(),
  balance: z.number(),
  credit_adj: z.number(),
  refund_adj: z.number(),
  currency: z.string(),
  items: z.record(z.string(), Item).describe('by id'),
});

export const InvoicesBody = z.object({
  success: z.literal(true),
  total_invoices: z.number(),
  invoices: z.array(InvoiceFields),
});
export const InvoiceBody = z.object({
  success: z.literal(true),
  invoice: InvoiceFields,
  account_invoice: InvoiceFields.describe('the same, as releases 1.0 and 1.1 read it'),
});
export const DraftInvoiceBody = z.object({ success: z.literal(true), draft_invoice: InvoiceFields });

/** An invoice as portals read it. */
export function invoiceFields(invoice: Invoice): z.output<typeof InvoiceFields> {
  return {
    account_id: invoice.accountId,
    invoice_id: invoice.id,
    invoice_number: invoice.number,
    status: invoice.status,
    invoice_date: invoice.date,
    amount: invoice.amount,
    balance: invoice.balance,
    credit_adj: invoice.creditAdjustment,
    refund_adj: invoice.refundAdjustment,
    currency: invoice.currency,
    items: Object.fromEntries(invoice.items.map((item) => [item.id, itemFields(item)])),
  };
}

function itemFields(item: InvoiceItem): z.output<typeof Item> {
  return {
    type: item.type,
    amount: item.amount,
    currency: item.currency,
    start_date: item.startDate,
    end_date: item.endDate,
    openstack_stack_id: item.stackId,
    openstack_stack_name: item.stackName,
  };
}
