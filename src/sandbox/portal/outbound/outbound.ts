import { Companion } from './companion.ts';
import { JobQueue } from './job-queue.ts';
import type { OutboundContext } from './outbound-context.ts';
import { outboundRules } from './outbound-rules.ts';

export type OutboundOptions = Pick<OutboundContext, 'portal' | 'admin' | 'makeStack'>;

/** What a portal asks its companion with: the forms, buttons and pages of this folder take it. */
export function createOutbound(options: OutboundOptions): OutboundContext {
  const { portal } = options;
  return {
    ...options,
    // A portal may be upgraded.
    get rules() {
      return outboundRules[portal.release];
    },
    companion: new Companion(portal),
    jobs: new JobQueue(portal.clock),
  };
}
