import { ConcertimError, saysNoSuchRecord } from './errors.ts';
import type { Session } from './session.ts';

/**
 * Deletes one record, and never what hangs on it: `recurse` would take the devices of all users with a template. One that
 * is gone already counts as deleted, so a deletion may be repeated.
 */
export async function deleteRecord(
  session: Session,
  record: { path: string; route: string; signal: AbortSignal | undefined },
): Promise<void> {
  const response = await session.request({ method: 'DELETE', accept: [404], ...record });
  if (response.status === 404 && !saysNoSuchRecord(response)) throw new ConcertimError(response);
}
