import type { PortalSnapshot } from '../concertim/model.ts';
import { kinds } from '../openstack/model.ts';
import type { UnreadObject } from '../plan/describe.ts';
import { seenOf } from '../plan/seen.ts';
import { explain } from '../runtime/severity.ts';
import type { SeenCloud } from './observe-cloud.ts';
import type { RunReport } from './run-report.ts';

/** What could not be read, for people and programs: objects of the cloud, projects whose stacks could not be listed, rows of the portal. */
export function unreadIn({
  seen,
  portal,
}: {
  readonly seen: SeenCloud;
  readonly portal: PortalSnapshot;
}): UnreadObject[] {
  return [
    ...seen.unread.map(({ object, id, name, error }) => ({ object, id, name, problem: explain(error) })),
    ...unreadableObjects(seen).map(({ object, id, problem }) => ({ object, id, name: id, problem })),
    ...[...seen.cloud.unobserved].map(([id, problem]) => ({
      object: 'project' as const,
      id,
      name: id,
      problem,
    })),
    ...(portal.unreadable ?? []).map(({ object, id, name, problem }) => ({
      object,
      id: String(id ?? 'without an id'),
      name: name ?? String(id ?? 'without an id'),
      problem: `${problem} in Concertim; it is kept, and nothing is made in its place`,
    })),
  ];
}

/** Objects that the cloud shows only by id: the portal keeps what it shows of them. */
export function unreadableObjects({ cloud }: Pick<SeenCloud, 'cloud'>): RunReport['unreadable'][number][] {
  const objects = kinds.flatMap((object) =>
    [...(seenOf(cloud, object)?.values() ?? [])].flatMap((row) =>
      row.kind === 'unreadable' ? [{ object, id: row.id, problem: row.problem }] : [],
    ),
  );
  const { stacks, flavors, serverGroups } = cloud.unreadable;
  return [
    ...objects,
    ...rowsOf('stack', stacks),
    ...rowsOf('flavor', flavors),
    ...rowsOf('server group', serverGroups),
  ];
}

function rowsOf(
  object: RunReport['unreadable'][number]['object'],
  problems: ReadonlyMap<string, string>,
): RunReport['unreadable'][number][] {
  return [...problems].map(([id, problem]) => ({ object, id, problem }));
}
