import { type Change, changesOf, type Plan } from '../plan/change.ts';
import { rackList, type Turn } from './rack-audit.ts';

/** The parts of the portal that a plan depends on, except owners and templates. */
export function atStake(plan: Plan): Set<Turn> {
  return new Set(changesOf(plan).flatMap(turnsOf));
}

/**
 * What to read to check what a change depends on, or whether it was made: the existing rack that is changed, or whose devices
 * are. For a new rack it is the list of all racks: only that shows that the rack does not exist and that its name is free.
 */
export function turnsOf(change: Change): Turn[] {
  const turns: Turn[] = [];
  if (change.kind === 'create-rack') turns.push(rackList);
  if ('device' in change && change.device.location) turns.push(change.device.location.rackId);
  if (change.kind === 'update-rack' || change.kind === 'delete-rack') turns.push(change.rack.id);
  const isMade = change.kind === 'create-device' || change.kind === 'replace-device';
  if (isMade && change.rack.kind === 'present') turns.push(change.rack.id);
  return turns;
}
