import type { Device, PortalSnapshot } from '../concertim/model.ts';
import {
  type Collection,
  collections,
  type Flavor,
  type FlavorId,
  type Kind,
  kinds,
  type ObjectId,
  type ProjectId,
  type StackId,
} from '../openstack/model.ts';
import { onceFor } from '../runtime/once-for.ts';
import { ownerOfDevice } from './census.ts';
import { isOfGoneFlavor } from './flavor-template.ts';
import { isOwnTemplate } from './ownership.ts';
import { type PortalIndex, projectOfDevice, projectsOfRacks } from './portal-index.ts';

/** Objects of ours that the portal has and the cloud's lists do not: query each by id before believing that it is gone. */
export interface Absentees extends Readonly<Record<Collection, readonly AbsentObject[]>> {
  readonly stacks: readonly AbsentStack[];
  readonly flavors: readonly FlavorId[];
}

export interface AbsentObject {
  readonly id: ObjectId;
  /** Owner of its device: the owner of the rack that the device stands in. */
  readonly owner: string;
  /** The owner's project; undefined: the device stands in no rack, or the rack's owner has no project. */
  readonly projectId: ProjectId | undefined;
}

/**
 * To an account that sees only its own project, stacks of others do not exist: so a stack is queried in its project, and one
 * that racks of several owners claim in the project of each.
 */
export interface AbsentStack {
  readonly id: StackId;
  readonly owner: string;
  /** Project of the rack's owner. */
  readonly projectId: ProjectId;
}

export function absentees(
  lists: {
    readonly [C in Collection]: { has(id: ObjectId): boolean } | undefined;
  } & {
    /** Root stacks, including those that cannot be read. */
    readonly roots: { has(id: StackId): boolean };
    readonly flavors: readonly Pick<Flavor, 'id'>[];
  },
  portal: PortalSnapshot,
  index: PortalIndex,
): Absentees {
  const objects: Record<Collection, AbsentObject[]> = { servers: [], volumes: [], networks: [] };
  for (const kind of kinds) objects[collections[kind]] = absentObjects(kind, lists[collections[kind]], index);

  const stacks: AbsentStack[] = [];
  for (const [key, source] of index.sources) {
    if (source.kind !== 'stack' || lists.roots.has(source.stackId)) continue;
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
  return { ...objects, stacks, flavors: [...flavors] };
}

/** Where a kind was not listed, nothing counts as absent. */
function absentObjects(
  kind: Kind,
  list: { has(id: ObjectId): boolean } | undefined,
  index: PortalIndex,
): AbsentObject[] {
  if (!list) return [];
  return unlisted(list, index.devicesOf[kind]).map(([id, device]) => ({
    id,
    owner: ownerOfDevice(device, index),
    projectId: projectOfDevice(device, index),
  }));
}

const unlisted = onceFor(
  (list: { has(id: ObjectId): boolean }, devicesOf: ReadonlyMap<ObjectId, readonly Device[]>) => {
    const absent: [ObjectId, Device][] = [];
    for (const [id, [device]] of devicesOf) if (device && !list.has(id)) absent.push([id, device]);
    return absent;
  },
);
