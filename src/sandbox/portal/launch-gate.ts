import type { Portal, UserRow } from './portal.ts';

/**
 * Why the portal offers a user no launch of a cluster, and refuses one: as v1.0.1 to v1.2.0 were recorded with 24.99 and 25
 * credits, of the user or, since 1.2, of the team.
 */
export function launchProblem({ rules }: Portal, user: UserRow): string | undefined {
  if (user.project_id === null) return 'has no project in the cloud';
  if (rules.orders && user.billing_acct_id === null) return 'has no billing account';
  const { launchCredits } = rules;
  if (launchCredits === undefined || user.credits >= launchCredits) return undefined;
  return `has ${user.credits} credits, a cluster needs ${launchCredits}`;
}
