import { showDevice } from '../concertim/devices.ts';
import type { Device, Rack } from '../concertim/model.ts';
import { showRack } from '../concertim/racks.ts';
import type { Session } from '../concertim/session.ts';
import { claimOfRack, isOfSameObject } from './claim-of-row.ts';
import type { PortalMirror } from './mirror.ts';

/** Why a change is not tried: what it depends on does not exist, or not any more. */
export class Obstacle extends Error {}

/** The portal itself, and the rows that are known of it. */
interface Rows {
  readonly session: Session;
  readonly mirror: PortalMirror;
}

/**
 * Reads a rack again before it is deleted, since its remembered id may belong to another rack by now. A rack that no longer
 * exists counts as deleted.
 *
 * @throws {Obstacle} when the row makes another claim than the one that the plan was made for
 */
export async function confirmRack(
  { session, mirror }: Rows,
  rack: Rack,
  signal: AbortSignal | undefined,
): Promise<void> {
  const found = (await showRack(session, rack.id, signal))?.rack;
  if (!found || (claimOfRack(found) === claimOfRack(rack) && found.ownerId === rack.ownerId)) return;
  mirror.setRack(found);
  throw new Obstacle('its row in the portal has changed since it was read');
}

/** The same for a device, which must also exist and stand where it stood. @throws {Obstacle} */
export async function confirmDevice(
  { session, mirror }: Rows,
  device: Device,
  signal: AbortSignal | undefined,
): Promise<void> {
  const found = await showDevice(session, device.id, signal);
  if (found && isOfSameObject(found, device) && found.location?.rackId === device.location?.rackId) return;
  if (found) mirror.setDevice(found);
  else mirror.deleteDevice(device.id);
  throw new Obstacle('its row in the portal has changed since it was read');
}
