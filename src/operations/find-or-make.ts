import { BodyError, ConnectionError, TimeoutError } from '../http/errors.ts';
import { OpenStackError } from '../openstack/errors.ts';

/** How to create something that can exist only once, such as a project of a name. */
export interface Making<T> {
  readonly create: () => Promise<T>;
  /** Looks for it again. */
  readonly find: () => Promise<T | undefined>;
  /** Called when this call, and no other, has created it. */
  readonly isMade?: (it: T) => void;
}

/**
 * Makes it, at most once. When somebody else was faster, or the answer was lost, it is looked for: then it may be
 * another's work, and is not ours to take back.
 */
export async function make<T>({ create, find, isMade }: Making<T>): Promise<T> {
  try {
    const it = await create();
    isMade?.(it);
    return it;
  } catch (error) {
    const mayBeThere =
      error instanceof OpenStackError
        ? error.status === 409 || error.status >= 500
        : error instanceof ConnectionError || error instanceof TimeoutError || error instanceof BodyError;
    const found = mayBeThere ? await find() : undefined;
    if (found) return found;
    throw error;
  }
}
