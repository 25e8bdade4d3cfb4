import { z } from 'zod';
import type { ProjectId, UserId } from '../../openstack/model.ts';
import { KeystoneId, Text } from './cloud-env.ts';

/** Ids as portals send them, null for none. */
export const UserIdField = KeystoneId.transform((id) => id as UserId);
export const ProjectIdField = KeystoneId.transform((id) => id as ProjectId);

/** Portals and cluster builders call it by either name, and take it for any text. */
export const accountFields = {
  billing_acct_id: Text.nullish().describe("the billing account's id"),
  billing_account_id: Text.nullish().describe('the same, as other releases call it'),
};

/** The account that a request names, by whichever name. */
export function accountIdIn(fields: {
  readonly billing_acct_id?: string | null | undefined;
  readonly billing_account_id?: string | null | undefined;
}): string | undefined {
  return fields.billing_acct_id ?? fields.billing_account_id ?? undefined;
}

/** Both names, for whichever release reads the answer. */
export function bothNames(accountId: string): { billing_acct_id: string; billing_account_id: string } {
  return { billing_acct_id: accountId, billing_account_id: accountId };
}

export const accountAnswer = {
  billing_acct_id: z.string().describe('never empty; without a billing platform the id of the project'),
  billing_account_id: z.string().describe('the same, as releases 1.0 and 1.1 read it'),
};
