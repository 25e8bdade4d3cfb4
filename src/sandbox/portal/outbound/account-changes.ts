import { markUser } from '../owner-deletion.ts';
import { RecordInvalid } from './job-queue.ts';
import { mustHaveUser, type OutboundContext } from './outbound-context.ts';

/** The form in which a user changes e-mail or password: the portal's own are changed at once, the cloud's by a job. */
export function changeUser(
  context: OutboundContext,
  userId: number,
  change: { readonly email?: string; readonly password?: string },
): void {
  const { portal, rules, jobs } = context;
  const { email, password } = change;
  const user = portal.users.update(userId, {
    ...(email !== undefined && { email }),
    ...(password !== undefined && { password }),
    ...(password !== undefined && rules.changeUser && { pending_foreign_password: password }),
  });
  if (!rules.changeUser) return;
  jobs.add({ name: 'UserUpdateJob', about: user.login }, () => sendChange(context, userId, change));
}

/** What the companion has confirmed becomes the password in use, also when no password was changed: then there is none. */
async function sendChange(
  context: OutboundContext,
  userId: number,
  { email }: { readonly email?: string },
): Promise<void> {
  const { portal, rules, companion, admin } = context;
  const user = mustHaveUser(context, userId);
  // Of a user without an account in the cloud nothing is said.
  if (!rules.changeUser || user.cloud_user_id === null) return;
  const [method, path] = rules.changeUser;
  const password = user.pending_foreign_password;
  const user_info = {
    ...accountIn(context, user.billing_acct_id),
    cloud_user_id: user.cloud_user_id,
    new_data: { ...(email !== undefined && { email }), ...(password !== null && { password }) },
  };
  await companion.call({ method, path, body: { cloud_env: admin(), user_info } });
  portal.users.update(userId, { foreign_password: password, pending_foreign_password: null });
}

/**
 * An administrator deletes a user: marked until the companion has done so in the cloud.
 *
 * @throws {RecordInvalid} the release cannot, or the user still owns racks or a team
 */
export function deleteUser(context: OutboundContext, userId: number): void {
  const { portal, rules } = context;
  const user = mustHaveUser(context, userId);
  const ownsTeam = rules.signUp === 'user' && user.team_name !== null;
  if (!portal.rules.userDeletion) throw new RecordInvalid('There is no such page.');
  if (ownsTeam || portal.racks.all().some((rack) => rack.user_id === userId)) {
    throw new RecordInvalid('Cannot delete user as they have racks or a team');
  }
  if (portal.rules.userDeletion === 'at once') return portal.deleteUser(userId);
  markUser(portal, userId);
  queueUserDeletion(context, userId);
}

/** The job that deletes a user who is marked, first in the cloud. */
export function queueUserDeletion(context: OutboundContext, userId: number): void {
  const about = mustHaveUser(context, userId).login;
  context.jobs.add({ name: 'UserDeletionJob', about }, () => sendDeletion(context, userId));
}

async function sendDeletion(context: OutboundContext, userId: number): Promise<void> {
  const { portal, rules, companion, admin } = context;
  const user = mustHaveUser(context, userId);
  if (user.cloud_user_id !== null && rules.deleteUser) {
    const [method, path] = rules.deleteUser;
    const user_info = {
      ...accountIn(context, user.billing_acct_id),
      cloud_user_id: user.cloud_user_id,
      ...(rules.signUp === 'user and project' && { project_id: user.project_id }),
    };
    await companion.call({ method, path, body: { cloud_env: admin(), user_info } });
  }
  portal.deleteUser(userId);
}

/** A user has an account in releases without teams alone; here it has the later one of its two names. */
function accountIn({ rules }: OutboundContext, billing_acct_id: string | null) {
  return rules.signUp === 'user' ? {} : { billing_acct_id };
}
