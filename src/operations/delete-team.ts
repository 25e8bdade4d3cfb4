import { deleteProject } from '../openstack/identity.ts';
import type { ProjectId } from '../openstack/model.ts';
import { listContents } from '../openstack/project-contents.ts';
import type { Session } from '../openstack/session.ts';
import type { Audit } from './audit.ts';
import { describeContents } from './describe-contents.ts';
import { OperationError } from './operation-error.ts';
import { ownProject } from './own-by-id.ts';

/**
 * Deletes a project of the portal's, once nothing is left in it. One that is gone counts as deleted.
 *
 * @param beforeGone done when nothing stands in the way any more, and before the project goes
 * @throws {OperationError} conflict: something is left in it; forbidden: it is not the portal's
 */
export async function deleteTeam(
  session: Session,
  id: ProjectId,
  { audit, beforeGone }: { readonly audit: Audit; readonly beforeGone?: () => Promise<void> },
): Promise<void> {
  const project = await ownProject(session, id);
  if (project) await refuseUnlessEmpty(session, { id, name: project.name });
  await beforeGone?.();
  if (!project) return;
  await deleteProject(session, id);
  audit({ verb: 'deleted', kind: 'project', id, name: project.name });
}

/** @throws {OperationError} conflict: something is left in it */
export async function refuseUnlessEmpty(
  session: Session,
  { id, name }: { readonly id: ProjectId; readonly name: string },
): Promise<void> {
  const contents = await listContents(session, { projectId: id });
  if (contents.length === 0) return;
  throw new OperationError(
    'conflict',
    // What to do stands first: a long message is cut at its end.
    `First delete what project ${name} still holds: ${describeContents(contents)}.`,
  );
}
