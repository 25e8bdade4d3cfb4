import { kinds } from '../openstack/model.ts';
import { type Census, sumOf, type Tallies, type Tally } from './census.ts';

/** Who finds at least so much of what the portal shows of his projects is in the right cloud. */
const foundShare = 0.1;

/**
 * Says when nothing, or almost nothing, of what the portal shows is in the cloud: another cloud's address, another region, an
 * account that sees no project. Owners are counted, not objects: whatever one of them has in the portal, he is one.
 *
 * @param newcomers owners of whom the cloud shows something and the portal nothing yet
 * @returns what to tell a person; undefined: this is the cloud that the portal shows
 */
export function recogniseWrongCloud(census: Census, newcomers: number): string | undefined {
  const devices = together(kinds.map((kind) => census[kind]()));
  const racks = census.rack();
  const owners = [...new Set([...devices.keys(), ...racks.keys()])].map((owner) =>
    sumOf([devices.get(owner), racks.get(owner)].filter((tally) => tally !== undefined)),
  );
  const inPlace = owners.filter(isFound).length + newcomers;
  if (owners.length === 0 || inPlace >= foundShare * (owners.length + newcomers)) return undefined;
  const counts = [
    ['devices', devices],
    ['racks', racks],
    ['templates', census.template()],
  ] as const;
  const missing = counts
    .map(([kind, each]) => [kind, sumOf(each.values())] as const)
    .filter(([, { absent }]) => absent > 0)
    .map(([kind, { absent, owned }]) => `${absent} of ${owned} ${kind}`);
  return (
    `Almost nothing of what the portal shows is in this cloud: ${missing.join(', ')} have vanished without a trace of their ` +
    'deletion. Nothing at all is changed. Is this the right cloud (openstack.auth_url and region), and do the credentials still ' +
    'see all projects? If it is right, look at `plan --allow-deletions`, then run once with --allow-deletions.'
  );
}

function together(each: readonly Tallies[]): Tallies {
  const owners = new Set(each.flatMap((tallies) => [...tallies.keys()]));
  return new Map(
    [...owners].map((owner) => [owner, sumOf(each.flatMap((tallies) => tallies.get(owner) ?? []))]),
  );
}

function isFound({ owned, absent }: Tally): boolean {
  return owned - absent >= foundShare * owned && absent < owned;
}
