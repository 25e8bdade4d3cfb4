import type { KillBillClient } from './client.ts';
import { type PagedRows, readPages } from './pages.ts';
import * as wire from './wire.ts';

/** Tags by order, including closed orders. */
export type Tags = ReadonlyMap<string, Readonly<Record<string, string>>>;

/** `/customFields/search` */
export const customFields: PagedRows<wire.CustomField> = {
  rows: wire.CustomFields,
  idOf: ({ customFieldId }) => customFieldId,
};

const stackFields = ['openstack_stack_id', 'openstack_stack_name'];

/** Reads the tags of all orders without a request for each. */
export async function readTags(client: KillBillClient, signal: AbortSignal | undefined): Promise<Tags> {
  const tags = new Map<string, Record<string, string>>();
  const found = await Promise.all(
    stackFields.map((fieldName) => {
      const query = { objectType: 'SUBSCRIPTION', fieldName };
      return readPages(client, { path: '/customFields/search', query }, customFields, signal);
    }),
  );
  // If two fields have the same name the first counts: `tagOrder` changes that one.
  for (const { objectId, name, value } of found.flat()) {
    tags.set(objectId, { [name]: value, ...tags.get(objectId) });
  }
  return tags;
}
