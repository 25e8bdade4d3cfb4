import { OpenStackError } from '../openstack/errors.ts';
import { changeUser as changeInKeystone } from '../openstack/identity.ts';
import type { UserId } from '../openstack/model.ts';
import type { Session } from '../openstack/session.ts';
import type { Secret } from '../runtime/secret.ts';
import type { Audit } from './audit.ts';
import { OperationError } from './operation-error.ts';
import { ownUser } from './own-by-id.ts';

/** What of a user the portal may change. */
export interface UserChange {
  readonly email: string | undefined;
  readonly password: Secret | undefined;
}

/**
 * Changes a portal user's e-mail or password in the cloud.
 *
 * @returns the names of what was changed
 * @throws {OperationError} not-found: there is no such user any more; forbidden: it is not the portal's
 */
export async function changeUser(
  session: Session,
  id: UserId,
  change: UserChange,
  audit: Audit,
): Promise<string[]> {
  const fields = (['email', 'password'] as const).filter((field) => change[field] !== undefined);
  const user = await ownUser(session, id);
  if (!user) throw new OperationError('not-found', `Keystone has no user ${id}.`);
  if (fields.length === 0) return [];
  try {
    await changeInKeystone(session, id, change);
  } catch (error) {
    // Where passwords may not be used twice, the repeat of a change whose answer was lost is refused.
    const isRepeat =
      error instanceof OpenStackError &&
      error.status === 400 &&
      change.password !== undefined &&
      (await session.opens(id, change.password));
    if (!isRepeat) throw error;
    if (change.email !== undefined) {
      await changeInKeystone(session, id, { email: change.email });
    }
  }
  audit({ verb: 'changed', kind: 'user', id, name: user.name, detail: fields.join(', ') });
  return fields;
}
