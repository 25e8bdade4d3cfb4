import type { Device } from '../concertim/model.ts';
import { kinds, type ServerId } from '../openstack/model.ts';
import { templateKey } from './change.ts';
import type { DesiredDevice, DesiredRack } from './desired-state.ts';
import { saysAlready } from './device-fields.ts';
import { deviceNames } from './names.ts';
import type { PlannedTemplate } from './plan-templates.ts';
import { compareTexts } from './portal-index.ts';
import type { RackLayout } from './rack-layout.ts';
import type { RackPlanContext } from './rack-plan.ts';

/** A device and what it should show. */
export interface Shown {
  readonly device: Device;
  readonly wanted: DesiredDevice;
}

/** The devices of a source by what has to be done with them. Devices that are correct are in none of these lists. */
export interface SortedDevices {
  readonly update: Shown[];
  /** To be recreated, with another template or in another rack. */
  readonly replace: Shown[];
  readonly create: DesiredDevice[];
  /** To be deleted: further devices of one object. */
  readonly surplus: Device[];
}

/** Sorts a source's devices by what has to be done with them; in the order of their places in an empty rack. */
export function sortDevices(
  desired: DesiredRack,
  layout: RackLayout,
  context: RackPlanContext,
): SortedDevices {
  const sorted: SortedDevices = { update: [], replace: [], create: [], surplus: [] };
  const isHere = ({ location }: Device) => layout.slotOf(location?.rackId) !== undefined;
  const rules = deviceNames(context.profile);
  const stays = (device: Device, wanted: DesiredDevice) => {
    const template = context.templates.get(templateKey(wanted.template));
    return template?.ref.kind === 'present' && isMadeFrom(device, template) && isHere(device);
  };
  const isRight = (wanted: DesiredDevice) => {
    const { present } = wanted;
    const [device] = present;
    return device && present.length === 1 && stays(device, wanted) && saysAlready(device, wanted, rules);
  };
  const wrong = desired.devices.filter((wanted) => !isRight(wanted));
  if (wrong.length === 0) return sorted;
  // In the order in which they would stand in an empty rack.
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

/** Compares heights in a release that does not show the template of a device. */
function isMadeFrom(device: Device, { alike, height }: PlannedTemplate): boolean {
  const { templateId } = device;
  if (templateId !== undefined) return alike.has(templateId);
  const { location } = device;
  return !location || location.endU - location.startU + 1 === height;
}

/** Servers by name, each followed by its volumes, which are therefore placed above it; then all other objects. */
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

/** The server in `here` that a volume is attached to; of several the one with the lowest id. */
export function serverOf(
  object: DesiredDevice['object'],
  here: { has(id: ServerId): boolean },
): ServerId | undefined {
  if (object.kind !== 'volume') return undefined;
  return object.servers.filter((id) => here.has(id)).sort(compareTexts)[0];
}
