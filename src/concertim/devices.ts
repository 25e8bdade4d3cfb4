import { parseBody } from '../http/body.ts';
import type { ListOptions } from '../http/list-options.ts';
import { memoryOfEach } from '../http/row-memory.ts';
import { ServiceError } from '../runtime/severity.ts';
import { deleteRecord } from './delete-record.ts';
import { fitDescription } from './description.ts';
import { ConcertimError } from './errors.ts';
import type { Device, DeviceDraft, DeviceId, DevicePatch, Location, Rows, UnreadableRow } from './model.ts';
import { readRows } from './read-rows.ts';
import type { Session } from './session.ts';
import { showRecord } from './show-record.ts';
import type { DeviceKind } from './statuses.ts';
import * as wire from './wire/device.ts';
import { kinds, namesOfKind } from './wire/device.ts';
import { rowOrUnreadable } from './wire/unreadable-row.ts';

const collection = '/api/v1/devices';
const member = '/api/v1/devices/{id}';
/** Where devices are made, and only made. */
const nodes = '/api/v1/nodes';

const memoryOf = memoryOfEach<Device | UnreadableRow>();
const Row = rowOrUnreadable(wire.Device, 'device');

/** All devices in all racks, in no stable order. Leaves out rows that cannot be read: see `readDevices`. */
export async function listDevices(session: Session, options: ListOptions = {}): Promise<Device[]> {
  return (await readDevices(session, options)).rows;
}

/** All devices, and the rows that cannot be read. */
export async function readDevices(session: Session, { signal }: ListOptions = {}): Promise<Rows<Device>> {
  return readRows(session, { path: collection, signal }, Row, memoryOf(session));
}

/** One device, wherever it stands; undefined: no device has this id. */
export async function showDevice(
  session: Session,
  id: DeviceId,
  signal?: AbortSignal,
): Promise<Device | undefined> {
  const response = await showRecord(session, { path: `${collection}/${id}`, route: member, signal });
  return response && parseBody(response, wire.Device);
}

/**
 * Makes a device. The portal tests only its lowest unit for room, and has no unique index on names: creates in one rack
 * must follow each other.
 *
 * @throws {ConcertimError} `isTaken` when the rack has a device of that name; of kind `failed` when there is no such rack
 */
export async function createDevice(
  session: Session,
  draft: DeviceDraft,
  signal?: AbortSignal,
): Promise<Device> {
  const { templateId, location, kind, createdAt, ...patch } = draft;
  const place = { rack_id: location.rackId, start_u: location.startU, facing: location.facing };
  const response = await session.request({
    method: 'POST',
    path: nodes,
    route: nodes,
    body: {
      template_id: templateId,
      device: {
        type: kinds[kind].type,
        ...attributes(kind, patch),
        cloud_created_at: createdAt,
        location: place,
      },
    },
    accept: [500],
    signal,
  });
  if (response.status === 500) {
    throw new ConcertimError(response, {
      hint: `Probably rack ${location.rackId} is gone: the portal answers so for a rack that it does not know.`,
    });
  }
  return parseBody(response, wire.Device);
}

/**
 * Changes the fields that `patch` names. Never the type: after such a change the portal only lets the device be deleted. Use
 * `moveDevice` to move it: if one request did both and the move was refused, the other change would still be carried out.
 */
export async function updateDevice(
  session: Session,
  { id, kind }: Pick<Device, 'id' | 'kind'>,
  patch: DevicePatch,
  signal?: AbortSignal,
): Promise<Device> {
  const response = await session.request({
    method: 'PATCH',
    path: `${collection}/${id}`,
    route: member,
    body: { device: attributes(kind, patch) },
    idempotent: true,
    signal,
  });
  return parseBody(response, wire.Device);
}

/**
 * Moves a device within its rack. The portal cannot move it to another rack: delete it and create it there.
 *
 * @returns where it stands now
 * @throws {ConcertimError} of kind `invalid` when the place is taken or outside the rack; the device stays where it is
 */
export async function moveDevice(
  session: Session,
  { id }: Pick<Device, 'id'>,
  { startU, facing }: Pick<Location, 'startU' | 'facing'>,
  signal?: AbortSignal,
): Promise<Device> {
  await session.request({
    method: 'PATCH',
    path: `${collection}/${id}`,
    route: member,
    // The portal refuses a location that lacks one of the two.
    body: { device: { location: { start_u: startU, facing } } },
    idempotent: true,
    signal,
  });
  // The answer to the move shows the previous place.
  const moved = await showDevice(session, id, signal);
  if (!moved)
    throw new ServiceError(`Device ${id} was deleted in the portal while this service moved it.`, {
      severity: 'terminal',
      hint: 'The next run creates it again if its server still exists.',
    });
  return moved;
}

/** Deletes a device; one that is gone already counts as deleted. */
export async function deleteDevice(session: Session, id: DeviceId, signal?: AbortSignal): Promise<void> {
  await deleteRecord(session, { path: `${collection}/${id}`, route: member, signal });
}

/**
 * Releases with kinds of devices take details under a key of their own; earlier ones, which only have servers, take them flat.
 * A patch without details has neither.
 */
function attributes(kind: DeviceKind, patch: DevicePatch) {
  const details: Record<string, unknown> = {};
  let hasDetails = false;
  for (const [ours, theirs] of namesOfKind[kind]) {
    const value = patch[ours as keyof DevicePatch];
    if (value === undefined) continue;
    details[theirs] = value;
    hasDetails = true;
  }
  return {
    name: patch.name,
    description: fitDescription(patch.description),
    status: patch.status,
    metadata: patch.metadata,
    cost: patch.cost,
    ...(kind === 'server' && details),
    ...(hasDetails && { details: { type: kinds[kind].details, ...details } }),
  };
}
