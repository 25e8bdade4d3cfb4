import { parseBody } from '../http/body.ts';
import type { ListOptions } from '../http/list-options.ts';
import { deleteRecord } from './delete-record.ts';
import { fitDescription } from './description.ts';
import type { Rows, Template, TemplateDraft, TemplateId, TemplatePatch } from './model.ts';
import { readRows } from './read-rows.ts';
import type { Session } from './session.ts';
import * as wire from './wire/template.ts';
import { rowOrUnreadable } from './wire/unreadable-row.ts';

const Row = rowOrUnreadable(wire.Template, 'template');
const collection = '/api/v1/templates';
const member = '/api/v1/templates/{id}';

/** Values of the two templates that come with the portal. */
const images = {
  network: { front: 'switch_front_1u.png', rear: 'switch_rear_1u.png' },
  volume: { front: 'disk_front_2u.png', rear: 'generic_rear_2u.png' },
};

/** All templates of devices. Leaves out rows that cannot be read: see `readTemplates`. */
export async function listTemplates(session: Session, options: ListOptions = {}): Promise<Template[]> {
  return (await readTemplates(session, options)).rows;
}

/** All templates, and the rows that cannot be read. */
export async function readTemplates(session: Session, { signal }: ListOptions = {}): Promise<Rows<Template>> {
  return readRows(session, { path: collection, signal }, Row);
}

/**
 * Makes a template. Sizes are positive or null, the height 1 to 6 units (the portal has no pictures for more).
 *
 * @throws {ConcertimError} `isTaken` when there is a template of that name
 */
export async function createTemplate(
  session: Session,
  draft: TemplateDraft,
  signal?: AbortSignal,
): Promise<Template> {
  const { height, tag, ...patch } = draft;
  const response = await session.request({
    method: 'POST',
    path: collection,
    route: collection,
    body: { template: { height, ...attributes(patch), ...(tag && { tag, images: images[tag] }) } },
    signal,
  });
  return parseBody(response, wire.Template);
}

/** Changes what `patch` names. */
export async function updateTemplate(
  session: Session,
  id: TemplateId,
  patch: TemplatePatch,
  signal?: AbortSignal,
): Promise<Template> {
  const response = await session.request({
    method: 'PATCH',
    path: `${collection}/${id}`,
    route: member,
    body: { template: attributes(patch) },
    idempotent: true,
    signal,
  });
  return parseBody(response, wire.Template);
}

/**
 * Deletes a template that no device is made from; one that is gone already counts as deleted.
 *
 * @throws {ConcertimError} of kind `refused` when a device of any user is made from it
 */
export async function deleteTemplate(session: Session, id: TemplateId, signal?: AbortSignal): Promise<void> {
  await deleteRecord(session, { path: `${collection}/${id}`, route: member, signal });
}

function attributes(patch: TemplatePatch) {
  return {
    name: patch.name,
    description: fitDescription(patch.description),
    foreign_id: patch.foreignId,
    vcpus: patch.vcpus,
    ram: patch.ram,
    disk: patch.disk,
  };
}
