import { showVolume } from '../openstack/block-storage.ts';
import { OpenStackError } from '../openstack/errors.ts';
import type { VolumeId } from '../openstack/model.ts';
import type { Session } from '../openstack/session.ts';
import { deleteVolume as deleteInCinder } from '../openstack/volume-actions.ts';
import { OperationError } from './operation-error.ts';

/**
 * Has Cinder delete a volume that no server has; a deletion that is under way goes on.
 *
 * @throws {OperationError} not-found: there is none; conflict: a server has it, or Cinder refuses it as it is
 */
export async function deleteVolume(session: Session, id: VolumeId): Promise<void> {
  const volume = await showVolume(session, id);
  if (!volume) throw new OperationError('not-found', `Cinder has no volume ${id}.`);
  if (volume.kind === 'volume' && volume.status === 'deleting') return;
  if (volume.kind === 'volume' && volume.servers.length > 0) {
    throw new OperationError(
      'conflict',
      `Volume ${volume.name || id} is attached to server ${volume.servers.join(', ')}. Detach it, or destroy that server, first.`,
    );
  }
  try {
    await deleteInCinder(session, id);
  } catch (error) {
    // Cinder's way to say that a volume is in the wrong state: with snapshots, in a group, being moved.
    if (error instanceof OpenStackError && error.status === 400) {
      throw new OperationError('conflict', error.upstream || `Cinder does not delete volume ${id} as it is.`);
    }
    throw error;
  }
}
