import type { Content } from '../openstack/project-contents.ts';

/** So many are named; who has to clear more sees them in the cloud. */
const mostNamed = 3;

/** Heat makes names of a hundred characters for what its templates give none. */
const longestName = 40;

/** `2 servers (web, db), network lan` */
export function describeContents(contents: readonly Content[]): string {
  const kinds = [...Map.groupBy(contents, ({ kind }) => kind)];
  return kinds.map(([kind, some]) => describeKind(kind, some)).join(', ');
}

function describeKind(kind: string, some: readonly Content[]): string {
  const names = some.map(({ id, name }) => shortened(name || id));
  if (names.length === 1) return `${kind} ${names[0]}`;
  const more = names.length > mostNamed ? ', …' : '';
  return `${names.length} ${kind}s (${names.slice(0, mostNamed).join(', ')}${more})`;
}

function shortened(name: string): string {
  return name.length > longestName ? `${name.slice(0, longestName - 1)}…` : name;
}
