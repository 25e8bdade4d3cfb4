import type { Device, DevicePatch, JsonObject, Rack, RackPatch, TemplateId } from '../concertim/model.ts';
import type { Change, NewDevice } from './change.ts';
import { toCents } from './costs.ts';
import type { DesiredDevice, DesiredRack } from './desired-state.ts';
import { deviceFields, saysAlready } from './device-fields.ts';
import { difference, equal } from './difference.ts';
import type { Ground } from './ground.ts';
import { inherited, recall } from './memory.ts';
import { chooseName, deviceNames, nameCandidates, rackNames } from './names.ts';
import type { OrderIds } from './order-ids.ts';
import { metadataKeys, type RackKey } from './ownership.ts';
import type { PlannedTemplate } from './plan-templates.ts';
import { compareTexts, type PortalIndex } from './portal-index.ts';
import { type Place, RackLayout, type Slot } from './rack-layout.ts';

/** The changes for the racks of one source, by the phase they belong to. */
export interface RackPlan {
  /** Frees names and places. */
  readonly removals: Change[];
  readonly racks: Change[];
  readonly devices: Change[];
  /** Racks that nothing stands in any more. */
  readonly leftovers: Change[];
}

export interface RackPlanContext {
  readonly index: PortalIndex;
  readonly templates: ReadonlyMap<string, PlannedTemplate>;
  /** Devices whose deletion comes first: their names and places are free. */
  readonly leaving: ReadonlyMap<Device, Ground>;
  /** What the brake has refused to take away: it stays where it is, as what it is. */
  readonly kept: ReadonlySet<unknown>;
  /** Flavors that are there, by id. */
  readonly flavors: ReadonlySet<string>;
  /** The flavor of each template of ours. */
  readonly flavorOfTemplate: ReadonlyMap<TemplateId, string>;
  /** Which source's racks a device belongs in: one that stands elsewhere will move there. */
  readonly keyOfDevice: (device: Device) => RackKey | undefined;
  /** Names of the owner's other racks. Grows with each rack that is planned. */
  readonly takenNames: Set<string>;
  /** Of all racks of the portal. */
  readonly orderIds: OrderIds;
  /** Height of a new rack, in units, unless its devices need more. */
  readonly defaultRackHeight: number;
}

/** A device and what it shall show. */
interface Shown {
  readonly device: Device;
  readonly wanted: DesiredDevice;
}

/** What becomes of the devices of a source. Those that are right as they are are in none of these. */
interface Sorted {
  readonly update: Shown[];
  /** To be made anew: another template, or another rack. */
  readonly replace: Shown[];
  readonly create: DesiredDevice[];
  /** Further devices of one server. */
  readonly surplus: Device[];
}

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
      reason: 'a second device of one server',
    });
  }
  // What stands where, under which name, matters where something is named or placed, and where a rack may be empty.
  const isStill = sorted.update.length + sorted.replace.length + sorted.create.length === 0;
  if (!isStill || layout.slots.length > 1) layOut(layout, desired.key, sorted.surplus, context);
  planUpdates(sorted.update, layout, plan);
  planNewDevices(sorted, layout, plan, context);
  if (layout.slots.length === 0) layout.addRack(0);
  planSlots(desired, layout, plan, context);
  return plan;
}

function sortDevices(desired: DesiredRack, layout: RackLayout, context: RackPlanContext): Sorted {
  const sorted: Sorted = { update: [], replace: [], create: [], surplus: [] };
  const isHere = ({ location }: Device) => layout.slotOf(location?.rackId) !== undefined;
  const stays = (device: Device, { template: { foreignId } }: DesiredDevice) => {
    const template = context.templates.get(foreignId);
    return template?.ref.kind === 'present' && isMadeFrom(device, template) && isHere(device);
  };
  const isRight = (wanted: DesiredDevice) => {
    const [device, ...others] = wanted.present;
    return device && others.length === 0 && stays(device, wanted) && saysAlready(device, wanted);
  };
  // Their order is that of their places in an empty rack.
  for (const wanted of desired.devices.filter((wanted) => !isRight(wanted)).sort(byNameAndId)) {
    const { present } = wanted;
    const device = present.find(isHere) ?? present[0];
    if (!device) {
      sorted.create.push(wanted);
      continue;
    }
    sorted.surplus.push(...present.filter((other) => other !== device && !context.kept.has(other)));
    if (context.kept.has(device) && !isHere(device)) continue;
    if (!stays(device, wanted) && !context.kept.has(device)) sorted.replace.push({ device, wanted });
    else if (!saysAlready(device, wanted)) sorted.update.push({ device, wanted });
  }
  return sorted;
}

/** A release that does not show templates leaves but the height to go by. */
function isMadeFrom(device: Device, { ref, height }: PlannedTemplate): boolean {
  const { templateId } = device;
  if (templateId !== undefined) return ref.kind === 'present' && ref.id === templateId;
  const { location } = device;
  return !location || location.endU - location.startU + 1 === height;
}

