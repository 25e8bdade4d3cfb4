import { OpenStackError } from './errors.ts';
import type { ProjectId } from './model.ts';
import type { Session } from './session.ts';

/** Sessions whose user is no administrator, as far as is known. */
const members = new WeakSet<Session>();

/**
 * Does something about a project that may not be the session's own: as it is, which Heat allows to administrators, or
 * signed in to that project, whichever did last. The other way is tried where the first is refused.
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

/** By Heat, or by Keystone at the login to another project. */
function isRefused(error: unknown): boolean {
  return error instanceof OpenStackError && (error.status === 403 || error.status === 401);
}
