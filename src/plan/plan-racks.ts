import type { Device, JsonObject, Rack, RackPatch, TemplateId } from '../concertim/model.ts';
import type { PortalProfile } from '../concertim/profile.ts';
import { kinds, type ServerId } from '../openstack/model.ts';
import { type Change, type NewDevice, templateKey } from './change.ts';
import { toCents } from './costs.ts';
import type { DesiredDevice, DesiredRack } from './desired-state.ts';
import { deviceFields, devicePatch, merged, saysAlready } from './device-fields.ts';
import { difference } from './difference.ts';
import type { Ground } from './ground.ts';
import {
  chooseName,
  deviceNameCandidates,
  deviceNames,
  type NameRules,
  nameCandidates,
  nameOfObject,
  rackNames,
  validName,
} from './names.ts';
import type { OrderIds } from './order-ids.ts';
import { outputsKey } from './outputs.ts';
import { metadataKeys, type RackKey, retiredKey } from './ownership.ts';
import { sideOf } from './placement.ts';
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
  readonly profile: PortalProfile;
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
  /** Of racks of stacks that say none. */
  readonly defaultClusterType: string | undefined;
}

/** A device and what it should show. */
interface Shown {
  readonly device: Device;
  readonly wanted: DesiredDevice;
}

/** What becomes of the devices of a source. Those that are right as they are are in none of these. */
interface Sorted {
  readonly update: Shown[];
  /** To be recreated: another template, or another rack. */
  readonly replace: Shown[];
  readonly create: DesiredDevice[];
  /** Further devices of one object. */
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
      reason: `a second device of one ${device.kind}`,
    });
  }
  // What stands where, under which name, matters where something is named or placed, and where a rack may be empty.
  const isStill = sorted.update.length + sorted.replace.length + sorted.create.length === 0;
  if (!isStill || layout.slots.length > 1) layOut(layout, desired.key, sorted.surplus, context);
  planUpdates(sorted.update, layout, plan, context);
  takeFreedNames(layout, plan, sorted.update, deviceNames(context.profile));
  planNewDevices(sorted, desired, layout, plan, context);
  if (layout.slots.length === 0) layout.addRack(0);
  planSlots(desired, layout, plan, context);
  return plan;
}

function sortDevices(desired: DesiredRack, layout: RackLayout, context: RackPlanContext): Sorted {
  const sorted: Sorted = { update: [], replace: [], create: [], surplus: [] };
  const isHere = ({ location }: Device) => layout.slotOf(location?.rackId) !== undefined;
  const rules = deviceNames(context.profile);
  const stays = (device: Device, wanted: DesiredDevice) => {
    const template = context.templates.get(templateKey(wanted.template));
    return template?.ref.kind === 'present' && isMadeFrom(device, template) && isHere(device);
  };
  const isRight = (wanted: DesiredDevice) => {
    const [device, ...others] = wanted.present;
    return device && others.length === 0 && stays(device, wanted) && saysAlready(device, wanted, rules);
  };
  // Their order is that of their places in an empty rack.
  const wrong = desired.devices.filter((wanted) => !isRight(wanted));
  for (const wanted of inOrderOfPlaces(wrong, desired.devices)) {
    const { present } = wanted;
    const device = present.find(isHere) ?? present[0];
    if (!device) {
      sorted.create.push(wanted);
      continue;
    }
    sorted.surplus.push(...present.filter((other) => other !== device && !context.kept.has(other)));
    if (context.kept.has(device) && !isHere(device)) continue;
    if (!stays(device, wanted) && !context.kept.has(device)) sorted.replace.push({ device, wanted });
    else if (!saysAlready(device, wanted, rules)) sorted.update.push({ device, wanted });
  }
  return sorted;
}

/** A release that does not show templates leaves but the height to go by. */
function isMadeFrom(device: Device, { alike, height }: PlannedTemplate): boolean {
  const { templateId } = device;
  if (templateId !== undefined) return alike.has(templateId);
  const { location } = device;
  return !location || location.endU - location.startU + 1 === height;
}

