import type { JsonObject, Rack, RackPatch } from '../concertim/model.ts';
import { toCents } from './costs.ts';
import type { DesiredRack } from './desired-state.ts';
import { difference } from './difference.ts';
import { merged, without } from './metadata.ts';
import type { OrderIds } from './order-ids.ts';
import { outputsKey } from './outputs.ts';
import { retiredKey, withoutCloud } from './ownership.ts';
import type { Slot } from './rack-layout.ts';

/** The fields of a rack that differ; undefined: none. */
export function rackPatch(
  rack: Rack,
  desired: DesiredRack,
  slot: Slot,
  { name, isFirst, orderId }: { name: string; isFirst: boolean; orderId: string | undefined },
): RackPatch | undefined {
  const cost = rackCost(rack, desired, isFirst);
  return difference<RackPatch>(rack, {
    name,
    height: slot.units.height,
    status: desired.status,
    creationOutput: desired.creationOutput,
    cost,
    orderId,
    metadata: merged(withoutCloud(without(retiredKey, rack.metadata), desired.metadata), desired.metadata),
  });
}

/** The cost of the devices in a rack. The first rack of a stack also has the cost of resources without a device. */
function rackCost(rack: Rack, { formerCost, devices }: DesiredRack, isFirst: boolean): number | undefined {
  if (formerCost === undefined || rack.cost === undefined) return undefined;
  let sum = isFirst ? formerCost : 0;
  for (const { cost = 0, present } of devices) if (present[0]?.location?.rackId === rack.id) sum += cost;
  return toCents(sum);
}

/** The draft of another rack, for a source with too few. */
export function newRack(
  desired: DesiredRack,
  slot: Slot,
  {
    name,
    orderId,
    sibling,
    defaultClusterType,
  }: {
    name: string;
    orderId: string;
    sibling: Rack | undefined;
    defaultClusterType: string | undefined;
  },
) {
  if (slot.ref.kind !== 'new') throw new TypeError(`rack ${name} is there already`);
  return {
    key: slot.ref.key,
    draft: {
      ownerId: desired.ownerId,
      name,
      height: slot.units.height,
      status: desired.status ?? ('IN_PROGRESS' as const),
      creationOutput: desired.creationOutput ?? sibling?.creationOutput ?? '',
      networkDetails: {},
      metadata: { ...outputsIn(sibling), ...desired.metadata },
      orderId,
      createdAt: desired.createdAt(),
      clusterType: desired.clusterType ?? defaultClusterType,
    },
  };
}

/** Where the stack was not read, a further rack gets the outputs that the first one shows. */
function outputsIn(sibling: Rack | undefined): JsonObject {
  const outputs = sibling?.metadata[outputsKey];
  return outputs === undefined ? {} : { [outputsKey]: outputs };
}

/**
 * The order that a rack is billed under; undefined: the present one stays, for example because the stack's order is not known. The
 * Python service of 2024 wrote a placeholder for a stack without an order: it is replaced as in a new rack.
 */
export function orderOf(
  { orderId }: Rack,
  { order, key }: DesiredRack,
  orderIds: OrderIds,
): string | undefined {
  const known = order ?? (orderId === 'None' ? key : undefined);
  return orderId === undefined || known === undefined ? undefined : orderIds.keep(orderId, known);
}
