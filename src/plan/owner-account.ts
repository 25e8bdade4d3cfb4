import type { Owner, OwnerPatch } from '../concertim/model.ts';
import type { ProjectId } from '../openstack/model.ts';
import { type Costs, toCents } from './costs.ts';

/** What is known of an owner's money; undefined: nobody knows, and the portal keeps what it shows. */
export interface KnownMoney {
  readonly costs: Costs | undefined;
  /** Not for whom they are shown, but what is left to them. */
  readonly credits: number | undefined;
}

/**
 * What is to be written so that the portal shows an owner's money: what differs by a hundredth, and the dates of the month
 * once it turns.
 *
 * @returns undefined: nothing
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

/** By a hundredth at least. What the portal's release does not show never does. */
function differs(shown: number | undefined, known: number): boolean {
  return shown !== undefined && Math.round(shown * 100) !== Math.round(known * 100);
}

function isOtherPeriod(shown: Owner['account']['billingPeriod'], known: Costs['period']): boolean {
  return shown !== undefined && (shown?.start !== known.start || shown.end !== known.end);
}
