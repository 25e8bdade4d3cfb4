import type { DeviceContent, PortalSnapshot, RackPatch, TemplateDraft } from '../concertim/model.ts';
import { rowRules } from '../concertim/row-rules.ts';
import { rackStatuses } from '../concertim/statuses.ts';
import { unreachable } from '../runtime/unreachable.ts';
import { type Change, changesOf, type NewDevice, type Plan } from './change.ts';
import { ForecastPortal, type ForecastRack } from './forecast-portal.ts';
import type { RefusalCode } from './refusal.ts';

/**
 * Which changes of a plan the portal would refuse, as far as its rules and its rows are known: its licence, and rows that
 * others write meanwhile, are not. Each change is judged on the portal as the earlier changes leave it.
 */
export function foreseeRefusals(plan: Plan, portal: PortalSnapshot): ReadonlyMap<Change, RefusalCode> {
  const refused = new Map<Change, RefusalCode>();
  const changes = changesOf(plan);
  if (changes.length === 0) return refused;
  const forecast = new ForecastPortal(portal);
  for (const change of changes) {
    const code = refusalOf(change, forecast);
    if (code !== undefined) refused.set(change, code);
    else forecast.apply(change);
  }
  return refused;
}

function refusalOf(change: Change, portal: ForecastPortal): RefusalCode | undefined {
  switch (change.kind) {
    case 'create-template':
      return templateRefusal(change.draft, portal, undefined) ?? heightOfTemplate(change.draft);
    case 'update-template':
      return templateRefusal(change.patch, portal, change.template.name);
    case 'delete-template':
      return portal.isUsed(change.template.id) ? 'template-used' : undefined;
    case 'create-rack':
      return newRackRefusal(change.draft, portal);
    case 'update-rack': {
      const rack = portal.rack(change.rack.id);
      return rack && rackRefusal({ ...rack, ...change.patch }, rack, portal);
    }
    case 'delete-rack':
      return portal.rack(change.rack.id)?.devices.size ? 'rack-occupied' : undefined;
    case 'create-device':
      return newDeviceRefusal(change, portal);
    case 'update-device': {
      const { device, patch } = change;
      const rack = device.location ? portal.rack(device.location.rackId) : undefined;
      return (
        deviceRefusal({ ...patch, kind: device.kind }, rack, portal, device.id) ??
        (rack && !portal.isSavable(rack) ? 'rack-invalid' : undefined)
      );
    }
    case 'replace-device':
      return newDeviceRefusal(change, portal.without(change.device));
    case 'delete-device':
      return undefined;
    default:
      return unreachable(change);
  }
}

function templateRefusal(
  { name, vcpus, ram, disk }: Partial<TemplateDraft>,
  portal: ForecastPortal,
  present: string | undefined,
): RefusalCode | undefined {
  const { longestName, largestSize } = rowRules.template;
  if (name !== undefined && name !== present) {
    if (name.trim() === '') return 'name-blank';
    if (Array.from(name).length > longestName) return 'name-too-long';
    if (portal.hasTemplateNamed(name)) return 'name-taken';
  }
  const isStorable = (size: number) => Number.isInteger(size) && size > 0 && size <= largestSize;
  return [vcpus, ram, disk].every((size) => size == null || isStorable(size))
    ? undefined
    : 'size-out-of-range';
}

function heightOfTemplate({ height, tag }: TemplateDraft): RefusalCode | undefined {
  const fits = Number.isInteger(height) && height > 0 && (tag || height <= rowRules.template.tallest);
  return fits ? undefined : 'height-without-picture';
}

type NewRack = Extract<Change, { kind: 'create-rack' }>['draft'];

function newRackRefusal(draft: NewRack, portal: ForecastPortal): RefusalCode | undefined {
  const { profile } = portal;
  if (!portal.hasOwner(draft.ownerId)) return 'owner-unknown';
  if (profile.clusterTypes && draft.clusterType === undefined) return 'cluster-type-missing';
  if (profile.orders && draft.orderId.trim() === '') return 'order-missing';
  return rackRefusal(draft, undefined, portal);
}

/** The portal validates a rack whole whenever it is saved. */
function rackRefusal(
  rack: Pick<ForecastRack, 'ownerId' | 'name' | 'height' | 'status' | 'orderId'> & Pick<RackPatch, 'cost'>,
  present: ForecastRack | undefined,
  portal: ForecastPortal,
): RefusalCode | undefined {
  const { profile } = portal;
  const { name, longestName, tallest } = rowRules.rack;
  if (rack.name.trim() === '') return 'name-blank';
  if (!name.test(rack.name)) return 'name-characters';
  if (rack.name.length > longestName) return 'name-too-long';
  const own = present?.name === rack.name ? 1 : 0;
  if (portal.racksNamed(rack.ownerId, rack.name) > own) return 'name-taken';
  if (!Number.isInteger(rack.height) || rack.height < 1 || rack.height > tallest)
    return 'height-out-of-range';
  if (present && rack.height < highestUnit(present)) return 'height-occupied';
  if (!rackStatuses.includes(rack.status)) return 'status-unsupported';
  if (profile.costs && rack.cost !== undefined && rack.cost < 0) return 'cost-negative';
  const { orderId } = rack;
  const isNew = orderId !== undefined && orderId !== present?.orderId;
  return profile.orders && isNew && portal.hasOrder(orderId) ? 'order-taken' : undefined;
}

/** @returns 0 for an empty rack */
function highestUnit({ devices }: ForecastRack): number {
  return [...devices.values()].reduce((highest, { endU }) => Math.max(highest, endU), 0);
}

function newDeviceRefusal(change: NewDevice, portal: ForecastPortal): RefusalCode | undefined {
  const { startU, draft } = change;
  const rack = portal.rack(change.rack.kind === 'new' ? change.rack.key : change.rack.id);
  if (!rack) return 'rack-refused';
  const template = portal.template(change.template.kind === 'new' ? change.template.key : change.template.id);
  if (!template) return 'template-refused';
  const endU = startU + template.height - 1;
  if (!Number.isInteger(startU) || startU < 1 || endU > rack.height) return 'unit-outside';
  // The portal tests only the lowest of the units that the device would cover.
  if ([...rack.devices.values()].some((other) => other.startU <= startU && startU <= other.endU))
    return 'unit-occupied';
  const wrong = deviceRefusal(draft, rack, portal);
  if (wrong !== undefined) return wrong;
  const tag = draft.kind === 'server' ? null : draft.kind;
  if (portal.profile.deviceKinds === 'typed' && (template.tag ?? null) !== tag)
    return 'template-of-other-kind';
  return portal.isSavable(rack) ? undefined : 'rack-invalid';
}

function deviceRefusal(
  device: Partial<DeviceContent> & Pick<DeviceContent, 'kind'> & { readonly cost?: number },
  rack: ForecastRack | undefined,
  { profile }: ForecastPortal,
  self?: number | string,
): RefusalCode | undefined {
  const { name, status, cost } = device;
  const { name: names, longestName } = rowRules.device;
  if (name !== undefined) {
    if (name.trim() === '') return 'name-blank';
    if (name.length > longestName) return 'name-too-long';
    if (!(profile.dotsInNames ? names.dotted : names.plain).test(name)) return 'name-characters';
    if (rack && [...rack.devices].some(([id, other]) => id !== self && other.name === name))
      return 'name-taken';
  }
  const { [device.kind]: statuses } = profile.statuses;
  if (status !== undefined && !statuses.includes(status)) return 'status-unsupported';
  return profile.costs && cost !== undefined && cost < 0 ? 'cost-negative' : undefined;
}
