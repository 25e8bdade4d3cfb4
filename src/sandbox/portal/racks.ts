import { parseTime } from '../../runtime/clock.ts';
import {
  asDecimal,
  asInteger,
  asText,
  isNothing,
  type JsonObject,
  money,
  numericality,
  object,
  scalar,
} from './attributes.ts';
import { badFormat, blank, Complaints, notIncluded, said, taken } from './complaints.ts';
import { deviceListJson } from './device-json.ts';
import { jsonb } from './jsonb.ts';
import type { Portal, RackRow, UserRow } from './portal.ts';
import { crash, forbidden, Refusal } from './refusal.ts';
import { hasTeam, ownerJson, roleIn } from './users.ts';

export const rackAttributes = [
  'name',
  'description',
  'u_height',
  'status',
  'cost',
  'creation_output',
  'metadata',
  'network_details',
  'user_id',
  'team_id',
  'order_id',
  'cloud_created_at',
  'cluster_type_name',
] as const;

const statuses = ['IN_PROGRESS', 'FAILED', 'ACTIVE', 'STOPPED'];
const statusMessage = 'must be one of IN_PROGRESS, FAILED, ACTIVE or STOPPED';
const defaultHeight = 42;
const longestName = 255;

/** What is validated of a rack: columns as they would be stored. */
type RackColumns = Omit<RackRow, 'id' | 'user_id'> & { readonly user_id: number | null };

const representations = new WeakMap<RackRow, string>();

/** A rack as lists show it, its owner only to super-users. */
export function rackJson(portal: Portal, rack: RackRow, caller: UserRow, more = ''): string {
  let json = representations.get(rack);
  if (json === undefined) {
    json = JSON.stringify(rackBody(portal, rack)).slice(0, -1);
    representations.set(rack, json);
  }
  const owner = portal.users.get(rack.user_id);
  return `${json}${(caller.root || portal.rules.owner === 'team') && owner ? `,"owner":${ownerJson(portal, owner)}` : ''}${more}}`;
}

/** A rack as it is shown alone: with its devices. */
export function rackWithDevicesJson(portal: Portal, rack: RackRow, caller: UserRow): string {
  if (!maySee(portal, caller, rack)) throw forbidden('show', rack.name);
  const devices = portal.devicesIn(rack.id).map((device) => deviceListJson(portal, device));
  return rackJson(portal, rack, caller, `,"devices":[${devices.join(',')}]`);
}

/** Whether a rack, and what stands in it, is shown to a user: the owner or, in releases with teams, each member. */
export function maySee(portal: Portal, caller: UserRow, rack: RackRow): boolean {
  if (caller.root || portal.rules.owner === 'user') return caller.root || rack.user_id === caller.id;
  return roleIn(portal, caller, rack.user_id) !== undefined;
}

/** Whether a user may change it: of a team, its admins. */
export function mayChange(portal: Portal, caller: UserRow, rack: RackRow): boolean {
  if (caller.root || portal.rules.owner === 'user') return maySee(portal, caller, rack);
  return roleIn(portal, caller, rack.user_id) === 'admin';
}

export function visibleRacks(portal: Portal, caller: UserRow): RackRow[] {
  const racks = portal.racks.all();
  return caller.root ? racks : racks.filter((rack) => maySee(portal, caller, rack));
}

/** `POST /api/v1/racks`: validates, and gives the insertion, whose result is the answer's JSON. */
export function createRack(portal: Portal, caller: UserRow, attributes: JsonObject): () => string {
  refuseDescription(attributes);
  const { owner } = portal.rules;
  const sent = scalar(attributes, `${owner}_id`);
  const isOwn = !caller.root && (owner === 'user' || isNothing(sent));
  const userId = isOwn ? caller.id : isNothing(sent) ? null : portal.ids.read(sent);
  if (owner === 'team' && !caller.root && roleIn(portal, caller, userId ?? 0) !== 'admin') {
    throw forbidden('create', '');
  }
  const columns = newColumns(portal, caller, userId, attributes);
  const complaints = new Complaints();
  const user = userId === null ? undefined : portal.users.get(userId);
  if (!user || (owner === 'team' && !user.root && !hasTeam(user))) complaints.add(owner, said('must exist'));
  checkClusterType(portal, attributes, complaints);
  checkLimit(portal, complaints);
  checkName(columns, userId === null ? 0 : portal.racksNamed(userId, columns.name), complaints);
  const height = scalar(attributes, 'u_height');
  complaints.add('u_height', ...heightComplaints(isNothing(height) ? columns.u_height : height));
  checkStatus(columns.status, complaints);
  checkOrder(portal, caller, attributes, undefined, complaints);
  checkCreationTime(portal, attributes, complaints);
  checkCost(portal, attributes, complaints);
  if (!complaints.none || userId === null) throw new Refusal(422, complaints.messages());
  refuseUnstorable(portal, columns, attributes);
  return () => {
    const rack = portal.addRack({ ...columns, user_id: userId });
    return echoed(portal, rack, caller, attributes);
  };
}

