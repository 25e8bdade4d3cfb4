import { markTeam } from '../owner-deletion.ts';
import type { TeamRoleRow } from '../portal.ts';
import { keep, mustHaveUser, type OutboundContext, textIn } from './outbound-context.ts';
import { type PageAnswer, page } from './page-answer.ts';

/** A team, by the number of the row that holds it. */
type TeamId = number;

function nameOf(context: OutboundContext, teamId: TeamId): string {
  const { login, team_name: name } = mustHaveUser(context, teamId);
  return name ?? `${login}_team`;
}

/**
 * The job that gives a team its project.
 *
 * @param options.thenRole the role that a job gives after it, tried once alone
 */
export function queueTeam(
  context: OutboundContext,
  teamId: TeamId,
  { thenRole }: { readonly thenRole?: TeamRoleRow['id'] } = {},
): void {
  const { jobs } = context;
  const about = nameOf(context, teamId);
  const isChained = thenRole !== undefined;
  jobs.add({ name: isChained ? 'CreateTeamThenRoleJob' : 'CreateTeamJob', about }, async () => {
    await createTeam(context, teamId);
    if (!isChained) return;
    const give = () => sendRole(context, thenRole, 'POST');
    jobs.add({ name: 'CreateTeamRoleJob', about }, give, { isRepeated: false });
  });
}

/** Stores the project first: after an answer without a billing account it sends the request again, with the project's id. */
async function createTeam(context: OutboundContext, teamId: TeamId): Promise<void> {
  const { companion, admin } = context;
  const team = mustHaveUser(context, teamId);
  const { body } = await companion.call({
    method: 'POST',
    path: '/team',
    body: {
      cloud_env: admin(),
      name: nameOf(context, teamId),
      ...(team.project_id !== null && { project_id: team.project_id }),
      ...(team.billing_acct_id !== null && { billing_acct_id: team.billing_acct_id }),
    },
  });
  const [projectId, accountId] = [textIn(body, 'project_id'), textIn(body, 'billing_acct_id')];
  if (projectId === undefined) throw new Error("Validation failed: Project can't be blank");
  keep(context, teamId, { project_id: projectId });
  if (accountId === undefined) throw new Error("Validation failed: Billing acct can't be blank");
  keep(context, teamId, { billing_acct_id: accountId });
}

/** The button that takes a user into a team. The portal lists the role only once the companion has given it. */
export async function addTeamRole(
  context: OutboundContext,
  draft: Omit<TeamRoleRow, 'id'>,
): Promise<PageAnswer> {
  const { portal } = context;
  const row = portal.teamRoles.insert(draft);
  const answer = await page(() => sendRole(context, row.id, 'POST'));
  if (!answer.ok) portal.teamRoles.remove(row.id);
  return answer;
}

/** The button that makes a member an admin, or the other way round. */
export async function changeTeamRole(
  context: OutboundContext,
  roleId: TeamRoleRow['id'],
  newRole: TeamRoleRow['role'],
): Promise<PageAnswer> {
  const { portal, companion, admin } = context;
  return page(async () => {
    const { role, ...place } = placeOf(context, roleId);
    const team_role = { current_role: role, new_role: newRole, ...place };
    await companion.call({ method: 'PATCH', path: '/team_role', body: { cloud_env: admin(), team_role } });
    portal.teamRoles.update(roleId, { role: newRole });
  });
}

/** The button that takes a user out of a team. The role stays listed unless the companion has taken it. */
export async function removeTeamRole(
  context: OutboundContext,
  roleId: TeamRoleRow['id'],
): Promise<PageAnswer> {
  return page(async () => {
    await sendRole(context, roleId, 'DELETE');
    context.portal.teamRoles.remove(roleId);
  });
}

/** The button that deletes a team: it stays, and looks as before, until the companion has deleted its project. */
export function deleteTeam(context: OutboundContext, teamId: TeamId): void {
  markTeam(context.portal, teamId);
  queueTeamDeletion(context, teamId);
}

/** The job that deletes a team that is marked: its project first. */
export function queueTeamDeletion(context: OutboundContext, teamId: TeamId): void {
  const { portal, companion, admin, jobs } = context;
  jobs.add({ name: 'DeleteTeamJob', about: nameOf(context, teamId) }, async () => {
    const { billing_acct_id, project_id } = mustHaveUser(context, teamId);
    const team_info = { billing_acct_id, project_id };
    await companion.call({ method: 'DELETE', path: '/team', body: { cloud_env: admin(), team_info } });
    for (const role of portal.teamRoles.all()) {
      if (role.team_id === teamId) portal.teamRoles.remove(role.id);
    }
    for (const rack of portal.racks.all()) if (rack.user_id === teamId) portal.deleteRack(rack.id);
    const gone = { team_name: null, team_deleted_at: null, project_id: null, billing_acct_id: null };
    portal.users.update(teamId, gone);
  });
}

async function sendRole(
  context: OutboundContext,
  roleId: TeamRoleRow['id'],
  method: 'POST' | 'DELETE',
): Promise<void> {
  const body = { cloud_env: context.admin(), team_role: placeOf(context, roleId) };
  await context.companion.call({ method, path: '/team_role', body });
}

function placeOf(context: OutboundContext, roleId: TeamRoleRow['id']) {
  const row = context.portal.teamRoles.get(roleId);
  if (!row) throw new TypeError(`there is no role ${roleId}`);
  return {
    role: row.role,
    project_id: mustHaveUser(context, row.team_id).project_id,
    user_id: mustHaveUser(context, row.user_id).cloud_user_id,
  };
}
