import type { HttpResponse } from '../http/client.ts';
import { ConcertimError, saysNoSuchRecord } from './errors.ts';
import type { Session } from './session.ts';

/** The portal's answer with one record; undefined when it says that there is none. */
export async function showRecord(
  session: Session,
  record: { path: string; route: string; signal: AbortSignal | undefined },
): Promise<HttpResponse | undefined> {
  const response = await session.request({ method: 'GET', accept: [404], ...record });
  if (saysNoSuchRecord(response)) return undefined;
  if (response.status === 404) throw new ConcertimError(response);
  return response;
}
