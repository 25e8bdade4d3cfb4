import { type Change, changesOf, type Plan } from '../plan/change.ts';
import { rackList, type Turn } from './rack-audit.ts';

/** What of the portal a plan rests on besides owners and templates. */
export function atStake(plan: Plan): Set<Turn> {
  return new Set(changesOf(plan).flatMap(turnsOf));
}

/**
 * What has to be read to see what a change rests on, or whether it was made: racks that are there, and that are changed or have
 * their devices changed. That there is no rack yet, and that its name is free, only the list of all racks can say.
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
