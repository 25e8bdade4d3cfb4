import type { PortalSnapshot } from '../concertim/model.ts';
import { collections, kinds, type ObjectId, type StackId } from '../openstack/model.ts';
import type { Evidence } from '../plan/observation.ts';
import { objectOfDevice, sourceOfRack } from '../plan/ownership.ts';
import type { Homes } from '../plan/territory.ts';
import { surer } from './evidence.ts';
import { hasFailed } from './kind-source.ts';
import type { SeenCloud } from './observe-cloud.ts';

/**
 * What no cloud lists counts as gone only when each cloud that may have it says so: where one of them finds it, or could not be queried,
 * it stays, whatever the metadata of its row names.
 *
 * @param seen by the name of the cloud
 */
export function agreeOnEvidence(
  seen: ReadonlyMap<string, SeenCloud>,
  portal: PortalSnapshot,
  homes: Homes,
): Map<string, SeenCloud> {
  const stacks = new Map<StackId, Evidence>();
  const objects = { servers: new Map(), volumes: new Map(), networks: new Map() } as Record<
    'servers' | 'volumes' | 'networks',
    Map<ObjectId, Evidence>
  >;
  for (const { cloud } of seen.values()) {
    join(stacks, cloud.evidence.stacks);
    for (const kind of kinds) join(objects[collections[kind]], cloud.evidence[collections[kind]]);
  }
  const isSilent = (candidates: readonly string[], of: (cloud: SeenCloud) => boolean) =>
    candidates.some((name) => {
      const cloud = seen.get(name);
      return !cloud || of(cloud);
    });
  for (const rack of portal.racks) {
    const source = sourceOfRack(rack);
    const home = homes.racks.get(rack.id);
    if (source?.kind !== 'stack' || !home) continue;
    const { stackId } = source;
    if (isSilent(home.candidates, ({ cloud }) => !cloud.evidence.stacks.has(stackId)))
      join(stacks, new Map([[stackId, 'unknown']]));
  }
  for (const [device, { candidates }] of homes.devices) {
    const id = objectOfDevice(device);
    if (id && isSilent(candidates, ({ unread }) => hasFailed(device.kind, unread)))
      join(objects[collections[device.kind]], new Map([[id, 'unknown']]));
  }
  return new Map(
    [...seen].map(([name, each]) => {
      const evidence = { ...each.cloud.evidence, ...objects, stacks };
      return [name, { ...each, cloud: { ...each.cloud, evidence } }];
    }),
  );
}

function join<Id>(all: Map<Id, Evidence>, more: ReadonlyMap<Id, Evidence>): void {
  for (const [id, evidence] of more) all.set(id, surer(all.get(id), evidence));
}
