import { type Kind, kinds, type ObjectId, type Unreadable } from '../openstack/model.ts';
import type { UnreadObject } from '../plan/describe.ts';
import { seenOf } from '../plan/seen.ts';
import { explain } from '../runtime/severity.ts';
import type { SeenCloud } from './observe-cloud.ts';

/** What of the cloud could not be read, for people and programs: objects, and projects whose stacks could not be listed. */
export function unreadIn(seen: SeenCloud): UnreadObject[] {
  return [
    ...seen.unread.map(({ object, id, name, error }) => ({ object, id, name, problem: explain(error) })),
    ...unreadableObjects(seen).map(({ object, id, problem }) => ({ object, id, name: id, problem })),
    ...[...seen.cloud.unobserved].map(([id, problem]) => ({
      object: 'project' as const,
      id,
      name: id,
      problem,
    })),
  ];
}

/** What the cloud tells no more of than the id: the portal keeps what it shows of it. */
export function unreadableObjects({
  cloud,
}: Pick<SeenCloud, 'cloud'>): (Unreadable<ObjectId> & { readonly object: Kind })[] {
  return kinds.flatMap((object) =>
    [...(seenOf(cloud, object)?.values() ?? [])].flatMap((row) =>
      row.kind === 'unreadable' ? [{ ...row, object }] : [],
    ),
  );
}
