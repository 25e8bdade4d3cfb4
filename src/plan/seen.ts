import {
  type CloudObject,
  collections,
  type Kind,
  type ObjectId,
  type Unreadable,
} from '../openstack/model.ts';
import type { KnownProjects } from './claims.ts';
import type { CloudObservation, Scope } from './observation.ts';
import { type RackKey, stackKey } from './ownership.ts';

/** The objects of a kind that were seen; undefined: the kind was not observed. */
export function seenOf(
  cloud: CloudObservation,
  kind: Kind,
): ReadonlyMap<ObjectId, CloudObject | Unreadable<ObjectId>> | undefined {
  return cloud[collections[kind]];
}

/** All listed stacks, unreadable ones included. */
export function presentStacks({ trees, unreadable }: CloudObservation): Set<RackKey> {
  const present = new Set<RackKey>();
  for (const { root } of trees) present.add(stackKey(root.id));
  for (const id of unreadable.stacks.keys()) present.add(stackKey(id));
  return present;
}

/** Ids of all listed flavors, unreadable ones included. */
export function presentFlavors({ flavors, unreadable }: CloudObservation): Set<string> {
  return new Set([...flavors.map(({ id }) => id), ...unreadable.flavors.keys()]);
}

/** Whether a run is about an object. */
export function isInScope(scope: Scope, kind: Kind, id: ObjectId): boolean {
  return scope.kind === 'all' || scope[collections[kind]].has(id);
}

/** The projects of the stacks and objects that were seen. */
export function projectsIn(cloud: CloudObservation): KnownProjects {
  return {
    ofStack: (id) => cloud.projectOfStack.get(id),
    // An unreadable object has no project.
    ofObject: (kind, id) => (seenOf(cloud, kind)?.get(id) as CloudObject | undefined)?.projectId,
  };
}
