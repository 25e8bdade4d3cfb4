import { showServer } from '../openstack/compute.ts';
import type { Reference } from '../openstack/model.ts';
import { findStack } from '../openstack/orchestration.ts';
import type { Session } from '../openstack/session.ts';

/**
 * Whether nothing is under way any more with a server or stack: one look, of one or two requests. What is gone has settled.
 * Of what is neither, nothing is known: it counts as settled.
 */
export async function hasSettled(session: Session, reference: Reference): Promise<boolean> {
  if (reference.kind === 'server') {
    const server = await showServer(session, reference.id);
    return server?.kind !== 'server' || server.taskState === null;
  }
  if (reference.kind === 'stack') {
    const found = await findStack(session, reference.id);
    return !found?.stack.status.endsWith('_IN_PROGRESS');
  }
  return true;
}
