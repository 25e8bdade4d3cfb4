import { listGrants, type Project, type User } from '../openstack/identity.ts';
import type { UserId } from '../openstack/model.ts';
import { listContents } from '../openstack/project-contents.ts';
import type { Session } from '../openstack/session.ts';
import type { Secret } from '../runtime/secret.ts';
import { describeContents } from './describe-contents.ts';
import { OperationError } from './operation-error.ts';

/**
 * A login of the portal may be free again and be taken by somebody else. A request to make a user who is there already is
 * a repeat when its password opens that account; else it is another person's.
 *
 * @throws {OperationError} conflict
 */
export async function refuseOtherPerson(session: Session, user: User, password: Secret): Promise<void> {
  if (await session.opens(user.id, password)) return;
  throw new OperationError(
    'conflict',
    `Keystone has user ${user.name} (${user.id}) with another password: it was made for an earlier user of that login. If that is the same person, set the old password in Concertim; else an administrator deletes or renames it.`,
  );
}

/**
 * The same of a project that is found by its name alone: it is given to nobody while somebody else has a role in it, or
 * while there is anything in it.
 *
 * @param staff who has a role in every project
 * @throws {OperationError} conflict
 */
export async function refuseInheritance(
  session: Session,
  project: Project,
  staff?: readonly UserId[],
): Promise<void> {
  const members = staff
    ? (await listGrants(session, { projectId: project.id })).filter(({ userId }) => !staff.includes(userId))
    : [];
  const contents = members.length > 0 ? [] : await listContents(session, { projectId: project.id });
  if (members.length === 0 && contents.length === 0) return;
  const what = members.length > 0 ? 'other users have roles in it' : `it holds ${describeContents(contents)}`;
  throw new OperationError(
    'conflict',
    `Keystone has project ${project.name} (${project.id}) of an earlier owner of that name: ${what}. An administrator deletes or renames it.`,
  );
}
