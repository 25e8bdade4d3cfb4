import { z } from 'zod';
import type * as concertim from '../model.ts';
import { Money } from './money.ts';

/** Billing fields of users or teams. Super-users have none, and some releases do not show them. */
export const accountFields = {
  billing_acct_id: z.string().nullish(),
  cost: Money,
  credits: Money,
  billing_period_start: z.string().nullish(),
  billing_period_end: z.string().nullish(),
};

export function toAccount(row: z.output<z.ZodObject<typeof accountFields>>): concertim.OwnerAccount {
  const { billing_period_start: start, billing_period_end: end } = row;
  const period = start === undefined || end === undefined ? undefined : start && end ? { start, end } : null;
  return {
    billingAccountId: row.billing_acct_id === undefined ? undefined : row.billing_acct_id?.trim() || null,
    cost: row.cost,
    credits: row.credits,
    billingPeriod: period,
  };
}
