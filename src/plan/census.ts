import type { Device, PortalSnapshot } from '../concertim/model.ts';
import { collections, type Kind, type ProjectId } from '../openstack/model.ts';
import { isOfGoneFlavor } from './flavor-template.ts';
import type { CloudObservation, Evidence } from './observation.ts';
import { isOwnTemplate, keyOfSource, type RackKey, sourceOfRack } from './ownership.ts';
import { type PortalIndex, projectOfRack } from './portal-index.ts';
import { isInScope, presentFlavors, presentStacks, seenOf } from './seen.ts';

/** The kinds of objects that are counted. Devices count by what they show, since each kind comes from another service. */
export type ShownKind = Kind | 'rack' | 'template';

/** How many cloud objects one owner's part of the portal claims, and how many of them are missing from the cloud without proof of their deletion. */
export interface Tally {
  owned: number;
  /** In no list, and not reported as deleted by the cloud, whether it was queried by id or not. */
  absent: number;
}

/** By owner. What nobody owns (templates, devices in no rack) counts as one more owner, `nobody`. */
export type Tallies = ReadonlyMap<string, Tally>;
/** Counted on first use: where portal and cloud agree, nothing needs the count. */
export type Census = Readonly<Record<ShownKind, () => Tallies>>;

/** Stands for the owner of objects without one. */
export const nobody = '';

/**
 * Counts all objects of ours, queried by id or not: a sample says nothing about the whole. Cloud objects are counted, not rows: of
 * several devices of one server one counts, so that nobody grows his part by copying.
 *
 * @param deletedStacks those that the cloud reports as deleted
 */
export function takeCensus(
  cloud: CloudObservation,
  portal: PortalSnapshot,
  index: PortalIndex,
  deletedStacks: ReadonlySet<RackKey>,
): Census {
  const devicesOf = (kind: Kind) => once(() => countDevices(kind, cloud, index, deletedStacks));
  return {
    server: devicesOf('server'),
    volume: devicesOf('volume'),
    network: devicesOf('network'),
    rack: once(() => countRacks(cloud, index, deletedStacks)),
    template: once(() => countTemplates(cloud, portal)),
  };
}

function countDevices(
  kind: Kind,
  cloud: CloudObservation,
  index: PortalIndex,
  deletedStacks: ReadonlySet<RackKey>,
): Tallies {
  const seen = seenOf(cloud, kind);
  const evidence = cloud.evidence[collections[kind]];
  const tallies = new Map<string, Tally>();
  // A kind that was not observed is not missing.
  if (!seen) return tallies;
  for (const [id, devices] of index.devicesOf[kind]) {
    const [device] = devices;
    if (!device) continue;
    const isAbsent =
      !seen.has(id) &&
      isInScope(cloud.scope, kind, id) &&
      isLost(evidence.get(id), cloud) &&
      !devices.some((each) => isOfStacks(each, index, deletedStacks));
    count(tallies, ownerOfDevice(device, index), isAbsent);
  }
  return tallies;
}

function countRacks(
  cloud: CloudObservation,
  index: PortalIndex,
  deletedStacks: ReadonlySet<RackKey>,
): Tallies {
  const { evidence, scope, unobserved } = cloud;
  const seen = presentStacks(cloud);
  const tallies = new Map<string, Tally>();
  for (const [key, source] of index.sources) {
    const owner = index.racksOfSource.get(key)?.[0]?.ownerId;
    if (source.kind !== 'stack' || owner === undefined) continue;
    // Where a project's stacks could not be listed, none of them is missing: that is another error.
    if (unobserved.has(projectOfRack(key, index) as ProjectId)) continue;
    const isAbsent =
      !seen.has(key) &&
      (scope.kind === 'all' || scope.racks.has(key)) &&
      isLost(evidence.stacks.get(source.stackId), cloud) &&
      !deletedStacks.has(key);
    count(tallies, String(owner), isAbsent);
  }
  return tallies;
}

function countTemplates(cloud: CloudObservation, portal: PortalSnapshot): Tallies {
  const { evidence, scope } = cloud;
  const listed = presentFlavors(cloud);
  const tallies = new Map<string, Tally>();
  for (const template of portal.templates) {
    if (!isOwnTemplate(template) || isOfGoneFlavor(template.foreignId)) continue;
    const { foreignId } = template;
    const isAbsent =
      scope.kind === 'all' && !listed.has(foreignId) && evidence.flavors.get(foreignId) !== 'exists';
    count(tallies, nobody, isAbsent);
  }
  return tallies;
}

/** Who has a device: the owner of its rack. */
export function ownerOfDevice({ location }: Device, index: PortalIndex): string {
  const rack = location && index.racks.get(location.rackId);
  return rack ? String(rack.ownerId) : nobody;
}

/** Adds up the tallies of some owners. */
export function sumOf(tallies: Iterable<Tally>): Tally {
  const sum = { owned: 0, absent: 0 };
  for (const { owned, absent } of tallies) {
    sum.owned += owned;
    sum.absent += absent;
  }
  return sum;
}

/** Neither found nor reported as deleted. In a targeted run only what was queried is known to be missing. */
function isLost(evidence: Evidence | undefined, { scope }: CloudObservation): boolean {
  if (scope.kind === 'some') return evidence === 'not-found';
  return evidence !== 'exists' && evidence !== 'deleted' && evidence !== 'nested';
}

function isOfStacks({ location }: Device, index: PortalIndex, stacks: ReadonlySet<RackKey>): boolean {
  const rack = location && index.racks.get(location.rackId);
  const source = rack ? sourceOfRack(rack) : undefined;
  return source?.kind === 'stack' && stacks.has(keyOfSource(source));
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

function count(tallies: Map<string, Tally>, owner: string, isAbsent: boolean): void {
  let tally = tallies.get(owner);
  if (!tally) tallies.set(owner, (tally = { owned: 0, absent: 0 }));
  tally.owned++;
  if (isAbsent) tally.absent++;
}