function byNameAndId({ server: a }: DesiredDevice, { server: b }: DesiredDevice): number {
  return compareTexts(a.name, b.name) || compareTexts(a.id, b.id);
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

function planUpdates(update: readonly Shown[], layout: RackLayout, plan: RackPlan): void {
  for (const { device, wanted } of update) {
    const slot = layout.slotOf(device.location?.rackId);
    if (!slot) continue;
    const name = nameIn(slot, wanted, device.name);
    const patch = devicePatch(device, wanted, name);
    if (patch) plan.devices.push({ kind: 'update-device', device, patch, reason: 'the server differs' });
  }
  // Only now: of two devices that swap their names, neither must take one that the other still has.
  for (const change of plan.devices) {
    if (change.kind === 'update-device' && change.patch.name !== undefined) {
      layout.slotOf(change.device.location?.rackId)?.names.delete(change.device.name);
    }
  }
}

function planNewDevices(
  { replace, create }: Sorted,
  layout: RackLayout,
  plan: RackPlan,
  context: RackPlanContext,
): void {
  const heightOf = ({ template }: DesiredDevice) =>
    context.templates.get(template.foreignId)?.height ?? template.height;
  let toCome = 0;
  for (const { wanted } of replace) toCome += heightOf(wanted);
  for (const wanted of create) toCome += heightOf(wanted);

  const newDevice = (wanted: DesiredDevice, device?: Device): NewDevice => {
    const height = heightOf(wanted);
    const presentSlot = layout.slotOf(device?.location?.rackId);
    let preferred: Place | undefined;
    if (presentSlot && device?.location) {
      layout.release(presentSlot, device);
      preferred = { slot: presentSlot, startU: device.location.startU };
    }
    const { slot, startU } = layout.place(height, { preferred, toCome });
    toCome -= height;
    const name = nameIn(slot, wanted, slot === presentSlot ? device?.name : undefined);
    const fields = deviceFields(wanted);
    return {
      rack: slot.ref,
      template: context.templates.get(wanted.template.foreignId)?.ref ?? {
        kind: 'new',
        foreignId: wanted.template.foreignId,
      },
      startU,
      draft: {
        ...fields,
        name,
        // A server in a state that we do not know: the one status that offers no button.
        status: wanted.status ?? device?.status ?? 'IN_PROGRESS',
        loginUser: (device?.kind === 'server' && device.loginUser) || '',
        metadata: { ...(device && withoutStack(device.metadata)), ...fields.metadata },
      },
    };
  };
  for (const { device, wanted } of replace) {
    const reason = 'its server has another flavor, or its stack another rack';
    const ground = groundOfReplacement(device, layout, context);
    plan.devices.push({ kind: 'replace-device', device, ...newDevice(wanted, device), ground, reason });
  }
  for (const wanted of create) {
    plan.devices.push({ kind: 'create-device', ...newDevice(wanted), reason: 'a server without a device' });
  }
}

/** Where its flavor is still there, it is the server that has changed. */
function groundOfReplacement(device: Device, layout: RackLayout, context: RackPlanContext): Ground {
  if (!layout.slotOf(device.location?.rackId)) return 'moved';
  const flavor = device.templateId && context.flavorOfTemplate.get(device.templateId);
  return flavor !== undefined && context.flavors.has(flavor) ? 'resized' : 'another flavor';
}

function planSlots(
  desired: DesiredRack,
  layout: RackLayout,
  plan: RackPlan,
  { index, kept, takenNames: taken, orderIds }: RackPlanContext,
): void {
  for (const [at, slot] of layout.slots.entries()) {
    const { present } = slot;
    if (!present) {
      const name = chooseName(rackNameCandidates(desired, at + 1), taken);
      taken.add(name);
      const sibling = index.racksOfSource.get(desired.key)?.find(recall);
      const orderId = orderIds.next(desired.order ?? desired.key);
      const rack = newRack(desired, slot, { name, orderId, sibling });
      plan.racks.push({ kind: 'create-rack', ...rack, reason: reasonForRack(at) });
    } else if (at > 0 && slot.devices === 0 && !kept.has(present)) {
      const reason = 'nothing stands in it any more';
      plan.leftovers.push({ kind: 'delete-rack', rack: present, ground: 'empty', reason });
    } else {
      const name = bearsOwnName(present, desired)
        ? present.name
        : chooseName(rackNameCandidates(desired, at + 1), taken);
      taken.add(name);
      const orderId = orderOf(present, desired, orderIds);
      const patch = rackPatch(present, desired, slot, { name, isFirst: at === 0, orderId });
      if (patch) plan.racks.push({ kind: 'update-rack', rack: present, patch, reason: 'the stack differs' });
    }
  }
}

/** The names of a source's first rack, its second… A number that is cut off would be none. */
function rackNameCandidates({ name, nameId }: DesiredRack, number: number): Iterable<string> {
  const numbered = number === 1 ? name : `${name.slice(0, rackNames.maxLength - 3)}-${number}`;
  return nameCandidates(numbered, nameId, rackNames);
}

/**
 * Whatever its number: a rack keeps it when one before it is gone. Also as the Python service of 2023 and 2024 made it of the
 * stack's, with a dash for each underscore: nobody is helped by another name.
 */
function bearsOwnName(rack: Rack, desired: DesiredRack): boolean {
  return bears(rack, desired) || bears(rack, { ...desired, name: desired.name.replaceAll('_', '-') });
}

function bears(rack: Rack, desired: DesiredRack): boolean {
  for (let number = 1; number <= mostRacks; number++) {
    for (const name of rackNameCandidates(desired, number)) if (name === rack.name) return true;
  }
  return false;
}

/** More than the 1,000 resources that Heat allows a stack unless told otherwise can fill. */
const mostRacks = 99;

function nameIn(slot: Slot, wanted: DesiredDevice, present: string | undefined): string {
  const name = chooseName(
    nameCandidates(wanted.server.name, wanted.server.id, deviceNames),
    slot.names,
    present,
  );
  slot.names.add(name);
  return name;
}

function devicePatch(device: Device, wanted: DesiredDevice, name: string): DevicePatch | undefined {
  const { kind: _, createdAt: __, ...fields } = deviceFields(wanted);
  return difference<DevicePatch>(device, {
    name,
    ...(wanted.status && { status: wanted.status }),
    ...fields,
    // A portal that shows no cost has none.
    ...(wanted.cost !== undefined && device.cost !== undefined && { cost: wanted.cost }),
    metadata: merged(device.metadata, fields.metadata),
  });
}

function rackPatch(
  rack: Rack,
  desired: DesiredRack,
  slot: Slot,
  { name, isFirst, orderId }: { name: string; isFirst: boolean; orderId: string | undefined },
): RackPatch | undefined {
  const cost = rackCost(rack, desired, isFirst);
  return difference<RackPatch>(rack, {
    name,
    height: slot.units.height,
    ...(desired.status && { status: desired.status }),
    ...(desired.creationOutput !== undefined && { creationOutput: desired.creationOutput }),
    ...(cost !== undefined && { cost }),
    ...(orderId !== undefined && { orderId }),
    metadata: merged(rack.metadata, desired.metadata),
  });
}

/** What the devices that stand in a rack cost; of those that are gone the first rack of a stack tells. */
function rackCost(rack: Rack, { formerCost, devices }: DesiredRack, isFirst: boolean): number | undefined {
  if (formerCost === undefined || rack.cost === undefined) return undefined;
  let sum = isFirst ? formerCost : 0;
  for (const { cost = 0, present } of devices) if (present[0]?.location?.rackId === rack.id) sum += cost;
  return toCents(sum);
}

function newRack(
  desired: DesiredRack,
  slot: Slot,
  { name, orderId, sibling }: { name: string; orderId: string; sibling: Rack | undefined },
) {
  if (slot.ref.kind !== 'new') throw new TypeError(`rack ${name} is there already`);
  const remembered = sibling && inherited(sibling);
  return {
    key: slot.ref.key,
    draft: {
      ownerId: desired.ownerId,
      name,
      height: slot.units.height,
      status: desired.status ?? ('IN_PROGRESS' as const),
      creationOutput: desired.creationOutput ?? remembered?.creationOutput ?? '',
      networkDetails: {},
      metadata: { ...remembered?.metadata, ...desired.metadata },
      orderId,
      createdAt: desired.createdAt(),
      clusterType: desired.clusterType,
    },
  };
}

/** undefined: it stays, as where the stack's order is not known. */
function orderOf({ orderId }: Rack, { order }: DesiredRack, orderIds: OrderIds): string | undefined {
  return orderId === undefined || order === undefined ? undefined : orderIds.keep(orderId, order);
}

function reasonForRack(at: number): string {
  return at === 0 ? 'a stack without a rack' : 'the stack does not fit into its racks';
}

/** A device that moves may leave its stack, and not know it by an old id. */
function withoutStack(metadata: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(metadata).filter(([key]) => key !== metadataKeys.stackId));
}

/** The portal replaces metadata whole: what others have put there is sent back. */
function merged(present: Readonly<Record<string, unknown>>, ours: Readonly<Record<string, unknown>>) {
  return Object.keys(ours).every((key) => equal(present[key], ours[key])) ? present : { ...present, ...ours };
}

function devicesIn({ present }: Slot, index: PortalIndex): readonly Device[] {
  return present ? (index.devicesOfRack.get(present.id) ?? []) : [];
}
