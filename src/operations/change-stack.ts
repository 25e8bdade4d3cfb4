import type { Reference, StackId } from '../openstack/model.ts';
import { actOnStack, deleteStack, findStack } from '../openstack/orchestration.ts';
import type { Session } from '../openstack/session.ts';
import { OperationError } from './operation-error.ts';

/** What the portal lets its users do to a rack. */
export const stackChanges = ['suspend', 'resume', 'destroy'] as const;
/** One of these. */
export type StackChange = (typeof stackChanges)[number];

/**
 * Has Heat begin the change.
 *
 * @returns what to look at again
 * @throws {OpenStackError} 409: something else is under way with the stack; 403: not allowed
 * @throws {OperationError} not-found: no such stack, or not any more
 */
export async function changeStack(session: Session, id: StackId, change: StackChange): Promise<Reference> {
  // Heat wants a stack's name besides its id. An administrator's may be in another project than the session's.
  const found = await findStack(session, id);
  if (!found) throw new OperationError('not-found', `Heat has no stack ${id}.`);
  const { stack } = found;
  if (stack.status === 'DELETE_COMPLETE') {
    throw new OperationError('not-found', `Stack ${stack.name} is deleted already.`);
  }
  if (change === 'destroy') await deleteStack(session, stack);
  else await actOnStack(session, stack, change);
  return { kind: 'stack', id, projectId: stack.projectId, deleted: false };
}
