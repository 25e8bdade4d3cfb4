/** Block storage (Cinder) v3: the deletion of volumes. */
import { assertNotFound } from './errors.ts';
import type { VolumeId } from './model.ts';
import type { Session } from './session.ts';

/**
 * Requests the deletion of the volume, which Cinder completes later. One that is gone already counts as
 * deleted.
 *
 * @throws {OpenStackError} 400: its state does not allow it; for example, it is attached to a server or has
 * snapshots
 */
export async function deleteVolume(session: Session, id: VolumeId): Promise<void> {
  const response = await session.request('block-storage', {
    method: 'DELETE',
    path: `/volumes/${encodeURIComponent(id)}`,
    route: '/volumes/{id}',
    accept: [404],
  });
  if (response.status === 404) assertNotFound(response);
}
