import { queueUserDeletion } from './account-changes.ts';
import { Companion } from './companion.ts';
import { JobQueue } from './job-queue.ts';
import type { OutboundContext } from './outbound-context.ts';
import { outboundRules } from './outbound-rules.ts';
import { queueTeamDeletion } from './teams.ts';

export type OutboundOptions = Pick<OutboundContext, 'portal' | 'admin' | 'makeStack'>;

/** What a portal asks its companion with: the forms, buttons and pages of this folder take it. */
export function createOutbound(options: OutboundOptions): OutboundContext {
  const { portal } = options;
  const context: OutboundContext = {
    ...options,
    // A portal may be upgraded.
    get rules() {
      return outboundRules[portal.release];
    },
    companion: new Companion(portal),
    jobs: new JobQueue(portal.clock),
  };
  portal.deletionJobs = {
    ofUser: (id) => queueUserDeletion(context, id),
    ofTeam: (id) => queueTeamDeletion(context, id),
  };
  return context;
}
