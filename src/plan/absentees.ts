import type { PortalSnapshot } from '../concertim/model.ts';
import type {
  Flavor,
  FlavorId,
  ProjectId,
  Server,
  ServerId,
  Stack,
  StackId,
  Unreadable,
} from '../openstack/model.ts';
import { isOfGoneFlavor } from './flavor-template.ts';
import { isOwnTemplate } from './ownership.ts';
import { type PortalIndex, projectOfRack } from './portal-index.ts';

/** What the portal has of ours and the cloud's lists have not: to be asked for by id before anything is believed. */
export interface Absentees {
  readonly servers: readonly ServerId[];
  readonly stacks: readonly AbsentStack[];
  readonly flavors: readonly FlavorId[];
}

/** Who may look into no project but its own is told of no other that it exists: so a stack is asked for in its project. */
export interface AbsentStack {
  readonly id: StackId;
  /** Of the owner of its rack; undefined when that user has none any more. */
  readonly projectId: ProjectId | undefined;
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
  const stacks: AbsentStack[] = [];
  for (const [key, source] of index.sources) {
    if (source.kind !== 'stack' || roots.has(source.stackId)) continue;
    stacks.push({ id: source.stackId, projectId: projectOfRack(key, index) });
  }

  const present = new Set<string>(lists.flavors.map(({ id }) => id));
  const flavors = new Set<FlavorId>();
  for (const template of portal.templates) {
    if (!isOwnTemplate(template) || isOfGoneFlavor(template.foreignId)) continue;
    if (!present.has(template.foreignId)) flavors.add(template.foreignId as FlavorId);
  }
  return { servers, stacks, flavors: [...flavors] };
}
