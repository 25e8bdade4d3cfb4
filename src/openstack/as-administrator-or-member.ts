import { OpenStackError } from './errors.ts';
import type { ProjectId } from './model.ts';
import type { Session } from './session.ts';

/** Sessions that last succeeded as a member of a project: their user is probably no administrator. */
const members = new WeakSet<Session>();

/**
 * Runs `work` on a project that may not be the session's own: with the session as it is, which Heat allows
 * administrators, or with a login to that project. The way that succeeded last comes first; the other one is
 * tried when the first is refused.
 */
export async function asAdministratorOrMember<T>(
  session: Session,
  projectId: ProjectId,
  work: (as: Session) => Promise<T>,
): Promise<T> {
  const isMember = members.has(session);
  const asAdministrator = async () => work(session);
  const asMember = async () => work(session.forProject(projectId));
  try {
    return await (isMember ? asMember() : asAdministrator());
  } catch (refusal) {
    if (!isRefused(refusal)) throw refusal;
    try {
      const answer = await (isMember ? asAdministrator() : asMember());
      if (isMember) members.delete(session);
      else members.add(session);
      return answer;
    } catch (error) {
      // The refused login names the role that is missing.
      throw isMember && isRefused(error) ? refusal : error;
    }
  }
}

/** Whether Heat refused the request, or Keystone the login to another project. */
function isRefused(error: unknown): boolean {
  return error instanceof OpenStackError && (error.status === 403 || error.status === 401);
}
