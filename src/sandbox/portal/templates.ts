import { asInteger, asText, type JsonObject, numericality, object, scalar } from './attributes.ts';
import { blank, Complaints, said, taken, tooLong } from './complaints.ts';
import type { Portal, TemplateRow, UserRow } from './portal.ts';
import { crash, forbidden, Refusal } from './refusal.ts';
import { hasKinds } from './release-rules.ts';

export const templateAttributes = [
  'name',
  'description',
  'foreign_id',
  'vcpus',
  'ram',
  'disk',
  'height',
  'version',
  'schema_version',
  'tag',
  'images',
  'hourly_cost',
] as const;

const sizes = ['vcpus', 'ram', 'disk'] as const;
/** The portal has pictures of devices up to this height. */
const highest = 6;
const longest = 255;
const largestInteger = 2 ** 31 - 1;

export function templateBody({ ids, rules }: Portal, template: TemplateRow) {
  const { rackable: _, tag, id, ...body } = template;
  return { id: ids.show('template', id), ...body, ...(hasKinds(rules) && { tag }) };
}

/** `POST /api/v1/templates` */
export function createTemplate(portal: Portal, caller: UserRow, attributes: JsonObject): TemplateRow {
  const name = asText(scalar(attributes, 'name'));
  if (!caller.root) throw forbidden('create', name ?? '');
  const complaints = new Complaints();
  checkName(portal, name, undefined, complaints);
  checkDescription(attributes, complaints);
  const height = scalar(attributes, 'height');
  if (asText(height) === null || asText(height) === '') complaints.add('height', blank);
  complaints.add('height', ...numericality(height, { integer: true, greaterThan: 0 }));
  checkSizes(attributes, complaints);
  const units = asInteger(height) ?? 0;
  const tag = hasKinds(portal.rules) ? asText(scalar(attributes, 'tag')) : null;
  if (tag !== null && portal.templates.all().some((other) => other.tag === tag)) complaints.add('tag', taken);
  if ((units < 1 || units > highest) && !object(attributes, 'images'))
    complaints.add('images', said('No images found for template height'));
  refuseUnstorable(portal, attributes, complaints);
  return portal.addTemplate({ ...sentColumns(attributes), name: name ?? '', height: units, tag });
}

/** `PATCH /api/v1/templates/{id}`. Height and version are ignored. */
export function updateTemplate(
  portal: Portal,
  caller: UserRow,
  template: TemplateRow,
  attributes: JsonObject,
): TemplateRow {
  if (!caller.root) throw forbidden('update', template.name);
  const complaints = new Complaints();
  const columns = sentColumns(attributes);
  if (columns.name !== undefined) checkName(portal, columns.name, template, complaints);
  checkDescription(attributes, complaints);
  checkSizes(attributes, complaints);
  refuseUnstorable(portal, attributes, complaints);
  return portal.templates.update(template.id, columns);
}

/** `DELETE /api/v1/templates/{id}`; with `recurse` the devices of all users that are made from it go too. */
export function deleteTemplate(
  portal: Portal,
  caller: UserRow,
  template: TemplateRow,
  recurse: boolean,
): void {
  if (!caller.root) throw forbidden('destroy', template.name);
  const devices = portal.devices.all().filter((device) => device.template_id === template.id);
  if (!recurse && (devices.length > 0 || !template.rackable)) {
    throw new Refusal(422, { errors: 'devices have been created from this template' });
  }
  for (const device of devices) portal.devices.remove(device.id);
  portal.templates.remove(template.id);
}

function checkName(
  portal: Portal,
  name: string | null,
  self: TemplateRow | undefined,
  complaints: Complaints,
): void {
  if (name === null || name.trim() === '') complaints.add('name', blank);
  else if (name.length > longest) complaints.add('name', tooLong(longest));
  else if (portal.templates.all().some((other) => other.name === name && other.id !== self?.id)) {
    complaints.add('name', taken);
  }
}

function checkDescription(attributes: JsonObject, complaints: Complaints): void {
  const description = asText(scalar(attributes, 'description'));
  if (description !== null && description.length > longest) complaints.add('description', tooLong(longest));
}

function checkSizes(attributes: JsonObject, complaints: Complaints): void {
  for (const size of sizes) {
    const value = scalar(attributes, size);
    if (value === undefined || value === null) continue;
    complaints.add(size, ...numericality(value, { integer: true, greaterThan: 0 }));
  }
}

/** What passes the validations and then not the database, unless a validation failed first. */
function refuseUnstorable({ rules }: Portal, attributes: JsonObject, complaints: Complaints): void {
  if (scalar(attributes, 'schema_version') !== undefined) throw crash();
  // Let through, though the column has another name.
  if (rules.clusterTypes && scalar(attributes, 'hourly_cost') !== undefined) throw crash();
  if (!complaints.none) throw new Refusal(422, complaints.messages());
  if (sizes.some((size) => (asInteger(scalar(attributes, size)) ?? 0) > largestInteger)) throw crash();
}

function sentColumns(
  attributes: JsonObject,
): Partial<Omit<TemplateRow, 'id' | 'height' | 'tag' | 'rackable'>> {
  const columns: { -readonly [Name in keyof TemplateRow]?: TemplateRow[Name] } = {};
  const name = scalar(attributes, 'name');
  if (name !== undefined) columns.name = asText(name) ?? '';
  for (const column of ['description', 'foreign_id'] as const) {
    const value = scalar(attributes, column);
    if (value !== undefined) columns[column] = asText(value);
  }
  for (const size of sizes) {
    const value = scalar(attributes, size);
    if (value !== undefined) columns[size] = asInteger(value);
  }
  return columns;
}
