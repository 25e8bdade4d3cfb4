import type { ServerId, Unreadable } from '../openstack/model.ts';
import type { UnreadObject } from '../plan/describe.ts';
import { explain } from '../runtime/severity.ts';
import type { SeenCloud } from './observe-cloud.ts';

/** What of the cloud could not be read, for people and programs: objects, and projects whose stacks could not be listed. */
export function unreadIn(seen: SeenCloud): UnreadObject[] {
  return [
    ...seen.unread.map(({ object, id, name, error }) => ({ object, id, name, problem: explain(error) })),
    ...unreadableServers(seen).map(({ id, problem }) => ({
      object: 'server' as const,
      id,
      name: id,
      problem,
    })),
    ...[...seen.cloud.unobserved].map(([id, problem]) => ({
      object: 'project' as const,
      id,
      name: id,
      problem,
    })),
  ];
}

/** Servers of which the cloud tells no more than the id: the portal keeps what it shows of them. */
export function unreadableServers({ cloud }: Pick<SeenCloud, 'cloud'>): Unreadable<ServerId>[] {
  return [...cloud.servers.values()].filter((server) => server.kind === 'unreadable');
}
