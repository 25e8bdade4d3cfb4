import { nouns } from './brake-warnings.ts';
import { type Census, sumOf, type Tallies, type Tally } from './census.ts';
import type { DesiredDevice, DesiredState } from './desired-state.ts';

/** An owner is in the right cloud if at least this share of what the portal shows for him is in it. */
const foundShare = 0.1;

/**
 * Says when nothing, or almost nothing, of what the portal shows is in the cloud: another cloud's address, another region, an
 * account that sees no project. Nova and Heat are also judged separately, since either may belong to another region than
 * the rest, and the servers, flavors and stacks that they list are shown without further proof. Cinder and Neutron add only
 * what a stack names.
 *
 * Owners are counted, not objects, so that one owner cannot decide by what he has in the portal. If only one of several
 * owners has objects of a service, that service is not judged.
 *
 * @returns the warning for the operator; undefined: this is the cloud that the portal shows
 */
export function recogniseWrongCloud(
  census: Census,
  desired: Pick<DesiredState, 'racks'>,
): string | undefined {
  const servers = census.server();
  const racks = census.rack();
  const newcomers = ownersOf(desired);
  const all = new Map([...newcomers, ...together([servers, census.volume(), census.network(), racks])]);
  const ofHeat = new Map([...newcomers, ...racks]);
  const ofNova = together([servers, newServersOfStacks(desired)]);

  const isSaying = (tallies: Tallies) => tallies.size > 1 || all.size === 1;
  const wrong = [
    ...(isSaying(ofNova) && isElsewhere(ofNova) ? ['servers'] : []),
    ...(isSaying(ofHeat) && isElsewhere(ofHeat) ? ['stacks'] : []),
  ];
  if (isElsewhere(all)) return warning('nothing of what the portal shows is', census);
  return wrong.length > 0
    ? warning(`none of the ${wrong.join(' and ')} that the portal shows are`, census)
    : undefined;
}

function warning(what: string, census: Census): string {
  const missing = Object.entries(nouns)
    .map(([kind, { one }]) => ({ one, ...sumOf(census[kind as keyof typeof nouns]().values()) }))
    .filter(({ absent }) => absent > 0)
    .map(({ one, absent, owned }) => `${absent} of ${owned} ${one}s`);
  return (
    `Almost ${what} in this cloud: ${missing.join(', ')} are missing from OpenStack without proof of their ` +
    'deletion. Nothing at all is changed. Is this the right cloud (openstack.auth_url and region), and do the credentials still ' +
    'see all projects? If it is right, `allow-deletions` lists what would be deleted and lets the running service delete it once.'
  );
}

/** Whether all owners but a few are in another cloud. */
function isElsewhere(tallies: Tallies): boolean {
  const inPlace = [...tallies.values()].filter(isFound).length;
  return tallies.size > 0 && inPlace < foundShare * tallies.size;
}

function isFound({ owned, absent }: Tally): boolean {
  return owned - absent >= foundShare * owned && absent < owned;
}

/** Owners whose racks are to be shown, with nothing missing: they count as found. */
function ownersOf({ racks }: Pick<DesiredState, 'racks'>): Tallies {
  return new Map(racks.map(({ ownerId }) => [String(ownerId), { owned: 1, absent: 0 }]));
}

/** Servers without a device that a stack names: they prove that Nova and Heat are of the same cloud. */
function newServersOfStacks({ racks }: Pick<DesiredState, 'racks'>): Tallies {
  const tallies = new Map<string, Tally>();
  for (const { source, ownerId, devices } of racks) {
    if (source.kind !== 'stack') continue;
    const isNew = ({ object, present }: DesiredDevice) => object.kind === 'server' && present.length === 0;
    const count = devices.filter(isNew).length;
    const owner = String(ownerId);
    if (count > 0) tallies.set(owner, { owned: count + (tallies.get(owner)?.owned ?? 0), absent: 0 });
  }
  return tallies;
}

function together(each: readonly Tallies[]): Tallies {
  const owners = new Set(each.flatMap((tallies) => [...tallies.keys()]));
  return new Map(
    [...owners].map((owner) => [owner, sumOf(each.flatMap((tallies) => tallies.get(owner) ?? []))]),
  );
}
