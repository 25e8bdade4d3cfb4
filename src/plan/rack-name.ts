import type { Rack } from '../concertim/model.ts';
import type { DesiredRack } from './desired-state.ts';
import { nameCandidates, rackNames, validName } from './names.ts';

/** Names for the rack of a source with this number, best first. The name is shortened so that the number is not cut off. */
export function rackNameCandidates({ name, nameId }: DesiredRack, number: number): Iterable<string> {
  const numbered = number === 1 ? name : `${name.slice(0, rackNames.maxLength - 3)}-${number}`;
  return nameCandidates(numbered, nameId, rackNames);
}

/**
 * Under any number, since a rack keeps its number when an earlier rack is deleted. The name that the Python services of 2023 and 2024
 * gave it, the stack's with dashes for underscores, counts too: renaming the rack would help nobody.
 */
export function bearsOwnName(rack: Rack, desired: DesiredRack): boolean {
  return bears(rack, desired) || bears(rack, { ...desired, name: desired.name.replaceAll('_', '-') });
}

function bears(rack: Rack, desired: DesiredRack): boolean {
  if (rack.name === validName(desired.name, rackNames)) return true;
  for (let number = 1; number <= mostRacks; number++) {
    for (const name of rackNameCandidates(desired, number)) if (name === rack.name) return true;
  }
  return false;
}

/** More than a stack can fill with Heat's default limit of 1,000 resources. */
const mostRacks = 99;
