import { pingIdentity } from '../openstack/identity.ts';
import type { Session } from '../openstack/session.ts';
import { operationError } from './operation-error.ts';

/**
 * Whether Keystone answers, and takes our credentials.
 *
 * @throws {OperationError}
 */
export async function pingCloud(session: Session): Promise<void> {
  try {
    await pingIdentity(session);
  } catch (error) {
    throw operationError(error, [], session);
  }
}
