import { nouns } from './brake-warnings.ts';
import { type Census, sumOf, type Tallies, type Tally } from './census.ts';
import type { DesiredState } from './desired-state.ts';
import type { PortalIndex } from './portal-index.ts';

/** Who finds at least so much of what the portal shows of his projects is in the right cloud. */
const foundShare = 0.1;

/**
 * Says when nothing, or almost nothing, of what the portal shows is in the cloud: another cloud's address, another region, an
 * account that sees no project. Nova and Heat are judged each for itself as well, since either may answer for another region
 * than the rest, and what they list is shown without anybody's confirmation: servers, flavors and stacks. Cinder and Neutron
 * add nothing but what a stack names.
 *
 * Owners are counted, not objects: whatever one of them has in the portal, he is one. An owner who alone has something of a service
 * says nothing about it.
 *
 * @returns what to tell a person; undefined: this is the cloud that the portal shows
 */
export function recogniseWrongCloud(
  census: Census,
  desired: Pick<DesiredState, 'racks'>,
  index: PortalIndex,
): string | undefined {
  const servers = census.server();
  const racks = census.rack();
  const shown = together([servers, census.volume(), census.network(), racks]);
  const all = withNewcomers(shown, newRacks(desired));
  const ofNova = withNewcomers(together([servers, newServers(desired, index)]), newServers(desired));
  const ofHeat = withNewcomers(racks, newRacks(desired));

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
    `Almost ${what} in this cloud: ${missing.join(', ')} have vanished without a trace of their ` +
    'deletion. Nothing at all is changed. Is this the right cloud (openstack.auth_url and region), and do the credentials still ' +
    'see all projects? If it is right, `allow-deletions` lists what would be deleted and lets the running service delete it once.'
  );
}

/** Whether all are somewhere else but a few. */
function isElsewhere(tallies: Tallies): boolean {
  const inPlace = [...tallies.values()].filter(isFound).length;
  return tallies.size > 0 && inPlace < foundShare * tallies.size;
}

function isFound({ owned, absent }: Tally): boolean {
  return owned - absent >= foundShare * owned && absent < owned;
}

/** Who owns something in the cloud of which the portal shows nothing yet finds all of it. */
function withNewcomers(shown: Tallies, found: Tallies): Tallies {
  return new Map([...found, ...shown]);
}

function newRacks({ racks }: Pick<DesiredState, 'racks'>): Tallies {
  return new Map(racks.map(({ ownerId }) => [String(ownerId), { owned: 1, absent: 0 }]));
}

/**
 * Servers without a device.
 *
 * @param index only those that are members of a stack which the portal shows: Nova and Heat speak of the same cloud there
 */
function newServers({ racks }: Pick<DesiredState, 'racks'>, index?: PortalIndex): Tallies {
  const tallies = new Map<string, Tally>();
  for (const { key, source, ownerId, devices } of racks) {
    if (index && (source.kind !== 'stack' || !index.racksOfSource.has(key))) continue;
    const owned = devices.filter(({ object, present }) => object.kind === 'server' && present.length === 0);
    if (owned.length === 0) continue;
    const tally = tallies.get(String(ownerId)) ?? { owned: 0, absent: 0 };
    tallies.set(String(ownerId), { ...tally, owned: tally.owned + owned.length });
  }
  return tallies;
}

function together(each: readonly Tallies[]): Tallies {
  const owners = new Set(each.flatMap((tallies) => [...tallies.keys()]));
  return new Map(
    [...owners].map((owner) => [owner, sumOf(each.flatMap((tallies) => tallies.get(owner) ?? []))]),
  );
}
