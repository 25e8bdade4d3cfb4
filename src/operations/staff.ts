import { findRole, findUsers } from '../openstack/identity.ts';
import type { RoleId, UserId } from '../openstack/model.ts';
import type { Session } from '../openstack/session.ts';
import { OperationError } from './operation-error.ts';

/** The roles and users, other than the new one, that a portal user's project needs. */
export interface Staff {
  readonly roles: {
    readonly watcher: RoleId;
    readonly member: RoleId;
    readonly admin: RoleId;
    readonly rating?: RoleId;
  };
  readonly users: { readonly concertim: UserId; readonly cloudkitty?: UserId };
}

/**
 * Finds them all.
 *
 * @throws {OperationError} prerequisite-missing: names each that is not there, with the command that makes it
 */
export async function findStaff(
  session: Session,
  { domainId, billing }: { domainId: string; billing: boolean },
): Promise<Staff> {
  const missing: string[] = [];
  const role = async (name: string) => {
    const id = await findRole(session, name);
    if (id === undefined) missing.push(`role ${name} (openstack role create ${name})`);
    return id as RoleId;
  };
  const user = async (name: string) => {
    const users = await findUsers(session, { name });
    // Services often have a domain of their own.
    const found =
      users.find((each) => each.domainId === domainId) ?? (users.length === 1 ? users[0] : undefined);
    if (!found) {
      missing.push(`user ${name} (openstack user create --domain ${domainId} --password-prompt ${name})`);
    }
    return found?.id as UserId;
  };
  const [watcher, member, admin, concertim, rating, cloudkitty] = await Promise.all([
    role('watcher'),
    role('member'),
    role('admin'),
    user('concertim'),
    billing ? role('rating') : undefined,
    billing ? user('cloudkitty') : undefined,
  ]);
  if (missing.length > 0) {
    throw new OperationError('prerequisite-missing', `Keystone lacks ${missing.sort().join(', ')}.`);
  }
  return {
    roles: { watcher, member, admin, ...(rating && { rating }) },
    users: { concertim, ...(cloudkitty && { cloudkitty }) },
  };
}
