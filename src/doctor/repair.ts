import { randomBytes } from 'node:crypto';
import { createRole, createUser, findRole, grantRole, revokeRole } from '../openstack/identity.ts';
import { createArchivePolicy } from '../openstack/metric.ts';
import type { RoleId } from '../openstack/model.ts';
import type { Session } from '../openstack/session.ts';
import { Secret } from '../runtime/secret.ts';
import { ServiceError } from '../runtime/severity.ts';
import { unreachable } from '../runtime/unreachable.ts';
import type { Remedy } from './finding.ts';

/** What the repair does, in a few words, for the question to the user. */
export function describeRemedy(remedy: Remedy): string {
  switch (remedy.kind) {
    case 'create-role':
      return `create role ${remedy.name}`;
    case 'create-user':
      return `create user ${remedy.name} in domain ${remedy.domainId}, with a password that nobody knows`;
    case 'grant-role':
      return `give user ${remedy.userId} the role ${remedy.role} in project ${remedy.projectId}`;
    case 'replace-role':
      return `take the role ${remedy.role} in project ${remedy.projectId} from user ${remedy.userId}, and give ${remedy.by.join(', ')} instead`;
    case 'create-archive-policy':
      return `create archive policy ${remedy.policy.name}`;
    default:
      return unreachable(remedy);
  }
}

/** Carries out one remedy. What was made meanwhile by somebody else is an error of the cloud's (409). */
export async function applyRemedy(cloud: Session, remedy: Remedy): Promise<void> {
  switch (remedy.kind) {
    case 'create-role':
      return createRole(cloud, remedy.name);
    case 'create-user':
      return createStaff(cloud, remedy);
    case 'grant-role': {
      const { userId, projectId, role } = remedy;
      return grantRole(cloud, { userId, projectId, roleId: await roleNamed(cloud, role) });
    }
    case 'replace-role': {
      const { userId, projectId, role, by } = remedy;
      const [old, ...roleIds] = await Promise.all([role, ...by].map((name) => roleNamed(cloud, name)));
      // Grant first, then revoke: if the repair stops in between, nobody has lost access.
      for (const roleId of roleIds) await grantRole(cloud, { userId, projectId, roleId });
      return revokeRole(cloud, { userId, projectId, roleId: old as RoleId });
    }
    case 'create-archive-policy':
      return createArchivePolicy(cloud, remedy.policy);
    default:
      return unreachable(remedy);
  }
}

async function roleNamed(cloud: Session, name: string): Promise<RoleId> {
  const id = await findRole(cloud, name);
  if (id !== undefined) return id;
  throw new ServiceError(`There is no role ${name} to give.`, {
    severity: 'terminal',
    hint: `Make it first: openstack role create ${name}`,
  });
}

/** Nobody signs in to these accounts with a password of ours: an administrator who wants to use one sets it. */
async function createStaff(
  cloud: Session,
  { name, domainId }: { name: string; domainId: string },
): Promise<void> {
  const { projectId } = await cloud.token();
  await createUser(cloud, {
    name,
    domainId,
    description: 'Made by concertim-openstack-service doctor --fix',
    password: new Secret(randomBytes(24).toString('base64url')),
    email: undefined,
    defaultProjectId: projectId,
  });
}
