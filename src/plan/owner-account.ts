import type { Owner, OwnerPatch } from '../concertim/model.ts';
import type { ProjectId } from '../openstack/model.ts';
import { type Costs, toCents } from './costs.ts';

/** What is known of an owner's money; undefined: nobody knows, and the portal keeps what it shows. */
export interface KnownMoney {
  readonly costs: Costs | undefined;
  /** What is left of the owner's credits. */
  readonly credits: number | undefined;
}

/**
 * What to write so that the portal shows an owner's money: amounts that differ by a hundredth or more, and the billing period
 * when a new month begins.
 *
 * @returns undefined: nothing differs
 */
export function ownerAccountPatch(owner: Owner, { costs, credits }: KnownMoney): OwnerPatch | undefined {
  const { projectId, account } = owner;
  if (projectId === null) return undefined;
  const cost = costs && toCents(costs.ofProject.get(projectId as ProjectId) ?? 0);
  const patch: OwnerPatch = {
    ...(cost !== undefined && differs(account.cost, cost) && { cost }),
    ...(credits !== undefined && differs(account.credits, credits) && { credits }),
    ...(costs && isOtherPeriod(account.billingPeriod, costs.period) && { billingPeriod: costs.period }),
  };
  return Object.keys(patch).length === 0 ? undefined : patch;
}

/** Whether two amounts differ by a hundredth or more. One that the portal's release does not show never differs. */
function differs(shown: number | undefined, known: number): boolean {
  return shown !== undefined && Math.round(shown * 100) !== Math.round(known * 100);
}

function isOtherPeriod(shown: Owner['account']['billingPeriod'], known: Costs['period']): boolean {
  return shown !== undefined && (shown?.start !== known.start || shown.end !== known.end);
}
