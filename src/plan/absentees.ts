import type { PortalSnapshot } from '../concertim/model.ts';
import type { Flavor, Server, ServerId, Stack, StackId, Unreadable } from '../openstack/model.ts';
import { isOfGoneFlavor } from './flavor-template.ts';
import type { Scope } from './observation.ts';
import { isOwnTemplate, keyOfSource, type RackKey, sourceOfRack } from './ownership.ts';
import { compareTexts, type PortalIndex } from './portal-index.ts';

/** What the portal has of ours and the cloud's lists have not: to be asked for by id before anything is believed. */
export interface Absentees {
  readonly servers: readonly ServerId[];
  readonly stacks: readonly StackId[];
  readonly flavors: readonly string[];
}

export function absentees(
  lists: {
    readonly scope: Scope;
    readonly servers: ReadonlyMap<ServerId, Server | Unreadable<ServerId>>;
    readonly roots: readonly Stack[];
    readonly flavors: readonly Flavor[];
  },
  portal: PortalSnapshot,
  index: PortalIndex,
): Absentees {
  const { scope } = lists;
  const isInScope = (key: RackKey) => scope.kind === 'all' || scope.keys.has(key);
  const roots = new Set(lists.roots.map(({ id }) => id));
  const stacks = new Set<StackId>();
  for (const [key, source] of index.sources) {
    if (source.kind === 'stack' && isInScope(key) && !roots.has(source.stackId)) stacks.add(source.stackId);
  }

  const servers = new Set<ServerId>();
  for (const [server, devices] of index.devicesOfServer) {
    if (lists.servers.has(server)) continue;
    const inScope = devices.some(({ location }) => {
      const rack = location && index.racks.get(location.rackId);
      const source = rack && sourceOfRack(rack);
      return scope.kind === 'all' || (source && isInScope(keyOfSource(source)));
    });
    if (inScope) servers.add(server);
  }

  const flavors = new Set<string>();
  if (scope.kind === 'all') {
    const present = new Set<string>(lists.flavors.map(({ id }) => id));
    for (const template of portal.templates) {
      if (!isOwnTemplate(template) || isOfGoneFlavor(template.foreignId)) continue;
      if (!present.has(template.foreignId)) flavors.add(template.foreignId);
    }
  }
  return {
    servers: [...servers].sort(compareTexts),
    stacks: [...stacks].sort(compareTexts),
    flavors: [...flavors].sort(compareTexts),
  };
}
