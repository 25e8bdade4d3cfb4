import { ConcertimError } from '../concertim/errors.ts';
import { BodyError, ConnectionError, TimeoutError } from '../http/errors.ts';

/**
 * A create is never repeated blindly: the portal would make a second object. Where a failed create may
 * still have been carried out, the object is looked for; if it does not exist, the next run, which reads the portal first, tries again.
 *
 * @throws what `create` threw, where nothing was found
 */
export async function createOnce<T>(
  create: () => Promise<T>,
  find: () => Promise<T | undefined>,
  signal: AbortSignal | undefined,
): Promise<T> {
  try {
    return await create();
  } catch (error) {
    if (!mayHaveBeenCarriedOut(error) || signal?.aborted) throw error;
    const found = await find();
    if (found) return found;
    throw error;
  }
}

/** No answer, one that cannot be read, or one of a proxy that has given up waiting. */
function mayHaveBeenCarriedOut(error: unknown): boolean {
  if (error instanceof ConnectionError) return error.maybeCarriedOut;
  if (error instanceof TimeoutError || error instanceof BodyError) return true;
  return error instanceof ConcertimError && error.status >= 500;
}
