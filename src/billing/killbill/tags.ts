import type { KillBillClient } from './client.ts';
import { type PagedRows, readPages } from './pages.ts';
import * as wire from './wire.ts';

/** Tags of orders, those of closed ones too, by order. */
export type Tags = ReadonlyMap<string, Readonly<Record<string, string>>>;

/** `/customFields/search` */
export const customFields: PagedRows<wire.CustomField> = {
  rows: wire.CustomFields,
  idOf: ({ customFieldId }) => customFieldId,
};

const stackFields = ['openstack_stack_id', 'openstack_stack_name'];

/** What is written on all orders about their stacks, however many there are: never a request for each. */
export async function readTags(client: KillBillClient, signal: AbortSignal | undefined): Promise<Tags> {
  const tags = new Map<string, Record<string, string>>();
  const found = await Promise.all(
    stackFields.map((fieldName) => {
      const query = { objectType: 'SUBSCRIPTION', fieldName };
      return readPages(client, { path: '/customFields/search', query }, customFields, signal);
    }),
  );
  // Of two fields of a name the first counts, which is the one that `tagOrder` changes.
  for (const { objectId, name, value } of found.flat()) {
    tags.set(objectId, { [name]: value, ...tags.get(objectId) });
  }
  return tags;
}
