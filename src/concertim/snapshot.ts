import { ShapeError } from '../http/errors.ts';
import { ServiceError } from '../runtime/severity.ts';
import { readDevices } from './devices.ts';
import { ConcertimError } from './errors.ts';
import type { Device, Owner, PortalSnapshot, Rows } from './model.ts';
import { readOwners } from './owners.ts';
import type { OwnerField, PortalProfile } from './profile.ts';
import { readRacks } from './racks.ts';
import type { Session } from './session.ts';
import { readTemplates } from './templates.ts';

/** Reads the devices of a portal of that release with these racks. */
type DevicesOf = (
  portal: Pick<PortalSnapshot, 'profile' | 'racks'>,
) => Promise<Pick<Rows<Device>, 'unreadable'> & { readonly rows: readonly Device[] }>;

/**
 * The whole portal in four requests, and in those that find out its release where that is not known. A portal that was
 * upgraded meanwhile shows it in its rows: then its release is found out again, and all is read once more.
 *
 * @param devicesOf gives the devices of the racks; default: all of them, in one list
 * @throws {ServiceError} fatal when it is not one of the releases
 */
export async function readPortal(
  session: Session,
  signal?: AbortSignal,
  devicesOf: DevicesOf = () => readDevices(session, { signal }),
): Promise<PortalSnapshot> {
  const profile = await session.profile(signal);
  const read = await readAs(session, profile, devicesOf, signal).catch(strangeness);
  if (read instanceof Error || !isLike(profile, read)) session.doubtProfile();
  // A sign-in, or a failure, in between had it doubted as well.
  const found = await session.profile(signal);
  if (found !== profile) return readAs(session, found, devicesOf, signal);
  if (read instanceof Error) throw unknownPortal(profile, read);
  return read;
}

/** What an answer is that no release gives. @throws everything else */
function strangeness(error: unknown): Error {
  const isStrange =
    error instanceof ShapeError || (error instanceof ConcertimError && error.kind === 'not-found');
  if (isStrange) return error;
  throw error;
}

function unknownPortal({ release }: PortalProfile, cause: Error): ServiceError {
  return new ServiceError(
    `The portal looks like release ${release}, and yet is none that this version knows: ${cause.message} Nothing was written.`,
    {
      severity: 'fatal',
      hint: 'Check concertim.concertim_url, and concertim.release if it is set. A newer Concertim needs a newer version of this service.',
      cause,
    },
  );
}

async function readAs(
  session: Session,
  profile: PortalProfile,
  devicesOf: DevicesOf,
  signal: AbortSignal | undefined,
): Promise<PortalSnapshot> {
  const listedRacks = readRacks(session, { signal });
  const [owners, racks, devices, templates] = await Promise.all([
    readOwners(session, { profile, signal }),
    listedRacks,
    listedRacks.then(({ rows }) => devicesOf({ profile, racks: rows })),
    readTemplates(session, { signal }),
  ]);
  return {
    profile,
    owners: owners.rows,
    racks: racks.rows,
    devices: devices.rows,
    templates: templates.rows,
    unreadable: [owners, racks, devices, templates].flatMap(({ unreadable }) => unreadable),
  };
}

/** Whether the rows, where there are any, have what the release's have and nothing besides. */
function isLike(profile: PortalProfile, { owners, racks, devices, templates }: PortalSnapshot): boolean {
  const hasKinds = profile.deviceKinds === 'details' || profile.deviceKinds === 'typed';
  return (
    owners.every((owner) => isOwnerOf(profile, owner)) &&
    racks.every(({ id, orderId }) => isIdOf(profile, id) && (orderId !== undefined) === profile.orders) &&
    devices.every((device) => isDeviceOf(profile, device)) &&
    templates.every(({ tag }) => (tag !== undefined) === hasKinds)
  );
}

/** Whether a device's row has what the release's have. */
export function isDeviceOf(profile: PortalProfile, { cost, type }: Device): boolean {
  return (cost !== undefined) === profile.costs && isTypeOf(profile, type);
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
