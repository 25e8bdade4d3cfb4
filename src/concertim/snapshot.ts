import { ShapeError } from '../http/errors.ts';
import { ServiceError } from '../runtime/severity.ts';
import { readDevices } from './devices.ts';
import { ConcertimError } from './errors.ts';
import { fitsNoOther, fitsRelease } from './fits-release.ts';
import type { PortalSnapshot, UnreadableRow } from './model.ts';
import { readOwners } from './owners.ts';
import type { PortalProfile } from './profile.ts';
import { readRacks } from './racks.ts';
import type { Session } from './session.ts';
import { readTemplates } from './templates.ts';

/** Racks and their devices. */
export type Furnishing = Pick<PortalSnapshot, 'racks' | 'devices'> & {
  readonly unreadable: readonly UnreadableRow[];
};

/**
 * The whole portal in four requests, and those that find out its release if that is not known. If the rows show that the portal
 * was upgraded meanwhile, its release is found out again and everything is read once more.
 *
 * @param furnishing gives the racks and devices of a portal of that release; default: all of them, in two lists
 * @throws {ServiceError} fatal when it is not one of the releases
 */
export async function readPortal(
  session: Session,
  signal?: AbortSignal,
  furnishing: (profile: PortalProfile) => Promise<Furnishing> = () => readFurnishing(session, signal),
): Promise<PortalSnapshot> {
  const profile = await session.presumedProfile(signal);
  const read = await readAs(session, profile, furnishing, signal).catch(strangeness);
  if (read instanceof Error || !fitsRelease(profile, read)) session.doubtProfile();
  else if (fitsNoOther(profile, read)) session.confirmProfile();
  // A sign-in or a failure in between may have put the profile in doubt as well.
  const found = await session.profile(signal);
  if (found !== profile) return readAs(session, found, furnishing, signal);
  if (read instanceof Error) throw unknownPortal(profile, read);
  return read;
}

/** The error if it means that an answer does not fit the release. @throws any other error */
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
  furnishing: (profile: PortalProfile) => Promise<Furnishing>,
  signal: AbortSignal | undefined,
): Promise<PortalSnapshot> {
  const [owners, { racks, devices, unreadable }, templates] = await Promise.all([
    readOwners(session, { profile, signal }),
    furnishing(profile),
    readTemplates(session, { signal }),
  ]);
  return {
    profile,
    owners: owners.rows,
    racks,
    devices,
    templates: templates.rows,
    unreadable: [...owners.unreadable, ...unreadable, ...templates.unreadable],
  };
}

/** All racks and all devices. A rack created meanwhile may be missing while its devices are listed, never the reverse. */
export async function readFurnishing(session: Session, signal?: AbortSignal): Promise<Furnishing> {
  const racks = await readRacks(session, { signal });
  const devices = await readDevices(session, { signal });
  return {
    racks: racks.rows,
    devices: devices.rows,
    unreadable: [...racks.unreadable, ...devices.unreadable],
  };
}
