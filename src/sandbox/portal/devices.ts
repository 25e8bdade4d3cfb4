import { parseTime } from '../../runtime/clock.ts';
import {
  asDecimal,
  asText,
  isNothing,
  type JsonObject,
  numericality,
  object,
  type Scalar,
  scalar,
} from './attributes.ts';
import { badFormat, blank, Complaints, notIncluded, said, taken, tooLong } from './complaints.ts';
import { deviceJson, shownDeviceJson } from './device-json.ts';
import { castDetails, detailsOf, isKind } from './device-kinds.ts';
import { jsonb } from './jsonb.ts';
import { placeComplaints } from './location.ts';
import type { DeviceRow, Portal, TemplateRow, UserRow } from './portal.ts';
import { isSavable, mayChange, maySee } from './racks.ts';
import { crash, forbidden, noSuchRecord, Refusal } from './refusal.ts';
import { hasKinds } from './release-rules.ts';

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
  'type',
  'details',
  'cloud_created_at',
] as const;

const invalid = said('is invalid');
const longestName = 150;
const longestDescription = 255;
const texts = ['description', 'public_ips', 'private_ips', 'ssh_key', 'login_user'] as const;
const objects = ['metadata', 'volume_details'] as const;

type DeviceColumns = Partial<Omit<DeviceRow, 'id'>>;

/** Devices that a user may see: those in racks that the user may see. */
export function visibleDevices(portal: Portal, caller: UserRow): DeviceRow[] {
  const devices = portal.devices.all();
  return caller.root ? devices : devices.filter((device) => isAllowed(portal, caller, device, maySee));
}

