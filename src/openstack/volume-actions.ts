/** Block storage (Cinder) v3: the end of a volume. */
import { assertNotFound } from './errors.ts';
import type { VolumeId } from './model.ts';
import type { Session } from './session.ts';

/**
 * Has Cinder begin to delete the volume. One that is gone already counts as deleted.
 *
 * @throws {OpenStackError} 400: not in its present state, as with a server that has it or with snapshots of it
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
