/** Compute (Nova) v2.1: what can be done to a server. */
import type { ServerId } from './model.ts';
import type { Session } from './session.ts';

/** As `POST /servers/{id}/action` names them. */
export type ServerAction = 'os-start' | 'os-stop' | 'suspend' | 'resume' | 'unpause' | 'unshelve';

/**
 * Has Nova begin it; the server's task_state tells how it goes on.
 *
 * @throws {OpenStackError} 404: no such server, or not on a host yet; 409: not in its present state
 */
export async function actOnServer(session: Session, id: ServerId, action: ServerAction): Promise<void> {
  await session.request('compute', {
    method: 'POST',
    path: `/servers/${encodeURIComponent(id)}/action`,
    route: `/servers/{id}/action ${action}`,
    body: { [action]: null },
  });
}

/** @throws {OpenStackError} 404: no such server */
export async function deleteServer(session: Session, id: ServerId): Promise<void> {
  await session.request('compute', {
    method: 'DELETE',
    path: `/servers/${encodeURIComponent(id)}`,
    route: '/servers/{id}',
  });
}
