import {
  asDecimal,
  asInteger,
  asText,
  isNothing,
  type JsonObject,
  numericality,
  object,
  scalar,
} from './attributes.ts';
import { badFormat, blank, Complaints, notIncluded, said, taken, tooLong } from './complaints.ts';
import { deviceJson } from './device-json.ts';
import { jsonb } from './jsonb.ts';
import { placeComplaints } from './location.ts';
import type { DeviceRow, Portal, TemplateRow, UserRow } from './portal.ts';
import { isSavable, maySee } from './racks.ts';
import { crash, forbidden, noSuchRecord, Refusal } from './refusal.ts';

export const deviceAttributes = [
  'name',
  'description',
  'status',
  'cost',
  'public_ips',
  'private_ips',
  'ssh_key',
  'login_user',
  'metadata',
  'volume_details',
  'location',
] as const;

const statuses = ['IN_PROGRESS', 'FAILED', 'ACTIVE', 'STOPPED', 'SUSPENDED'];
const statusMessage = 'must be one of IN_PROGRESS, FAILED, ACTIVE, STOPPED or SUSPENDED';
const longestName = 150;
const longestDescription = 255;
const texts = ['description', 'public_ips', 'private_ips', 'ssh_key', 'login_user'] as const;
const objects = ['metadata', 'volume_details'] as const;

type DeviceColumns = Partial<Omit<DeviceRow, 'id'>>;

/** Devices that a user may see: those in his racks. */
export function visibleDevices(portal: Portal, caller: UserRow): DeviceRow[] {
  const devices = portal.devices.all();
  return caller.root ? devices : devices.filter((device) => mayTouch(portal, caller, device));
}

export function showDevice(portal: Portal, caller: UserRow, device: DeviceRow): string {
  if (!mayTouch(portal, caller, device)) throw forbidden('show', device.name);
  return deviceJson(portal, device);
}

/**
 * `POST /api/v1/nodes`: validates place, then device, each only if the one before is right, and gives the insertion, whose
 * result is the answer's JSON. Errors are Rails' codes, not messages.
 */
export function createNode(
  portal: Portal,
  caller: UserRow,
  template: TemplateRow,
  attributes: JsonObject,
): () => string {
  const sent = object(attributes, 'location') ?? {};
  const rack = portal.racks.get(asInteger(scalar(sent, 'rack_id')) ?? 0);
  if (rack ? !maySee(caller, rack) : !caller.root) throw forbidden('update', rack?.name ?? '');
  const facing = 'facing' in sent ? sent['facing'] : 'f';
  const { complaints, place } = placeComplaints(portal, { sent, rack, template, facing, device: undefined });
  if (!complaints.none || !rack) throw new Refusal(422, complaints.codes());
  const wrong = deviceComplaints(portal, attributes, { rackId: rack.id, device: undefined });
  if (!wrong.none) throw new Refusal(422, wrong.codes());
  refuseUnstorable(attributes);
  return () => {
    const present = portal.racks.get(rack.id);
    if (!present) throw noSuchRecord();
    if (!isSavable(portal, present)) throw new Refusal(422, {});
    const columns = sentColumns(attributes);
    const device = portal.addDevice({ name: '', ...columns, ...place, template_id: template.id });
    portal.racks.touch(rack.id);
    return deviceJson(portal, device);
  };
}

/**
 * `PATCH /api/v1/devices/{id}`: the answer's JSON. The attributes are saved before the place is looked at, and stay when
 * it is refused; the answer to a move has the old place; another rack is ignored.
 */
export function updateDevice(
  portal: Portal,
  caller: UserRow,
  device: DeviceRow,
  attributes: JsonObject,
): string {
  if (!mayTouch(portal, caller, device)) throw forbidden('update', device.name);
  const complaints = deviceComplaints(portal, attributes, { rackId: device.rack_id, device });
  if (!complaints.none) throw wrapped(complaints);
  refuseUnstorable(attributes);
  const saved = save(portal, device, sentColumns(attributes));
  const location = object(attributes, 'location');
  const template = portal.templates.get(device.template_id);
  const rack = portal.racks.get(device.rack_id ?? 0);
  if (location && template) {
    const facing = scalar(location, 'facing');
    const move = placeComplaints(portal, { sent: location, rack, template, facing, device });
    if (!move.complaints.none) throw wrapped(move.complaints);
    save(portal, saved, move.place);
  }
  return deviceJson(portal, saved);
}

