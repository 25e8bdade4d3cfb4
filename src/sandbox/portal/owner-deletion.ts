import { isoTime } from '../../runtime/clock.ts';
import type { Portal, UserRow } from './portal.ts';
import { forbidden, Refusal, titled } from './refusal.ts';

/**
 * `DELETE /api/v1/users/{id}`: the user stays, marked and without tokens, until a job has deleted the account in the cloud;
 * 0.2.3 deletes at once, and says nothing to the cloud.
 */
export function deleteUser(portal: Portal, caller: UserRow, user: UserRow, recurse: boolean): void {
  if (!caller.root || user.root) {
    throw titled(403, 'Not Authorized', 'You are not authorized to delete this user');
  }
  refuseOwnerOfRacks(portal, user, recurse, 'user');
  if (portal.rules.userDeletion === 'at once') return portal.deleteUser(user.id);
  if (!portal.deletionJobs || user.deleted_at !== null) throw new Refusal(422, {});
  markUser(portal, user.id);
  portal.deletionJobs.ofUser(user.id);
}

/** `DELETE /api/v1/teams/{id}`: the team stays, and looks as before, until a job has deleted its project. */
export function deleteTeam(portal: Portal, caller: UserRow, team: UserRow, recurse: boolean): void {
  if (!caller.root) throw forbidden('destroy', team.team_name ?? '');
  refuseOwnerOfRacks(portal, team, recurse, 'team');
  if (!portal.deletionJobs || team.team_deleted_at !== null) throw new Refusal(422, {});
  markTeam(portal, team.id);
  portal.deletionJobs.ofTeam(team.id);
}

export function markUser(portal: Portal, id: UserRow['id']): void {
  portal.users.update(id, { deleted_at: isoTime(portal.clock.now()) });
}

export function markTeam(portal: Portal, id: UserRow['id']): void {
  portal.users.update(id, { team_deleted_at: isoTime(portal.clock.now()) });
}

function refuseOwnerOfRacks(portal: Portal, owner: UserRow, recurse: boolean, what: 'user' | 'team'): void {
  if (recurse || !portal.racks.all().some((rack) => rack.user_id === owner.id)) return;
  throw titled(422, 'Unprocessable Content', `Cannot delete ${what} as they have active racks`);
}
