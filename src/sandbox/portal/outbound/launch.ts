import { type ClusterBuilderRelease, type LaunchAnswer, launchCluster } from './cluster-builder.ts';
import { mustHaveUser, type OutboundContext } from './outbound-context.ts';

/** So many credits a launch needs. */
const creditsNeeded = 25;

/**
 * A user launches a cluster: the portal looks at the owner's credits, the cluster builder asks the companion.
 *
 * @param release of the cluster builder; default: the one that was released with the portal
 */
export async function launch(
  context: OutboundContext,
  ownerId: number,
  release: ClusterBuilderRelease | undefined = context.rules.clusterBuilder,
): Promise<LaunchAnswer> {
  const { companion, makeStack } = context;
  const owner = mustHaveUser(context, ownerId);
  if (release === undefined) return { ok: true, stackId: (await makeStack(owner)).id };
  if (owner.credits < creditsNeeded) return { ok: false, message: `a launch needs ${creditsNeeded} credits` };
  if (owner.billing_acct_id === null) return { ok: false, message: 'there is no billing account' };
  return launchCluster(companion, {
    release,
    accountId: owner.billing_acct_id,
    makeStack: () => makeStack(owner),
  });
}
