import type { RackId } from '../concertim/model.ts';
import { changesOf, type Plan } from '../plan/change.ts';

/** The racks that are there and whose devices a plan's changes rest on. A rack's own fields are in the list of racks. */
export function racksAtStake(plan: Plan): Set<RackId> {
  const racks = new Set<RackId>();
  for (const change of changesOf(plan)) {
    if ('device' in change && change.device.location) racks.add(change.device.location.rackId);
    if (change.kind === 'delete-rack') racks.add(change.rack.id);
    const isMade = change.kind === 'create-device' || change.kind === 'replace-device';
    if (isMade && change.rack.kind === 'present') racks.add(change.rack.id);
  }
  return racks;
}
