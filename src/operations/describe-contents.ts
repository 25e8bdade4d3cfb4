import type { Content } from '../openstack/project-contents.ts';

/** So many are named; who has to clear more sees them in the cloud. */
const mostNamed = 3;

/** `2 servers (web, db), network lan` */
export function describeContents(contents: readonly Content[]): string {
  const kinds = [...Map.groupBy(contents, ({ kind }) => kind)];
  return kinds.map(([kind, some]) => describeKind(kind, some)).join(', ');
}

function describeKind(kind: string, some: readonly Content[]): string {
  const names = some.map(({ id, name }) => name || id);
  if (names.length === 1) return `${kind} ${names[0]}`;
  const more = names.length > mostNamed ? ', …' : '';
  return `${names.length} ${kind}s (${names.slice(0, mostNamed).join(', ')}${more})`;
}
