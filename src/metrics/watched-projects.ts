import { findRole, findUsers } from '../openstack/identity.ts';
import type { ProjectId, UserId } from '../openstack/model.ts';
import { listProjectsWithRole } from '../openstack/role-assignments.ts';
import type { Session } from '../openstack/session.ts';
import { ServiceError } from '../runtime/severity.ts';

/** Who watches, and by which role: so an administrator says which projects the portal shows figures of. */
const watcher = { user: 'concertim', role: 'watcher' } as const;

/**
 * The projects in which user `concertim` has the role `watcher`.
 *
 * @throws {ServiceError} there is no such user or role
 */
export async function listWatchedProjects(session: Session, signal?: AbortSignal): Promise<ProjectId[]> {
  const [userId, roleId] = await Promise.all([findWatcher(session, signal), findRole(session, watcher.role)]);
  if (!userId)
    throw missing(`user ${watcher.user}`, `openstack user create --password-prompt ${watcher.user}`);
  if (!roleId) throw missing(`role ${watcher.role}`, `openstack role create ${watcher.role}`);
  return listProjectsWithRole(session, { userId, roleId, signal });
}

/** Several domains may have a user of that name: then it is the one that we are, else that of our domain. */
async function findWatcher(session: Session, signal?: AbortSignal): Promise<UserId | undefined> {
  const token = await session.token(signal);
  if (token.userName === watcher.user) return token.userId;
  const users = await findUsers(session, { name: watcher.user });
  return (users.find(({ domainId }) => domainId === token.domainId) ?? users[0])?.id;
}

function missing(what: string, command: string): ServiceError {
  return new ServiceError(
    `Keystone has no ${what}, by which the service finds the projects whose figures the portal shows.`,
    {
      severity: 'transient',
      hint: `Create it (${command}), and give the user the role in each project whose figures the portal is to show.`,
    },
  );
}
