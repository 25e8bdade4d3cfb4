import type { Device } from '../concertim/model.ts';
import type { PortalProfile } from '../concertim/profile.ts';
import type { ServerId } from '../openstack/model.ts';
import { type Change, type NewDevice, templateKey } from './change.ts';
import type { DesiredDevice, DesiredRack } from './desired-state.ts';
import { deviceFields, devicePatch } from './device-fields.ts';
import type { Ground } from './ground.ts';
import { without } from './metadata.ts';
import {
  chooseName,
  deviceNameCandidates,
  deviceNames,
  type NameRules,
  nameOfObject,
  validName,
} from './names.ts';
import { metadataKeys, withoutCloud } from './ownership.ts';
import { sideOf } from './placement.ts';
import type { Place, RackLayout, Slot } from './rack-layout.ts';
import type { RackPlan, RackPlanContext } from './rack-plan.ts';
import { because } from './reason.ts';
import { type Shown, type SortedDevices, serverOf } from './sorted-devices.ts';

/** Changes of devices that stay where they are and differ from their objects. */
export function planUpdates(
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
      plan.devices.push({
        kind: 'update-device',
        device,
        patch,
        ...because('device-differs', { object: device.kind }),
      });
  }
  // Only now: of two devices that swap their names, neither must take one that the other still has.
  for (const change of plan.devices) {
    if (change.kind === 'update-device' && change.patch.name !== undefined) {
      layout.slotOf(change.device.location?.rackId)?.names.delete(change.device.name);
    }
  }
  takeFreedNames(layout, plan, update, deviceNames(profile));
}

/**
 * Handles devices that swap their names: each finds the other's name taken and first gets one with a suffix. A second change
 * then gives it the plain name, which the first changes have freed.
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
    const reason = because('name-free', { object: device.kind });
    second.push({ kind, device, patch: { name: plain }, ...reason });
  }
  plan.devices.push(...second);
}

/** Changes that create devices or recreate them. */
export function planNewDevices(
  { replace, create }: SortedDevices,
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
        // For an object in an unknown state: the only status for which the portal shows no buttons.
        status: wanted.status ?? device?.status ?? 'IN_PROGRESS',
        // It may move to another stack: the id of the old one must not stay.
        metadata: {
          ...(device && withoutCloud(without(metadataKeys.stackId, device.metadata), fields.metadata)),
          ...fields.metadata,
        },
      },
    };
  };
  for (const { device, wanted } of replace) {
    const reason = because('device-moved', { object: device.kind });
    const ground = groundOfReplacement(device, layout, context);
    plan.devices.push({ kind: 'replace-device', device, ...newDevice(wanted, device), ground, ...reason });
  }
  for (const wanted of create) {
    const reason = because('device-missing', { object: wanted.object.kind });
    plan.devices.push({ kind: 'create-device', ...newDevice(wanted), ...reason });
  }
}

/** For each server, the place next to it that its volume would take. */
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

/** The login user is the portal's own field: a recreated device keeps it. */
function loginOf(device: Device | undefined): string {
  return (device?.kind === 'server' && device.loginUser) || '';
}

/** If the old flavor still exists, the server was resized. */
function groundOfReplacement(device: Device, layout: RackLayout, context: RackPlanContext): Ground {
  if (!layout.slotOf(device.location?.rackId)) return 'moved';
  const flavor = device.templateId && context.flavorOfTemplate.get(device.templateId);
  return flavor !== undefined && context.flavors.has(flavor) ? 'resized' : 'another flavor';
}

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
