import { deleteUser as deleteInKeystone } from '../openstack/identity.ts';
import type { ProjectId, UserId } from '../openstack/model.ts';
import type { Session } from '../openstack/session.ts';
import type { Audit } from './audit.ts';
import { deleteTeam } from './delete-team.ts';
import { ownUser } from './own-by-id.ts';

/** What goes with a portal user. */
export interface UserDeletion {
  readonly userId: UserId | undefined;
  /** The user's own project, in releases without teams. */
  readonly projectId: ProjectId | undefined;
}

/**
 * Deletes a portal user in the cloud, with the project where there is one. First the project, in which nothing may be left:
 * without its user nobody could clear it. What is gone counts as deleted.
 *
 * @throws {OperationError} conflict: something is left in the project; forbidden: it is not the portal's
 */
export async function deleteUser(
  session: Session,
  { userId, projectId }: UserDeletion,
  { audit, beforeGone }: { readonly audit: Audit; readonly beforeGone?: () => Promise<void> },
): Promise<void> {
  const user = userId && (await ownUser(session, userId));
  if (projectId) await deleteTeam(session, projectId, { audit, ...(beforeGone && { beforeGone }) });
  else await beforeGone?.();
  if (!user) return;
  await deleteInKeystone(session, user.id);
  audit({ verb: 'deleted', kind: 'user', id: user.id, name: user.name });
}