export function showDevice(portal: Portal, caller: UserRow, device: DeviceRow): string {
  if (!isAllowed(portal, caller, device, maySee)) throw forbidden('show', device.name);
  return shownDeviceJson(portal, device);
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
  const rack = portal.racks.get(portal.ids.read(scalar(sent, 'rack_id')));
  if (rack ? !mayChange(portal, caller, rack) : !caller.root) throw forbidden('update', rack?.name ?? '');
  const facing = 'facing' in sent ? sent['facing'] : 'f';
  const { complaints, place } = placeComplaints(portal, { sent, rack, template, facing, device: undefined });
  if (!complaints.none || !rack) throw new Refusal(422, complaints.codes());
  const kind = kindOf(portal, attributes, undefined);
  const wrong = deviceComplaints(portal, attributes, { rackId: rack.id, device: undefined, kind });
  if (kind) checkKind(portal, { kind, template, attributes }, wrong);
  if (portal.rules.clusterTypes && !isTime(scalar(attributes, 'cloud_created_at'))) {
    wrong.add('cloud_created_at', { ...blank, options: { with: 'true' } });
  }
  if (!wrong.none) throw new Refusal(422, wrong.codes());
  refuseUnstorable(portal, attributes);
  return () => {
    const present = portal.racks.get(rack.id);
    if (!present) throw noSuchRecord();
    if (!isSavable(portal, present)) throw new Refusal(422, {});
    const columns = sentColumns(portal, attributes, { kind: kind ?? 'Instance', details: {} });
    const device = portal.addDevice({
      name: '',
      ...columns,
      kind: kind ?? 'Instance',
      ...place,
      template_id: template.id,
    });
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
  if (!isAllowed(portal, caller, device, mayChange)) throw forbidden('update', device.name);
  const kind = kindOf(portal, attributes, device);
  const complaints = deviceComplaints(portal, attributes, { rackId: device.rack_id, device, kind });
  const type = object(attributes, 'details')?.['type'];
  if (type !== undefined && kind && hasKinds(portal.rules) && type !== detailsOf[kind].type) {
    complaints.add('details', said('must exist'), blank);
    complaints.add('details_type', said('Cannot be changed once a device has been created'));
    if (portal.rules.devices === 'typed')
      complaints.add('details_type', said(`must have ${detailsOf[kind].says} details`));
  }
  if (portal.rules.clusterTypes && attributes['cloud_created_at'] === null) {
    complaints.add('cloud_created_at', blank);
  }
  refuseAnotherType(portal, device, scalar(attributes, 'type'), complaints);
  if (!complaints.none) throw wrapped(complaints);
  refuseUnstorable(portal, attributes);
  const saved = save(portal, device, sentColumns(portal, attributes, device));
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

/**
 * Another type is refused in main and later, and stored all the same: from then on every change is refused.
 *
 * @throws {Refusal} 422
 */
function refuseAnotherType(portal: Portal, device: DeviceRow, type: Scalar, complaints: Complaints): void {
  if (portal.rules.devices !== 'typed') return;
  if (isKind(type) && type !== device.kind) {
    portal.devices.update(device.id, { kind: type });
    complaints.add('details', invalid);
    throw wrapped(complaints);
  }
  if (device.kind === device.details_kind) return;
  const { says } = detailsOf[device.kind];
  complaints.add('details', invalid);
  complaints.add('details_type', said(`must have ${says} details`));
  complaints.add('template', said(`must use the ${says} template`));
}

/** `DELETE /api/v1/devices/{id}` */
export function deleteDevice(portal: Portal, caller: UserRow, device: DeviceRow): void {
  if (!isAllowed(portal, caller, device, mayChange)) throw forbidden('destroy', device.name);
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

/** The rights to a device are those to its rack; a device outside any rack is for super-users alone. */
function isAllowed(portal: Portal, caller: UserRow, device: DeviceRow, may: typeof maySee): boolean {
  const rack = portal.racks.get(device.rack_id ?? 0);
  return rack ? may(portal, caller, rack) : caller.root;
}

function deviceComplaints(
  portal: Portal,
  attributes: JsonObject,
  {
    rackId,
    device,
    kind,
  }: {
    rackId: number | null;
    device: DeviceRow | undefined;
    /** undefined: the portal knows no such type, and so no status. */
    kind: DeviceRow['kind'] | undefined;
  },
): Complaints {
  const complaints = new Complaints();
  const isNew = device === undefined;
  const name = scalar(attributes, 'name');
  if (isNew || name !== undefined) checkName(portal, asText(name), rackId, device, complaints);
  const status = scalar(attributes, 'status');
  if (isNew || status !== undefined) {
    if (asText(status) === null || asText(status) === '') complaints.add('status', blank);
    const known = kind ? statusesOf(portal, kind) : [];
    if (!kind) complaints.add('status', said('must be one of '));
    else if (!known.includes(asText(status) ?? '')) {
      const words = `must be one of ${known.slice(0, -1).join(', ')} or ${known.at(-1)}`;
      const isTyped = portal.rules.devices === 'typed';
      if (!isTyped) complaints.add('status', notIncluded(status, words));
      else if (asText(status) !== null) complaints.add('status', said(words));
    }
  }
  const cost = scalar(attributes, 'cost');
  if (portal.rules.money !== 'none' && !isNothing(cost))
    complaints.add('cost', ...numericality(cost, { atLeast: 0 }));
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
  const [valid, words] = hasKinds(portal.rules)
    ? [/^[a-zA-Z0-9.-]*\n?$/, 'alphanumeric characters, dots and hyphens.']
    : [/^[a-zA-Z0-9-]*\n?$/, 'alphanumeric characters and hyphens.'];
  if (!valid.test(name)) {
    complaints.add('name', badFormat(name, `can contain only ${words}`));
  }
  const neighbours = rackId === null ? [] : portal.devicesIn(rackId);
  if (neighbours.some((other) => other.name === name && other.id !== self?.id)) complaints.add('name', taken);
}

/** What passes the validations and then not the database. */
function refuseUnstorable({ rules }: Portal, attributes: JsonObject): void {
  const cost = rules.money === 'none' ? undefined : scalar(attributes, 'cost');
  const description = asText(scalar(attributes, 'description')) ?? '';
  if ((cost !== undefined && isNothing(cost)) || description.length > longestDescription) throw crash();
}

/** @param device as it is before; details that are not sent stay */
function sentColumns(
  portal: Portal,
  attributes: JsonObject,
  device: Pick<DeviceRow, 'kind' | 'details'>,
): DeviceColumns {
  const columns: { -readonly [Name in keyof DeviceRow]?: DeviceRow[Name] } = {};
  const name = scalar(attributes, 'name');
  const status = scalar(attributes, 'status');
  const cost = scalar(attributes, 'cost');
  if (name !== undefined) columns.name = asText(name) ?? '';
  if (status !== undefined) columns.status = asText(status) ?? '';
  if (cost !== undefined) columns.cost = asDecimal(cost) ?? 0;
  const created = scalar(attributes, 'cloud_created_at');
  if (portal.rules.clusterTypes && created !== undefined) columns.cloud_created_at = asText(created);
  const details = hasKinds(portal.rules) ? object(attributes, 'details') : undefined;
  // Where there are details, what stands beside them is ignored.
  const told = details ?? attributes;
  if (details && device.kind !== 'Instance')
    columns.details = { ...device.details, ...castDetails(device.kind, without(details)) };
  for (const column of texts) {
    const value = scalar(column === 'description' ? attributes : told, column);
    if (value !== undefined) columns[column] = asText(value);
  }
  for (const column of objects) {
    const value = object(column === 'metadata' ? attributes : told, column);
    if (value) columns[column] = jsonb(value);
  }
  // Beside an object these details take a text or a list as well.
  const volumes = details?.['volume_details'];
  if (typeof volumes === 'string' || Array.isArray(volumes)) columns.volume_details = jsonb(volumes);
  return columns;
}

/** By its type or, where that is none of the release's, by the type of its details; undefined: of no kind. */
function kindOf(
  portal: Portal,
  attributes: JsonObject,
  device: DeviceRow | undefined,
): DeviceRow['kind'] | undefined {
  if (!hasKinds(portal.rules)) return 'Instance';
  const type = scalar(attributes, 'type');
  const details = object(attributes, 'details');
  if (details) checkDetails(details, device);
  if (device) return device.kind;
  if (portal.rules.devices === 'typed') {
    if (type !== undefined && type !== 'Device' && !isKind(type)) throw crash();
    return isKind(type) ? type : undefined;
  }
  return kinds.find((kind) => detailsOf[kind].type === details?.['type']) ?? 'Instance';
}

const kinds = Object.keys(detailsOf) as DeviceRow['kind'][];

/** @throws {Refusal} 500 for a type or an attribute that there is not */
function checkDetails(details: JsonObject, device: DeviceRow | undefined): void {
  const type = details['type'] ?? (device && detailsOf[device.kind].type);
  const kind = kinds.find((kind) => detailsOf[kind].type === type);
  const names = kind ? Object.keys(detailsOf[kind].columns) : [];
  if (Object.keys(without(details)).some((name) => !names.includes(name))) throw crash();
  if (!kind) throw crash();
}

/** Type, details and template must fit each other; v1.2.0 does not look. */
function checkKind(
  { rules }: Portal,
  { kind, template, attributes }: { kind: DeviceRow['kind']; template: TemplateRow; attributes: JsonObject },
  complaints: Complaints,
): void {
  if (rules.devices !== 'typed') return;
  const { type, says, tag } = detailsOf[kind];
  const sent = object(attributes, 'details')?.['type'] ?? detailsOf.Instance.type;
  if (sent !== type) complaints.add('details_type', said(`must have ${says} details`));
  if (template.tag !== tag) {
    complaints.add('template', said(`must use ${tag === null ? 'an instance' : `the ${tag}`} template`));
  }
}

function without(details: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(details).filter(([name]) => name !== 'type'));
}

function statusesOf({ rules }: Portal, kind: DeviceRow['kind']): readonly string[] {
  if (rules.devices === 'bare') return detailsOf.Network.statuses;
  return rules.devices === 'typed' ? detailsOf[kind].statuses : detailsOf.Instance.statuses;
}

function isTime(value: Scalar): boolean {
  return typeof value === 'string' && parseTime(value) !== undefined;
}

function wrapped(complaints: Complaints): Refusal {
  return new Refusal(422, { errors: complaints.messages() });
}
