import type { PortalSnapshot } from '../concertim/model.ts';
import type { Flavor, FlavorId, Server, ServerId, Stack, StackId, Unreadable } from '../openstack/model.ts';
import { isOfGoneFlavor } from './flavor-template.ts';
import { isOwnTemplate } from './ownership.ts';
import type { PortalIndex } from './portal-index.ts';

/** What the portal has of ours and the cloud's lists have not: to be asked for by id before anything is believed. */
export interface Absentees {
  readonly servers: readonly ServerId[];
  readonly stacks: readonly StackId[];
  readonly flavors: readonly FlavorId[];
}

export function absentees(
  lists: {
    readonly servers: ReadonlyMap<ServerId, Server | Unreadable<ServerId>>;
    readonly roots: readonly Stack[];
    readonly flavors: readonly Flavor[];
  },
  portal: PortalSnapshot,
  index: PortalIndex,
): Absentees {
  const servers = [...index.devicesOfServer.keys()].filter((id) => !lists.servers.has(id));

  const roots = new Set(lists.roots.map(({ id }) => id));
  const stacks: StackId[] = [];
  for (const source of index.sources.values()) {
    if (source.kind === 'stack' && !roots.has(source.stackId)) stacks.push(source.stackId);
  }

  const present = new Set<string>(lists.flavors.map(({ id }) => id));
  const flavors = new Set<FlavorId>();
  for (const template of portal.templates) {
    if (!isOwnTemplate(template) || isOfGoneFlavor(template.foreignId)) continue;
    if (!present.has(template.foreignId)) flavors.add(template.foreignId as FlavorId);
  }
  return { servers, stacks, flavors: [...flavors] };
}
