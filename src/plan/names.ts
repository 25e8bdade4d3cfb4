import type { PortalProfile } from '../concertim/profile.ts';
import type { CloudObject } from '../openstack/model.ts';

/**
 * Names that the portal accepts, stable from run to run and independent of the order of lists.
 *
 * An object asks for its OpenStack name made valid. Where that is taken it takes the name followed by the beginning of
 * its own id, longer until it is free: `a-b`, `a-b-4f21c`, `a-b-4f21c09e`, … One that already has any of these keeps it.
 */
export interface NameRules {
  /** Matches what the portal refuses. */
  readonly invalid: RegExp;
  readonly maxLength: number;
  /** For a name with no valid character left. */
  readonly fallback: string;
  /** How much of the id a name may end with, shortest first. */
  readonly ends: readonly number[];
}

export const rackNames: NameRules = {
  invalid: /[^A-Za-z0-9_-]/gu,
  maxLength: 255,
  fallback: 'stack',
  ends: [5, 8, 13, 36],
};
const plainDeviceNames: NameRules = {
  invalid: /[^A-Za-z0-9-]/gu,
  maxLength: 150,
  fallback: 'server',
  ends: [5, 8, 13, 36],
};
const dottedDeviceNames: NameRules = { ...plainDeviceNames, invalid: /[^A-Za-z0-9.-]/gu };

/** The rules for device names. They are the same for all kinds, since a name is unique in its rack. */
export function deviceNames({ dotsInNames }: Pick<PortalProfile, 'dotsInNames'>): NameRules {
  return dotsInNames ? dottedDeviceNames : plainDeviceNames;
}

/** The name that a device gets where it is free and valid. Cinder and Neutron allow objects without a name. */
export function nameOfObject({ kind, name, id }: Pick<CloudObject, 'kind' | 'name' | 'id'>): string {
  return name || `${kind}-${id.slice(0, 8)}`;
}

/**
 * The names that the device of an object may bear. One that is there may also keep what the Python service of 2024 and earlier
 * versions of this one have made, with a dash for each dot.
 */
export function* deviceNameCandidates(
  object: Pick<CloudObject, 'kind' | 'name' | 'id'>,
  rules: NameRules,
): Generator<string> {
  const name = nameOfObject(object);
  yield* nameCandidates(name, object.id, rules);
  if (rules !== plainDeviceNames) yield* nameCandidates(name, object.id, plainDeviceNames);
}

/** Quick test whether a device has its object's name unchanged. */
export function bearsNameOf(
  device: string,
  object: Pick<CloudObject, 'kind' | 'name' | 'id'>,
  rules: NameRules,
): boolean {
  const name = nameOfObject(object);
  return device === validName(name, rules) || device === validName(name, plainDeviceNames);
}

/** Templates take any character. */
export const templateNames: NameRules = {
  invalid: /(?!)/gu,
  maxLength: 255,
  fallback: 'flavor',
  ends: [8, 36],
};

/** Every other character becomes a dash. */
export function validName(name: string, rules: NameRules): string {
  return cut(name.replace(rules.invalid, '-'), rules.maxLength) || rules.fallback;
}

/** The names an object may bear, best first. Made one by one, since most objects bear the first. */
export function* nameCandidates(name: string, id: string, rules: NameRules): Generator<string> {
  const base = validName(name, rules);
  yield base;
  for (const end of endsOf(id, rules)) yield cut(base, rules.maxLength - end.length) + end;
}

/** The names in OpenStack of objects that may have this name in the portal, if it was valid and not shortened. */
export function possibleNames(name: string, id: string, rules: NameRules): string[] {
  const ends = endsOf(id, rules).filter((end) => name.endsWith(end));
  return [name, ...ends.map((end) => name.slice(0, -end.length))];
}

function endsOf(id: string, rules: NameRules): string[] {
  return [...new Set(rules.ends.map((length) => `-${validName(id.slice(0, length), rules)}`))];
}

/** Half a character, which no database takes, becomes U+FFFD. */
function cut(text: string, length: number): string {
  return text.slice(0, length).toWellFormed();
}

/** The present name where it is one of the candidates, else the first candidate that nobody has. */
export function chooseName(
  candidates: Iterable<string>,
  taken: { has(name: string): boolean },
  present?: string,
): string {
  let free: string | undefined;
  let last = '';
  for (const candidate of candidates) {
    if (candidate === present) return candidate;
    if (!taken.has(candidate)) free ??= candidate;
    if (free !== undefined && present === undefined) return free;
    last = candidate;
  }
  if (free !== undefined) return free;
  for (let number = 2; ; number++) {
    const end = `-${number}`;
    const numbered = cut(last, Math.max(0, last.length - end.length)) + end;
    if (!taken.has(numbered) || present === numbered) return numbered;
  }
}
