import { findRole, grantRole, revokeRole } from '../openstack/identity.ts';
import type { ProjectId, RoleId, UserId } from '../openstack/model.ts';
import type { Session } from '../openstack/session.ts';
import type { Audit } from './audit.ts';
import { OperationError } from './operation-error.ts';
import { ownProject, ownUser } from './own-by-id.ts';

/** What somebody can be in a team of the portal. */
export const teamRoles = ['admin', 'member'] as const;
/** One of the portal's roles in a team. */
export type TeamRole = (typeof teamRoles)[number];

/**
 * Names of Keystone's roles for each. Never the same names: by the stock policies Keystone's `admin` rules the whole cloud,
 * in whatever project it is held.
 */
export type RoleMapping = Readonly<Record<TeamRole, readonly string[]>>;

/** The role a user has in a team, and the role to give. */
export interface Membership {
  readonly userId: UserId;
  readonly projectId: ProjectId;
  /** undefined: what it was is not known, or nothing. */
  readonly from: TeamRole | undefined;
  /** undefined: no longer of the team. */
  readonly to: TeamRole | undefined;
}

/**
 * Makes a user's roles in a team's project what the portal says. First what is new is granted, then what is old revoked:
 * broken off in between, a repeat ends it. What the service of 2024 granted by the portal's own names goes with the old.
 *
 * @throws {OperationError} not-found: there is no such user or project; forbidden: it is not the portal's;
 * prerequisite-missing: a role that the configuration names
 */
export async function changeMembership(
  session: Session,
  { userId, projectId, from, to }: Membership,
  { mapping, audit }: { readonly mapping: RoleMapping; readonly audit: Audit },
): Promise<void> {
  const [user, project] = await Promise.all([ownUser(session, userId), ownProject(session, projectId)]);
  if (!user || !project) {
    if (to === undefined) return;
    throw new OperationError(
      'not-found',
      user ? `Keystone has no project ${projectId}.` : `Keystone has no user ${userId}.`,
    );
  }
  const wanted = to ? mapping[to] : [];
  const old = from ? [...mapping[from], from] : [];
  // What any team role may have meant: a role that was changed twice while an answer was lost.
  const others = to && from ? teamRoles.flatMap((role) => mapping[role]) : [];
  const unwanted = [...new Set([...old, ...others])].filter((name) => !wanted.includes(name));
  const ids = await idsOf(session, wanted);
  for (const { name, id } of ids) {
    await grantRole(session, { userId, projectId, roleId: id });
    audit({ verb: 'granted', kind: 'role', id: userId, name: user.name, detail: `${name} in ${projectId}` });
  }
  for (const name of unwanted) {
    const id = await findRole(session, name);
    if (id === undefined) continue;
    await revokeRole(session, { userId, projectId, roleId: id });
    audit({ verb: 'revoked', kind: 'role', id: userId, name: user.name, detail: `${name} in ${projectId}` });
  }
}

async function idsOf(session: Session, names: readonly string[]): Promise<{ name: string; id: RoleId }[]> {
  const found = await Promise.all(names.map(async (name) => ({ name, id: await findRole(session, name) })));
  const missing = found.filter(({ id }) => id === undefined).map(({ name }) => name);
  if (missing.length > 0) {
    const commands = missing.map((name) => `role ${name} (openstack role create ${name})`);
    throw new OperationError('prerequisite-missing', `Keystone lacks ${commands.join(', ')}.`);
  }
  return found as { name: string; id: RoleId }[];
}
