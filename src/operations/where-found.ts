import { OpenStackError } from '../openstack/errors.ts';
import type { Session } from '../openstack/session.ts';
import { isLogin, OperationError, operationError } from './operation-error.ts';

/**
 * Does something with an object in the region that has it: an id of the cloud is in one of them alone. All are queried side by
 * side, so that one that is unavailable holds nothing up.
 *
 * @throws {OperationError} what went wrong in a region, which may be the one; not-found: all of them have answered so
 */
export async function whereFound<T>(
  sessions: readonly Session[],
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const attempts = sessions.map(async (session) => {
    try {
      return await work(session);
    } catch (error) {
      // A login that is refused is known by what Keystone answered.
      const isLoginError = error instanceof OpenStackError && isLogin(error);
      throw isLoginError ? error : operationError(error, [], session);
    }
  });
  try {
    return await Promise.any(attempts);
  } catch (error) {
    const { errors } = error as AggregateError;
    throw errors.find((each) => !isNotFound(each)) ?? errors[0];
  }
}

/** Whether a cloud has answered that it has no such object. */
export function isNotFound(error: unknown): boolean {
  if (error instanceof OpenStackError) return error.status === 404;
  return error instanceof OperationError && error.kind === 'not-found';
}
