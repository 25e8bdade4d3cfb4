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
import { ownerOfDevice } from './census.ts';
import { isOfGoneFlavor } from './flavor-template.ts';
import { isOwnTemplate } from './ownership.ts';
import { type PortalIndex, projectsOfRacks } from './portal-index.ts';

/** What the portal has of ours and the cloud's lists have not: to be asked for by id before anything is believed. */
export interface Absentees {
  readonly servers: readonly AbsentServer[];
  readonly stacks: readonly AbsentStack[];
  readonly flavors: readonly FlavorId[];
}

export interface AbsentServer {
  readonly id: ServerId;
  /** Who has its device. */
  readonly owner: string;
}

/**
 * Who may look into no project but its own is told of no other that it exists: so a stack is asked for in its project, and one
 * that racks of several owners claim in the project of each.
 */
export interface AbsentStack {
  readonly id: StackId;
  readonly owner: string;
  /** Of the owner of its rack. */
  readonly projectId: ProjectId;
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
  const servers: AbsentServer[] = [];
  for (const [id, [device]] of index.devicesOfServer) {
    if (device && !lists.servers.has(id)) servers.push({ id, owner: ownerOfDevice(device, index) });
  }

  const roots = new Set(lists.roots.map(({ id }) => id));
  const stacks: AbsentStack[] = [];
  for (const [key, source] of index.sources) {
    if (source.kind !== 'stack' || roots.has(source.stackId)) continue;
    for (const projectId of projectsOfRacks(key, index)) {
      const owner = String(index.ownerOfProject.get(projectId)?.id);
      stacks.push({ id: source.stackId, owner, projectId });
    }
  }

  const present = new Set<string>(lists.flavors.map(({ id }) => id));
  const flavors = new Set<FlavorId>();
  for (const template of portal.templates) {
    if (!isOwnTemplate(template) || isOfGoneFlavor(template.foreignId)) continue;
    if (!present.has(template.foreignId)) flavors.add(template.foreignId as FlavorId);
  }
  return { servers, stacks, flavors: [...flavors] };
}
