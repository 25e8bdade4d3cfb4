import { type Project, showProject, showUser, type User } from '../openstack/identity.ts';
import type { ProjectId, UserId } from '../openstack/model.ts';
import type { Session } from '../openstack/session.ts';
import { isConcertims, mark } from './managed.ts';
import { OperationError } from './operation-error.ts';

/**
 * The user of that id, if it is one of Concertim's; undefined when there is none any more.
 *
 * @throws {OperationError} forbidden: it is another's
 */
export async function ownUser(session: Session, id: UserId): Promise<User | undefined> {
  const user = await showUser(session, id);
  if (user && !isConcertims(user)) throw notOurs('user', user);
  return user;
}

/** The same of a project. */
export async function ownProject(session: Session, id: ProjectId): Promise<Project | undefined> {
  const project = await showProject(session, id);
  if (project && !isConcertims(project)) throw notOurs('project', project);
  return project;
}

function notOurs(what: string, { id, name }: User | Project): OperationError {
  return new OperationError(
    'forbidden',
    `${name} (${id}) is not a ${what} of Concertim's: "${mark}" is not in its description. It is not touched.`,
  );
}
