import type { User as PortalUser } from '../../concertim/model.ts';
import { findRole, showUser, type User } from '../../openstack/identity.ts';
import { listAssignments, type RoleAssignment } from '../../openstack/role-assignments.ts';
import type { Token } from '../../openstack/token.ts';
import { isConcertims } from '../../operations/managed.ts';
import { error, type Finding, ok } from '../finding.ts';
import type { Patient } from '../patient.ts';

/**
 * Whether somebody who signed up in the portal is an administrator of the cloud. The service of 2024 gave the admin of a
 * team Keystone's role `admin`, and by the stock policies of Nova, Neutron and Cinder that role rules the whole cloud,
 * whatever the project it is held in.
 */
export async function checkPortalAdmins(
  { cloud, config }: Patient,
  token: Token,
  users: readonly PortalUser[],
): Promise<Finding[]> {
  const check = 'keystone.portal-admins';
  const roleId = await findRole(cloud, 'admin');
  // Another check reports the missing role.
  if (roleId === undefined) return [];
  const held = (await listAssignments(cloud, { roleId })).filter(
    ({ userId, projectId }) => userId !== token.userId && projectId !== token.projectId,
  );
  const known = new Map(users.flatMap((user) => (user.root ? [] : [[user.cloudUserId, user.login]])));
  const holders = await Promise.all(
    [...new Set(held.map(({ userId }) => userId))].map((id) => showUser(cloud, id)),
  );
  const portalUsers = new Map(
    holders
      .filter((user) => user !== undefined)
      .filter((user) => known.has(user.id) || isConcertims(user))
      .map((user) => [user.id, user]),
  );
  const findings = held.flatMap((assignment) => {
    const user = portalUsers.get(assignment.userId);
    return user ? [findingOf(check, { assignment, user, roles: config.api.teamRoles.admin })] : [];
  });
  if (findings.length > 0) return findings;
  return [ok(check, 'No user of the portal has the role admin outside the admin project')];
}

function findingOf(
  check: string,
  given: { assignment: RoleAssignment; user: User; roles: readonly string[] },
): Finding {
  const { user, roles } = given;
  const { projectId, place } = given.assignment;
  const common = {
    found: `User ${user.name} (${user.id}) signed up in the portal and has the role admin ${projectId ? `in project ${projectId}` : `on ${place}`}`,
    why: 'With the usual policies of OpenStack this role is that of an administrator of the whole cloud: every server, network and volume is open to that user.',
  };
  if (projectId === undefined) {
    const where = place === 'the system' ? '--system all' : `--domain ${place.split(' ').at(-1)}`;
    return error(check, { ...common, repair: `openstack role remove --user ${user.id} ${where} admin` });
  }
  const at = `--user ${user.id} --project ${projectId}`;
  return error(check, {
    ...common,
    repair: [
      ...roles.map((role) => `openstack role add ${at} ${role}`),
      `openstack role remove ${at} admin`,
    ].join('; '),
    remedy: { kind: 'replace-role', userId: user.id, projectId, role: 'admin', by: roles },
  });
}
