import type { Device } from '../concertim/model.ts';
import type { DesiredRack } from './desired-state.ts';
import { chooseName } from './names.ts';
import { type RackKey, wordForSource } from './ownership.ts';
import { planNewDevices, planUpdates } from './plan-devices.ts';
import type { PortalIndex } from './portal-index.ts';
import { newRack, orderOf, rackPatch } from './rack-fields.ts';
import { RackLayout, type Slot } from './rack-layout.ts';
import { bearsOwnName, rackNameCandidates } from './rack-name.ts';
import type { RackPlan, RackPlanContext } from './rack-plan.ts';
import { because } from './reason.ts';
import { sortDevices } from './sorted-devices.ts';

/** Plans the racks of one source, and what stands in them. */
export function planRacks(desired: DesiredRack, context: RackPlanContext): RackPlan {
  const plan: RackPlan = { removals: [], racks: [], devices: [], leftovers: [] };
  const racks = context.index.racksOfSource.get(desired.key) ?? [];
  const layout = new RackLayout(desired.key, racks, context.defaultRackHeight);

  const sorted = sortDevices(desired, layout, context);
  for (const device of sorted.surplus) {
    plan.removals.push({
      kind: 'delete-device',
      device,
      ground: 'double',
      ...because('device-duplicate', { object: device.kind }),
    });
  }
  // What stands where, under which name, matters where something is named or placed, and where a rack may be empty.
  const isStill = sorted.update.length + sorted.replace.length + sorted.create.length === 0;
  if (!isStill || layout.slots.length > 1) layOut(layout, desired.key, sorted.surplus, context);
  if (!isStill) {
    planUpdates(sorted.update, layout, plan, context);
    planNewDevices(sorted, desired, layout, plan, context);
  }
  if (layout.slots.length === 0) layout.addRack(0);
  planSlots(desired, layout, plan, context);
  return plan;
}

function layOut(
  layout: RackLayout,
  key: RackKey,
  surplus: readonly Device[],
  { index, leaving, keyOfDevice }: RackPlanContext,
): void {
  for (const slot of layout.slots) {
    for (const device of devicesIn(slot, index)) {
      if (leaving.has(device) || surplus.includes(device)) continue;
      const belongsTo = keyOfDevice(device);
      layout.keep(slot, device, { moves: belongsTo !== undefined && belongsTo !== key });
    }
  }
}

function planSlots(
  desired: DesiredRack,
  layout: RackLayout,
  plan: RackPlan,
  { index, kept, takenNames, orderIds, defaultClusterType }: RackPlanContext,
): void {
  const object = wordForSource(desired.source);
  const taken = takenNames(desired.ownerId);
  for (const [at, slot] of layout.slots.entries()) {
    const { present } = slot;
    if (!present) {
      const name = chooseName(rackNameCandidates(desired, at + 1), taken);
      taken.add(name);
      const sibling = index.racksOfSource.get(desired.key)?.[0];
      const orderId = orderIds.next(desired.order ?? desired.key);
      const rack = newRack(desired, slot, { name, orderId, sibling, defaultClusterType });
      plan.racks.push({
        kind: 'create-rack',
        ...rack,
        ...because(at === 0 ? 'rack-missing' : 'rack-full', { object }),
      });
    } else if (at > 0 && slot.devices === 0 && !kept.has(present)) {
      const reason = because('rack-empty');
      plan.leftovers.push({ kind: 'delete-rack', rack: present, ground: 'empty', ...reason });
    } else {
      const name = bearsOwnName(present, desired)
        ? present.name
        : chooseName(rackNameCandidates(desired, at + 1), taken);
      taken.add(name);
      const orderId = orderOf(present, desired, orderIds);
      const patch = rackPatch(present, desired, slot, { name, isFirst: at === 0, orderId });
      if (patch)
        plan.racks.push({
          kind: 'update-rack',
          rack: present,
          patch,
          ...because('rack-differs', { object }),
        });
    }
  }
}

function devicesIn({ present }: Slot, index: PortalIndex): readonly Device[] {
  return present ? (index.devicesOfRack.get(present.id) ?? []) : [];
}
