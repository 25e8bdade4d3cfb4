import { ConcertimError } from '../concertim/errors.ts';
import type { PortalProfile } from '../concertim/profile.ts';
import type { Session } from '../concertim/session.ts';
import { ServiceError, severityOf } from '../runtime/severity.ts';
import type { OutageWatch } from './outage.ts';

/** Whether the portal refused a request with a status that a portal of another release would answer too. */
export function isRefusal(error: unknown): boolean {
  return error instanceof ConcertimError && (error.status === 404 || error.status === 422);
}

/** The portal is of another release than the plan was made for: it has other owners, ids and racks. */
export class PortalUpgraded extends ServiceError {
  override readonly name = 'PortalUpgraded';

  constructor(planned: PortalProfile, found: PortalProfile) {
    super(
      `The portal was upgraded from release ${planned.release} to ${found.release} while changes were made.`,
      { severity: 'transient', hint: 'Nothing needs to be done: the next run reads it again.' },
    );
  }
}

/** Stops the run if the portal's release is not the plan's, or is not supported. */
export async function noticeUpgrade(
  session: Session,
  planned: PortalProfile,
  watch: OutageWatch,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    const found = await session.profile(signal);
    if (found !== planned) watch.giveUp(new PortalUpgraded(planned, found));
  } catch (error) {
    if (severityOf(error) === 'fatal') watch.giveUp(error);
  }
}