/** Servers by name, each with its volumes, which so stand next above it; then what nothing here has. */
function inOrderOfPlaces(some: readonly DesiredDevice[], all: readonly DesiredDevice[]): DesiredDevice[] {
  const objects = new Map(all.map(({ object }) => [object.id, object]));
  const keys = new Map(
    some.map((wanted) => {
      const { object } = wanted;
      const server =
        object.kind === 'volume' ? objects.get(serverOf(object, objects) as ServerId) : undefined;
      return [wanted, { first: server ?? object, isSecond: server !== undefined, object }];
    }),
  );
  return [...keys]
    .sort(
      ([, a], [, b]) =>
        kinds.indexOf(a.first.kind) - kinds.indexOf(b.first.kind) ||
        compareTexts(a.first.name, b.first.name) ||
        compareTexts(a.first.id, b.first.id) ||
        Number(a.isSecond) - Number(b.isSecond) ||
        compareTexts(a.object.name, b.object.name) ||
        compareTexts(a.object.id, b.object.id),
    )
    .map(([wanted]) => wanted);
}

/** The server, of those at hand, that has a volume; of several the one with the lowest id. */
function serverOf(
  object: DesiredDevice['object'],
  here: { has(id: ServerId): boolean },
): ServerId | undefined {
  if (object.kind !== 'volume') return undefined;
  return object.servers.filter((id) => here.has(id)).sort(compareTexts)[0];
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

function planUpdates(
  update: readonly Shown[],
  layout: RackLayout,
  plan: RackPlan,
  { profile }: RackPlanContext,
): void {
  for (const { device, wanted } of update) {
    const slot = layout.slotOf(device.location?.rackId);
    if (!slot) continue;
    const name = nameIn(slot, wanted, device.name, profile);
    const patch = devicePatch(device, wanted, name);
    if (patch)
      plan.devices.push({ kind: 'update-device', device, patch, reason: `the ${device.kind} differs` });
  }
  // Only now: of two devices that swap their names, neither must take one that the other still has.
  for (const change of plan.devices) {
    if (change.kind === 'update-device' && change.patch.name !== undefined) {
      layout.slotOf(change.device.location?.rackId)?.names.delete(change.device.name);
    }
  }
}

/**
 * Of those that are renamed: two that swap their names each find the other's taken, and get one with an end. By a second change
 * they take the plain one, which the first changes have freed.
 */
function takeFreedNames(
  layout: RackLayout,
  plan: RackPlan,
  update: readonly Shown[],
  rules: NameRules,
): void {
  const wantedOf = new Map(update.map(({ device, wanted }) => [device, wanted]));
  const second: Change[] = [];
  for (const change of plan.devices) {
    if (change.kind !== 'update-device' || change.patch.name === undefined) continue;
    const { kind, device } = change;
    const object = wantedOf.get(device)?.object;
    const names = layout.slotOf(device.location?.rackId)?.names;
    const plain = object && validName(nameOfObject(object), rules);
    if (!names || plain === undefined || names.has(plain) || change.patch.name === plain) continue;
    names.delete(change.patch.name);
    names.add(plain);
    const reason = 'the name is free now';
    second.push({ kind, device, patch: { name: plain }, reason });
  }
  plan.devices.push(...second);
}

function planNewDevices(
  { replace, create }: Sorted,
  desired: DesiredRack,
  layout: RackLayout,
  plan: RackPlan,
  context: RackPlanContext,
): void {
  const heightOf = ({ template }: DesiredDevice) =>
    context.templates.get(templateKey(template))?.height ?? template.height;
  let toCome = 0;
  for (const { wanted } of replace) toCome += heightOf(wanted);
  for (const wanted of create) toCome += heightOf(wanted);

  const above = placesAboveServers(desired, layout);
  const newDevice = (wanted: DesiredDevice, device?: Device): NewDevice => {
    const height = heightOf(wanted);
    const presentSlot = layout.slotOf(device?.location?.rackId);
    let preferred: Place | undefined;
    if (presentSlot && device?.location) {
      layout.release(presentSlot, device);
      preferred = { slot: presentSlot, startU: device.location.startU };
    } else preferred = above.get(serverOf(wanted.object, above) as ServerId);
    const side = sideOf(wanted.object.kind, context.profile);
    const { slot, startU } = layout.place(height, { preferred, side, toCome });
    toCome -= height;
    if (wanted.object.kind === 'server') above.set(wanted.object.id, { slot, startU: startU + height });
    const presentName = slot === presentSlot ? device?.name : undefined;
    const name = nameIn(slot, wanted, presentName, context.profile);
    const fields = deviceFields(wanted);
    return {
      rack: slot.ref,
      template: context.templates.get(templateKey(wanted.template))?.ref ?? {
        kind: 'new',
        key: templateKey(wanted.template),
      },
      startU,
      draft: {
        ...(fields.kind === 'server' ? { ...fields, loginUser: loginOf(device) } : fields),
        name,
        // An object in a state that we do not know: the one status that offers no button.
        status: wanted.status ?? device?.status ?? 'IN_PROGRESS',
        // It may leave its stack, and not know it by an old id.
        metadata: { ...(device && without(metadataKeys.stackId, device.metadata)), ...fields.metadata },
      },
    };
  };
  for (const { device, wanted } of replace) {
    const reason = reasonToReplace(device);
    const ground = groundOfReplacement(device, layout, context);
    plan.devices.push({ kind: 'replace-device', device, ...newDevice(wanted, device), ground, reason });
  }
  for (const wanted of create) {
    const reason = `a ${wanted.object.kind} without a device`;
    plan.devices.push({ kind: 'create-device', ...newDevice(wanted), reason });
  }
}

/** Where a volume would stand next to the server that has it. */
function placesAboveServers({ devices }: DesiredRack, layout: RackLayout): Map<ServerId, Place> {
  const places = new Map<ServerId, Place>();
  for (const { object, present } of devices) {
    if (object.kind !== 'server') continue;
    const slot = layout.slotOf(present[0]?.location?.rackId);
    const endU = present[0]?.location?.endU;
    if (slot && endU !== undefined) places.set(object.id, { slot, startU: endU + 1 });
  }
  return places;
}

/** It is the portal's own. */
function loginOf(device: Device | undefined): string {
  return (device?.kind === 'server' && device.loginUser) || '';
}

function reasonToReplace({ kind }: Device): string {
  return kind === 'server'
    ? 'its server has another flavor, or its stack another rack'
    : `its ${kind} is made from another template, or its stack has another rack`;
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
  { index, kept, takenNames: taken, orderIds, defaultClusterType }: RackPlanContext,
): void {
  for (const [at, slot] of layout.slots.entries()) {
    const { present } = slot;
    if (!present) {
      const name = chooseName(rackNameCandidates(desired, at + 1), taken);
      taken.add(name);
      const sibling = index.racksOfSource.get(desired.key)?.[0];
      const orderId = orderIds.next(desired.order ?? desired.key);
      const rack = newRack(desired, slot, { name, orderId, sibling, defaultClusterType });
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

/** More than a stack can fill with Heat's default limit of 1,000 resources. */
const mostRacks = 99;

function nameIn(
  slot: Slot,
  { object }: DesiredDevice,
  present: string | undefined,
  profile: PortalProfile,
): string {
  const name = chooseName(deviceNameCandidates(object, deviceNames(profile)), slot.names, present);
  slot.names.add(name);
  return name;
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
    metadata: merged(without(retiredKey, rack.metadata), desired.metadata),
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

/** A further rack of a stack that was not read says what the stack's first one says. */
function outputsIn(sibling: Rack | undefined): JsonObject {
  const outputs = sibling?.metadata[outputsKey];
  return outputs === undefined ? {} : { [outputsKey]: outputs };
}

/** undefined: it stays, as where the stack's order is not known. */
function orderOf({ orderId }: Rack, { order }: DesiredRack, orderIds: OrderIds): string | undefined {
  return orderId === undefined || order === undefined ? undefined : orderIds.keep(orderId, order);
}

function reasonForRack(at: number): string {
  return at === 0 ? 'a stack without a rack' : 'the stack does not fit into its racks';
}

function without(unwanted: string, metadata: JsonObject): JsonObject {
  if (!Object.hasOwn(metadata, unwanted)) return metadata;
  return Object.fromEntries(Object.entries(metadata).filter(([key]) => key !== unwanted));
}

function devicesIn({ present }: Slot, index: PortalIndex): readonly Device[] {
  return present ? (index.devicesOfRack.get(present.id) ?? []) : [];
}
