import type { UnreadObject } from '../plan/describe.ts';
import { explain } from '../runtime/severity.ts';
import type { SeenCloud } from './observe-cloud.ts';

/** What of the cloud could not be read, for people and programs: objects, and projects whose stacks could not be listed. */
export function unreadIn({ unread, cloud }: SeenCloud): UnreadObject[] {
  return [
    ...unread.map(({ object, id, name, error }) => ({ object, id, name, problem: explain(error) })),
    ...[...cloud.unobserved].map(([id, problem]) => ({ object: 'project' as const, id, name: id, problem })),
  ];
}
