import type { Device, OwnerId, PortalSnapshot, Rack, RackId } from '../concertim/model.ts';
import { metadataKeys, objectOfDevice, sourceOfRack } from './ownership.ts';
import { indexPortal } from './portal-index.ts';

/** What is known of where one of several clouds ends: whose a row of the portal is depends on all of them. */
export interface Territory {
  readonly name: string;
  /** Whether the run has read it whole; if not, `ids` and `projects` are what was found before, and may be empty. */
  readonly isRead: boolean;
  /** Of its stacks, servers, volumes and networks. */
  readonly ids: ReadonlySet<string>;
  /** Of its Keystone. Regions share one. */
  readonly projects: ReadonlySet<string>;
}

/** Whose a row is. */
export interface Home {
  /** undefined: nobody can say, so that the row stays as it is. */
  readonly cloud: string | undefined;
  /** Clouds that must be queried before the row counts as gone, because no cloud lists what it shows. */
  readonly candidates: readonly string[];
}

/** Whose each rack and device of the portal is. Rows that show nothing of a cloud have no entry. */
export interface Homes {
  readonly racks: ReadonlyMap<RackId, Home>;
  readonly devices: ReadonlyMap<Device, Home>;
}

/**
 * Says which cloud may change a row of the portal. What users can write is no proof, so the clouds decide:
 *
 * | what a row shows | whose it is |
 * |---|---|
 * | is listed by a cloud | that cloud's; a rack of servers without a stack is whose servers stand in it |
 * | is listed by none, and its owner's project is in one Keystone | that cloud's; of several regions, the one that the row names, or the first |
 * | the same, and one of these, or the cloud that the row names, was not read | nobody's: it may be there |
 * | the same, and no Keystone has the project | nobody's |
 *
 * So a false name in the metadata makes a row stay; it never makes one go. A device that is not listed goes with its rack.
 */
export function settleHomes(portal: PortalSnapshot, clouds: readonly Territory[]): Homes {
  const projects = new Map(portal.owners.map(({ id, projectId }) => [id, projectId]));
  const ofOwner = (owner: OwnerId) => clouds.filter((cloud) => cloud.projects.has(projects.get(owner) ?? ''));
  const { devicesOfRack } = indexPortal(portal);
  const racks = new Map<RackId, Home>();
  const owners = new Map<RackId, OwnerId>();
  for (const rack of portal.racks) {
    owners.set(rack.id, rack.ownerId);
    const source = sourceOfRack(rack);
    if (!source) continue;
    const shown =
      source.kind === 'stack'
        ? [source.stackId]
        : (devicesOfRack.get(rack.id) ?? []).flatMap((device) => objectOfDevice(device) ?? []);
    racks.set(rack.id, homeOf(rack, shown, ofOwner(rack.ownerId), clouds));
  }
  const devices = new Map<Device, Home>();
  for (const device of portal.devices) {
    const id = objectOfDevice(device);
    if (id === undefined) continue;
    const rackId = device.location?.rackId;
    const ofRack = rackId === undefined ? undefined : racks.get(rackId);
    const owner = rackId === undefined ? undefined : owners.get(rackId);
    const possible = rackId === undefined ? clouds : owner === undefined ? [] : ofOwner(owner);
    const home = homeOf(device, [id], possible, clouds);
    devices.set(device, home.candidates.length > 0 && ofRack ? { ...home, cloud: ofRack.cloud } : home);
  }
  return { racks, devices };
}

function homeOf(
  { metadata }: Pick<Rack | Device, 'metadata'>,
  shown: readonly string[],
  possible: readonly Territory[],
  clouds: readonly Territory[],
): Home {
  const named = clouds.find(({ name }) => name === metadata[metadataKeys.cloud]);
  const listers = clouds.filter(({ ids }) => shown.some((id) => ids.has(id)));
  const [lister] = listers;
  if (lister) return { cloud: (named && listers.includes(named) ? named : lister).name, candidates: [] };
  const isCertain = named?.isRead !== false && possible.every(({ isRead }) => isRead);
  if (!isCertain) return { cloud: undefined, candidates: [] };
  const home = named && possible.includes(named) ? named : possible[0];
  return { cloud: home?.name, candidates: possible.map(({ name }) => name) };
}
