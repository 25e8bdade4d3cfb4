import { showVolume } from '../openstack/block-storage.ts';
import { showServer } from '../openstack/compute.ts';
import type { Reference } from '../openstack/model.ts';
import { findStack } from '../openstack/orchestration.ts';
import type { Session } from '../openstack/session.ts';

/**
 * Whether nothing is under way any more with a server, stack or volume: one look, of one or two requests. What is gone has settled.
 * What Neutron does to a network is done when it answers.
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
  if (reference.kind === 'volume') {
    const volume = await showVolume(session, reference.id);
    return volume?.kind !== 'volume' || volume.status !== 'deleting';
  }
  return true;
}