/** `PATCH /api/v1/racks/{id}`: the answer's JSON. The owner stays. */
export function updateRack(portal: Portal, caller: UserRow, rack: RackRow, attributes: JsonObject): string {
  if (!mayChange(portal, caller, rack)) throw forbidden('update', rack.name);
  refuseDescription(attributes);
  const sent = sentColumns(portal, caller, attributes);
  const columns: RackColumns = { ...rack, ...sent };
  const height = scalar(attributes, 'u_height');
  const complaints = rackComplaints(portal, rack, columns, height === undefined ? columns.u_height : height);
  checkCost(portal, attributes, complaints);
  if (attributes['order_id'] !== undefined) checkOrder(portal, caller, attributes, rack, complaints);
  if (!complaints.none) throw new Refusal(422, complaints.messages());
  refuseUnstorable(portal, columns, attributes);
  const stored = portal.racks.update(rack.id, sent);
  return echoed(portal, stored, caller, attributes);
}

/** `DELETE /api/v1/racks/{id}` */
export function deleteRack(portal: Portal, caller: UserRow, rack: RackRow, recurse: boolean): void {
  if (!mayChange(portal, caller, rack)) throw forbidden('destroy', rack.name);
  const isEmpty = portal.devicesIn(rack.id).length === 0;
  if (!isEmpty && !recurse) throw new Refusal(422, { errors: 'rack is not empty' });
  portal.deleteRack(rack.id);
}

/** Whether the portal would save a rack as it is: it does so with every change to a device in it. */
export function isSavable(portal: Portal, rack: RackRow): boolean {
  return rackComplaints(portal, rack, rack, rack.u_height).none;
}

function rackComplaints(
  portal: Portal,
  stored: RackRow,
  columns: RackColumns,
  height: string | number | boolean | null,
): Complaints {
  const complaints = new Complaints();
  const named = portal.racksNamed(stored.user_id, columns.name);
  checkName(columns, columns.name === stored.name ? named - 1 : named, complaints);
  const wrong = heightComplaints(height);
  complaints.add('u_height', ...wrong);
  const minimum = Math.max(0, ...portal.devicesIn(stored.id).map((device) => device.end_u));
  if (wrong.length === 0 && columns.u_height < minimum) {
    complaints.add(
      'u_height',
      said(`must be greater than the highest occupied U (minimum is therefore ${minimum}).`),
    );
  }
  checkStatus(columns.status, complaints);
  return complaints;
}

function checkName(columns: RackColumns, others: number, complaints: Complaints): void {
  const { name } = columns;
  if (name.trim() === '') complaints.add('name', blank);
  // Ruby's \Z lets one newline follow.
  else if (!/^[a-zA-Z0-9\-_]*\n?$/.test(name)) {
    complaints.add(
      'name',
      badFormat(name, 'can contain only alphanumeric characters, hyphens and underscores.'),
    );
  } else if (others > 0) complaints.add('name', taken);
}

function heightComplaints(height: string | number | boolean | null) {
  return numericality(height, { integer: true, greaterThan: 0, lessThan: 73 });
}

function checkStatus(status: string, complaints: Complaints): void {
  if (status === '') complaints.add('status', blank);
  if (!statuses.includes(status)) complaints.add('status', notIncluded(status, statusMessage));
}

/** By a super-user: an order that no other rack has. What others send is not taken. */
function checkOrder(
  portal: Portal,
  caller: UserRow,
  attributes: JsonObject,
  self: RackRow | undefined,
  complaints: Complaints,
): void {
  if (!portal.rules.orders || (self && !caller.root)) return;
  const order = caller.root ? asText(scalar(attributes, 'order_id')) : null;
  if (order === null || order.trim() === '') complaints.add('order_id', blank);
  else if (portal.racks.all().some((other) => other.order_id === order && other.id !== self?.id)) {
    complaints.add('order_id', taken);
  }
}

function checkClusterType(
  { rules, clusterTypes }: Portal,
  attributes: JsonObject,
  complaints: Complaints,
): void {
  if (!rules.clusterTypes) return;
  const type = asText(scalar(attributes, 'cluster_type_name'));
  if (type === null || !clusterTypes.has(type)) complaints.add('cluster_type', said('must exist'));
}

function checkCreationTime({ rules }: Portal, attributes: JsonObject, complaints: Complaints): void {
  if (!rules.clusterTypes) return;
  const time = scalar(attributes, 'cloud_created_at');
  if (typeof time !== 'string' || parseTime(time) === undefined) complaints.add('cloud_created_at', blank);
}

