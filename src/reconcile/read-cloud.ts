import type { PortalSnapshot } from '../concertim/model.ts';
import { createLogger } from '../observability/logger.ts';
import type { Session } from '../openstack/session.ts';
import { systemClock } from '../runtime/clock.ts';
import { systemRandom } from '../runtime/random.ts';
import { CloudLists } from './cloud-lists.ts';
import { ExternalNetworks } from './external-networks.ts';
import { observeCloud, type SeenCloud } from './observe-cloud.ts';
import { TreeMemory } from './tree-memory.ts';
import { UnassignedServers } from './unassigned-servers.ts';

/**
 * The cloud as far as the users of a portal would see it, for programs that only look. The portal may be one that was
 * read, or the beginning of one: `emptyPortal`.
 *
 * @throws when a list could not be read whole; single objects that could not are in `unread`
 */
export async function readCloud(
  session: Session,
  portal: PortalSnapshot,
  signal?: AbortSignal,
): Promise<SeenCloud> {
  const log = createLogger({ level: 'critical', format: 'json' });
  const options = {
    session,
    lists: new CloudLists(),
    externalNetworks: new ExternalNetworks(log),
    unassigned: new UnassignedServers(systemClock),
    memory: new TreeMemory(),
    deletions: { maxDeletions: 0, maxShare: 0, allowAll: false },
    clock: systemClock,
    random: systemRandom,
  };
  return observeCloud(options, portal, new Set(), signal);
}
