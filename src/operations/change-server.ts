import { showServer } from '../openstack/compute.ts';
import { OpenStackError } from '../openstack/errors.ts';
import type { Reference, ServerId } from '../openstack/model.ts';
import { actOnServer, deleteServer, type ServerAction } from '../openstack/server-actions.ts';
import type { Session } from '../openstack/session.ts';

/** What the portal lets its users do to a device. */
export const serverChanges = ['on', 'off', 'suspend', 'resume', 'destroy'] as const;
/** One of these. */
export type ServerChange = (typeof serverChanges)[number];

const actions: Readonly<Record<Exclude<ServerChange, 'destroy'>, ServerAction>> = {
  on: 'os-start',
  off: 'os-stop',
  suspend: 'suspend',
  resume: 'resume',
};

/**
 * The portal has fewer states than Nova: what it shows as stopped may be shelved, what it shows as suspended may be paused.
 * Nova has another word for leaving these.
 */
const otherWays: Readonly<Record<string, ServerAction>> = {
  'on shelved': 'unshelve',
  'on shelved_offloaded': 'unshelve',
  'resume paused': 'unpause',
};

/**
 * Has Nova begin the change.
 *
 * @returns what to look at again
 * @throws {OpenStackError} 404: no such server; 409: not in its present state
 */
export async function changeServer(session: Session, id: ServerId, change: ServerChange): Promise<Reference> {
  if (change === 'destroy') await deleteServer(session, id);
  else await act(session, id, change);
  return { kind: 'server', id, projectId: undefined, deleted: false };
}

async function act(session: Session, id: ServerId, change: Exclude<ServerChange, 'destroy'>): Promise<void> {
  try {
    await actOnServer(session, id, actions[change]);
  } catch (error) {
    if (!(error instanceof OpenStackError && error.status === 409)) throw error;
    const server = change === 'on' || change === 'resume' ? await showServer(session, id) : undefined;
    const otherWay = server?.kind === 'server' ? otherWays[`${change} ${server.vmState}`] : undefined;
    if (!otherWay) throw error;
    await actOnServer(session, id, otherWay);
  }
}
