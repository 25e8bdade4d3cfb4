import type { Device, Owner, PortalSnapshot, Rack } from './model.ts';
import { type OwnerField, type PortalProfile, profiles } from './profile.ts';

/**
 * Whether the rows, if there are any, have exactly the fields of the release. This detects a portal that was upgraded between
 * two reads; recognise.ts then finds out its release.
 */
export function fitsRelease(
  profile: PortalProfile,
  { owners, racks, devices, templates }: Omit<PortalSnapshot, 'profile'>,
): boolean {
  const hasKinds = profile.deviceKinds === 'details' || profile.deviceKinds === 'typed';
  return (
    owners.every((owner) => ownerFits(profile, owner)) &&
    racks.every((rack) => rackFitsRelease(profile, rack)) &&
    devices.every((device) => deviceFitsRelease(profile, device)) &&
    templates.every(({ tag }) => (tag !== undefined) === hasKinds)
  );
}

/** Whether the rows, which fit the release, fit no other: then there are enough of them to tell it by. */
export function fitsNoOther(profile: PortalProfile, rows: Omit<PortalSnapshot, 'profile'>): boolean {
  return Object.values(profiles).every((other) => other === profile || !fitsRelease(other, rows));
}

export function rackFitsRelease(profile: PortalProfile, { id, orderId }: Rack): boolean {
  return idFits(profile, id) && (orderId !== undefined) === profile.orders;
}

export function deviceFitsRelease(profile: PortalProfile, { cost, type }: Device): boolean {
  return (cost !== undefined) === profile.costs && typeFits(profile, type);
}

/** Credits are not compared for users: only teams show them. */
function ownerFits(profile: PortalProfile, { kind, id, account }: Owner): boolean {
  const has = (field: OwnerField) => profile.ownerFields.includes(field);
  return (
    idFits(profile, id) &&
    (account.billingAccountId !== undefined) === has('billingAccountId') &&
    (kind === 'user' || (account.credits !== undefined) === has('credits'))
  );
}

function typeFits({ deviceKinds }: PortalProfile, type: string | undefined): boolean {
  if (type === undefined) return deviceKinds === 'bare' || deviceKinds === 'flat';
  return type.startsWith('Device::') ? deviceKinds === 'details' : deviceKinds === 'typed';
}

function idFits({ ids }: PortalProfile, id: number | string): boolean {
  return (typeof id === 'number') === (ids === 'integer');
}