/** `DELETE /api/v1/devices/{id}` */
export function deleteDevice(portal: Portal, caller: UserRow, device: DeviceRow): void {
  if (!mayTouch(portal, caller, device)) throw forbidden('destroy', device.name);
  portal.devices.remove(device.id);
}

/** Saving a device saves its rack too, with the rack's validations. */
function save(portal: Portal, device: DeviceRow, columns: DeviceColumns): DeviceRow {
  const rack = portal.racks.get(device.rack_id ?? 0);
  if (rack && !isSavable(portal, rack)) throw new Refusal(422, { errors: {} });
  const saved = portal.devices.update(device.id, columns);
  if (rack && saved !== device) portal.racks.touch(rack.id);
  return saved;
}

function mayTouch(portal: Portal, caller: UserRow, device: DeviceRow): boolean {
  const rack = portal.racks.get(device.rack_id ?? 0);
  return caller.root || (rack !== undefined && maySee(caller, rack));
}

function deviceComplaints(
  portal: Portal,
  attributes: JsonObject,
  { rackId, device }: { rackId: number | null; device: DeviceRow | undefined },
): Complaints {
  const complaints = new Complaints();
  const isNew = device === undefined;
  const name = scalar(attributes, 'name');
  if (isNew || name !== undefined) checkName(portal, asText(name), rackId, device, complaints);
  const status = scalar(attributes, 'status');
  if (isNew || status !== undefined) {
    if (asText(status) === null || asText(status) === '') complaints.add('status', blank);
    if (!statuses.includes(asText(status) ?? ''))
      complaints.add('status', notIncluded(status, statusMessage));
  }
  const cost = scalar(attributes, 'cost');
  if (!isNothing(cost)) complaints.add('cost', ...numericality(cost, { atLeast: 0 }));
  const { devices: limit } = portal.limits;
  if (isNew && limit !== undefined && portal.devices.size >= limit) {
    complaints.add('base', said(`The device limit of ${limit} has been exceeded`));
  }
  return complaints;
}

function checkName(
  portal: Portal,
  name: string | null,
  rackId: number | null,
  self: DeviceRow | undefined,
  complaints: Complaints,
): void {
  if (name === null || name.trim() === '') {
    complaints.add('name', blank);
    return;
  }
  if (name.length > longestName) complaints.add('name', tooLong(longestName));
  // Ruby's \Z lets one newline follow.
  if (!/^[a-zA-Z0-9-]*\n?$/.test(name)) {
    complaints.add('name', badFormat(name, 'can contain only alphanumeric characters and hyphens.'));
  }
  const neighbours = rackId === null ? [] : portal.devicesIn(rackId);
  if (neighbours.some((other) => other.name === name && other.id !== self?.id)) complaints.add('name', taken);
}

/** What passes the validations and then not the database. */
function refuseUnstorable(attributes: JsonObject): void {
  const cost = scalar(attributes, 'cost');
  const description = asText(scalar(attributes, 'description')) ?? '';
  if ((cost !== undefined && isNothing(cost)) || description.length > longestDescription) throw crash();
}

function sentColumns(attributes: JsonObject): DeviceColumns {
  const columns: { -readonly [Name in keyof DeviceRow]?: DeviceRow[Name] } = {};
  const name = scalar(attributes, 'name');
  const status = scalar(attributes, 'status');
  const cost = scalar(attributes, 'cost');
  if (name !== undefined) columns.name = asText(name) ?? '';
  if (status !== undefined) columns.status = asText(status) ?? '';
  if (cost !== undefined) columns.cost = asDecimal(cost) ?? 0;
  for (const column of texts) {
    const value = scalar(attributes, column);
    if (value !== undefined) columns[column] = asText(value);
  }
  for (const column of objects) {
    const value = object(attributes, column);
    if (value) columns[column] = jsonb(value);
  }
  return columns;
}

function wrapped(complaints: Complaints): Refusal {
  return new Refusal(422, { errors: complaints.messages() });
}
