import type { RackId } from '../concertim/model.ts';
import { changesOf, type Plan } from '../plan/change.ts';

/** What of the portal a plan rests on besides owners and templates. */
export interface AtStake {
  /** Racks that are there, and that are changed or have their devices changed. */
  readonly racks: ReadonlySet<RackId>;
  /** Whether a rack is made: that there is none yet, and that its name is free, only the list of all racks can say. */
  readonly rackList: boolean;
}

export function atStake(plan: Plan): AtStake {
  const racks = new Set<RackId>();
  let rackList = false;
  for (const change of changesOf(plan)) {
    if (change.kind === 'create-rack') rackList = true;
    if ('device' in change && change.device.location) racks.add(change.device.location.rackId);
    if (change.kind === 'update-rack' || change.kind === 'delete-rack') racks.add(change.rack.id);
    const isMade = change.kind === 'create-device' || change.kind === 'replace-device';
    if (isMade && change.rack.kind === 'present') racks.add(change.rack.id);
  }
  return { racks, rackList };
}