function checkCost({ rules }: Portal, attributes: JsonObject, complaints: Complaints): void {
  if (rules.money === 'none') return;
  const cost = scalar(attributes, 'cost');
  if (!isNothing(cost)) complaints.add('cost', ...numericality(cost, { atLeast: 0 }));
}

function checkLimit(portal: Portal, complaints: Complaints): void {
  const { racks: limit } = portal.limits;
  if (limit !== undefined && portal.racks.size >= limit) {
    complaints.add('base', said(`The rack limit of ${limit} has been exceeded`));
  }
}

/** The table has no such column, though the API lets it through. */
function refuseDescription(attributes: JsonObject): void {
  if (scalar(attributes, 'description') !== undefined) throw crash();
}

/** What passes the validations and then not the database. */
function refuseUnstorable({ rules }: Portal, columns: RackColumns, attributes: JsonObject): void {
  const cost = scalar(attributes, 'cost');
  if ((rules.money !== 'none' && cost !== undefined && isNothing(cost)) || columns.name.length > longestName)
    throw crash();
}

function sentColumns(
  { rules }: Portal,
  caller: UserRow,
  attributes: JsonObject,
): Partial<Omit<RackRow, 'id' | 'user_id'>> {
  const columns: { -readonly [Name in keyof RackRow]?: RackRow[Name] } = {};
  const name = scalar(attributes, 'name');
  const height = scalar(attributes, 'u_height');
  const status = scalar(attributes, 'status');
  const cost = scalar(attributes, 'cost');
  const output = scalar(attributes, 'creation_output');
  const metadata = object(attributes, 'metadata');
  const network = object(attributes, 'network_details');
  if (name !== undefined) columns.name = asText(name) ?? '';
  if (height !== undefined) columns.u_height = asInteger(height) ?? 0;
  if (status !== undefined) columns.status = asText(status) ?? '';
  if (cost !== undefined) columns.cost = asDecimal(cost) ?? 0;
  if (output !== undefined) columns.creation_output = asText(output);
  const order = scalar(attributes, 'order_id');
  if (rules.orders && caller.root && order !== undefined) columns.order_id = asText(order);
  if (metadata) columns.metadata = jsonb(metadata);
  if (network) columns.network_details = jsonb(network);
  return columns;
}

/** What the portal makes up for itself: the name and, if it is null, the height follow the owner's newest rack. */
function newColumns(
  portal: Portal,
  caller: UserRow,
  userId: number | null,
  attributes: JsonObject,
): RackColumns {
  const sent = sentColumns(portal, caller, attributes);
  const name = asText(scalar(attributes, 'name'));
  const height = scalar(attributes, 'u_height');
  const columns = {
    u_height: defaultHeight,
    status: '',
    cost: 0,
    order_id: null,
    // Kept from the creation on: no change of them is taken.
    cluster_type: portal.rules.clusterTypes ? asText(scalar(attributes, 'cluster_type_name')) : null,
    cloud_created_at: portal.rules.clusterTypes ? asText(scalar(attributes, 'cloud_created_at')) : null,
    creation_output: null,
    metadata: {},
    network_details: {},
    ...sent,
    user_id: userId,
  };
  const isHeightNull = height !== undefined && isNothing(height);
  if (name !== null && !isHeightNull) return { ...columns, name };
  const newest = newestRack(portal, userId);
  return {
    ...columns,
    name: name ?? nextName(newest?.name),
    u_height: isHeightNull ? (newest?.u_height ?? defaultHeight) : columns.u_height,
  };
}

function newestRack(portal: Portal, userId: number | null): RackRow | undefined {
  const racks = portal.racks.all().filter((rack) => rack.user_id === userId);
  return racks.reduce<RackRow | undefined>((a, b) => (a && a.id > b.id ? a : b), undefined);
}

/** `123` → `124`; a name without a number at its end stays, and so is taken. */
function nextName(newest: string | undefined): string {
  if (newest === undefined) return 'Rack-1';
  return newest.replace(/\d+$/, (digits) => String(Number(digits) + 1));
}

/** The answer to a change has the objects as they were sent; every later one has their keys in jsonb's order. */
function echoed(portal: Portal, rack: RackRow, caller: UserRow, attributes: JsonObject): string {
  const metadata = object(attributes, 'metadata') ?? rack.metadata;
  const network_details = object(attributes, 'network_details') ?? rack.network_details;
  return rackJson(portal, { ...rack, metadata, network_details }, caller);
}

function rackBody({ ids, rules }: Portal, rack: RackRow) {
  return {
    id: ids.show('rack', rack.id),
    name: rack.name,
    u_height: rack.u_height,
    metadata: rack.metadata,
    status: rack.status,
    ...(rules.money !== 'none' && { cost: money(rack.cost, rules.money) }),
    ...(rules.devices !== 'bare' && {
      network_details: rack.network_details,
      creation_output: rack.creation_output,
    }),
    ...(rules.orders && { order_id: rack.order_id }),
  };
}
