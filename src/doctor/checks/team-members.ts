import type { Owner, User } from '../../concertim/model.ts';
import { findRole } from '../../openstack/identity.ts';
import { listAssignments } from '../../openstack/role-assignments.ts';
import { type Finding, ok, warning } from '../finding.ts';
import type { Patient } from '../patient.ts';

/**
 * Whether everybody whom the portal shows in a team has a role in its project. When somebody signs up the portal asks for
 * that role once and does not retry, and it lists the role whatever the answer was.
 */
export async function checkTeamMembers(
  { cloud, config }: Patient,
  users: readonly User[],
  owners: readonly Owner[],
): Promise<Finding[]> {
  const check = 'keystone.team-members';
  const teams = new Map(
    owners.flatMap((owner) => (owner.kind === 'team' && owner.projectId ? [[String(owner.id), owner]] : [])),
  );
  if (teams.size === 0) return [];
  const { admin, member } = config.api.teamRoles;
  // What the service of 2024 gave counts as well: it is a finding of its own.
  const granted = await Promise.all(
    [...new Set([...admin, ...member, 'admin', 'member'])].map(async (name) => {
      const roleId = await findRole(cloud, name);
      return roleId === undefined ? [] : listAssignments(cloud, { roleId });
    }),
  );
  const held = new Set(granted.flat().map(({ userId, projectId }) => `${userId} ${projectId}`));
  const findings = users.flatMap(({ login, cloudUserId, leaving, teamIds }) => {
    if (cloudUserId === null || leaving) return [];
    const lacking = teamIds
      .map((id) => teams.get(String(id)))
      .filter((team) => team !== undefined)
      .filter(({ projectId }) => !held.has(`${cloudUserId} ${projectId}`));
    return lacking.map(({ name, projectId }) =>
      warning(check, {
        found: `Portal user ${login} is in team ${name} and has no role in its project ${projectId}`,
        why: 'The user can do nothing in that project: Concertim requested the role once, and got no answer or an error.',
        repair: `in Concertim, remove user ${login} from team ${name} and add the user again`,
      }),
    );
  });
  return findings.length > 0 ? findings : [ok(check, 'Every member of a team has a role in its project')];
}
