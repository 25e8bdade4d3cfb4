import { listDevices } from './devices.ts';
import type { PortalSnapshot } from './model.ts';
import { listOwners } from './owners.ts';
import type { PortalProfile } from './profile.ts';
import { listRacks } from './racks.ts';
import type { Session } from './session.ts';
import { listTemplates } from './templates.ts';

/**
 * The whole portal in four requests, and in those that find out its release where that is not known. A portal that was
 * upgraded meanwhile shows it in its rows: then its release is found out again, and all is read once more.
 */
export async function readPortal(session: Session, signal?: AbortSignal): Promise<PortalSnapshot> {
  const profile = await session.profile(signal);
  const portal = await readAs(session, profile, signal);
  if (isLike(profile, portal)) return portal;
  session.doubtProfile();
  const found = await session.profile(signal);
  return found === profile ? portal : readAs(session, found, signal);
}

async function readAs(
  session: Session,
  profile: PortalProfile,
  signal: AbortSignal | undefined,
): Promise<PortalSnapshot> {
  const [owners, racks, devices, templates] = await Promise.all([
    listOwners(session, profile, signal),
    listRacks(session, signal),
    listDevices(session, signal),
    listTemplates(session, signal),
  ]);
  return { profile, owners, racks, devices, templates };
}

/** Whether the rows, where there are any, have what the release's have and nothing besides. */
function isLike(profile: PortalProfile, { racks, devices, templates }: PortalSnapshot): boolean {
  const hasKinds = profile.deviceKinds === 'details' || profile.deviceKinds === 'typed';
  return (
    racks.every(({ id, orderId }) => isIdOf(profile, id) && (orderId !== undefined) === profile.orders) &&
    devices.every(({ cost }) => (cost !== undefined) === profile.costs) &&
    templates.every(({ tag }) => (tag !== undefined) === hasKinds)
  );
}

function isIdOf({ ids }: PortalProfile, id: number | string): boolean {
  return (typeof id === 'number') === (ids === 'integer');
}
