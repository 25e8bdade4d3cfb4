import type { ObjectId, StackId } from '../openstack/model.ts';
import type { DesiredState } from './desired-state.ts';

/**
 * What each stack is billed for: its objects, and the volumes that are attached to its servers. Nova creates the volumes
 * that servers boot from, so that no stack names them. A volume that is an object of a stack stays with that stack, whatever it
 * is attached to.
 */
export function membersOfStacks({ racks }: DesiredState): ReadonlyMap<StackId, readonly ObjectId[]> {
  const claimed = new Set<string>();
  for (const { devices } of racks)
    for (const { object } of devices) if (object.kind === 'volume') claimed.add(object.id);
  const members = new Map<StackId, readonly ObjectId[]>();
  for (const { source, devices } of racks) {
    if (source.kind !== 'stack') continue;
    const ids: ObjectId[] = [];
    for (const { object } of devices) {
      ids.push(object.id);
      if (object.kind !== 'server') continue;
      for (const { id } of object.volumes) {
        if (claimed.has(id)) continue;
        claimed.add(id);
        ids.push(id);
      }
    }
    // Without the room that it has grown.
    members.set(source.stackId, [...ids]);
  }
  return members;
}
