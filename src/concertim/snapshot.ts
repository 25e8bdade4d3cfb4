import { listDevices } from './devices.ts';
import type { Owner, PortalSnapshot } from './model.ts';
import { listOwners } from './owners.ts';
import type { OwnerField, PortalProfile } from './profile.ts';
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
  if (!isLike(profile, portal)) session.doubtProfile();
  // A sign-in, or a failure, in between had it doubted as well.
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
function isLike(profile: PortalProfile, { owners, racks, devices, templates }: PortalSnapshot): boolean {
  const hasKinds = profile.deviceKinds === 'details' || profile.deviceKinds === 'typed';
  return (
    owners.every((owner) => isOwnerOf(profile, owner)) &&
    racks.every(({ id, orderId }) => isIdOf(profile, id) && (orderId !== undefined) === profile.orders) &&
    devices.every(({ cost, type }) => (cost !== undefined) === profile.costs && isTypeOf(profile, type)) &&
    templates.every(({ tag }) => (tag !== undefined) === hasKinds)
  );
}

/** Of credits teams alone show theirs. */
function isOwnerOf(profile: PortalProfile, { kind, id, account }: Owner): boolean {
  const has = (field: OwnerField) => profile.ownerFields.includes(field);
  return (
    isIdOf(profile, id) &&
    (account.billingAccountId !== undefined) === has('billingAccountId') &&
    (kind === 'user' || (account.credits !== undefined) === has('credits'))
  );
}

function isTypeOf({ deviceKinds }: PortalProfile, type: string | undefined): boolean {
  if (type === undefined) return deviceKinds === 'bare' || deviceKinds === 'flat';
  return type.startsWith('Device::') ? deviceKinds === 'details' : deviceKinds === 'typed';
}

function isIdOf({ ids }: PortalProfile, id: number | string): boolean {
  return (typeof id === 'number') === (ids === 'integer');
}
