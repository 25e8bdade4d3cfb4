import { money } from './attributes.ts';
import { detailsOf } from './device-kinds.ts';
import type { DeviceRow, Portal } from './portal.ts';
import { templateBody } from './templates.ts';

const representations = new WeakMap<DeviceRow, string>();

/** A device as lists and racks show it: with its template's id. */
export function deviceListJson(portal: Portal, device: DeviceRow): string {
  let json = representations.get(device);
  if (json === undefined) {
    json = JSON.stringify({
      ...deviceBody(portal, device),
      ...(portal.rules.devices !== 'bare' && {
        template_id: portal.ids.show('template', device.template_id),
      }),
    });
    representations.set(device, json);
  }
  return json;
}

/** A device as it is made and changed: v0.2.1 leaves its template out. */
export function deviceJson(portal: Portal, device: DeviceRow): string {
  if (portal.rules.devices === 'bare') return JSON.stringify(deviceBody(portal, device));
  return shownDeviceJson(portal, device);
}

/** A device as it is shown alone: with its template. */
export function shownDeviceJson(portal: Portal, device: DeviceRow): string {
  const template = portal.templates.get(device.template_id);
  const body = { ...deviceBody(portal, device), template: template ? templateBody(portal, template) : null };
  return JSON.stringify(body);
}

function deviceBody({ ids, rules }: Portal, device: DeviceRow) {
  const { rack_id, start_u, end_u, facing } = device;
  const place = { depth: 2, end_u, facing, rack_id: ids.show('rack', rack_id ?? 0), start_u, type: 'rack' };
  return {
    id: ids.show('device', device.id),
    name: device.name,
    description: device.description,
    metadata: device.metadata,
    status: device.status,
    ...(rules.money !== 'none' && { cost: money(device.cost, rules.money) }),
    location: rack_id === null ? null : place,
    ...(rules.devices === 'typed' && { type: device.kind }),
    ...(rules.devices === 'details' && { type: detailsOf[device.details_kind].type }),
    ...(rules.clusterTypes && { created_at: asPortalTime(device.cloud_created_at) }),
    ...(rules.devices !== 'bare' && details(device)),
  };
}

function details(device: DeviceRow) {
  if (device.details_kind === 'Instance') {
    return {
      public_ips: device.public_ips,
      private_ips: device.private_ips,
      ssh_key: device.ssh_key,
      login_user: device.login_user,
      volume_details: device.volume_details,
    };
  }
  const names = Object.keys(detailsOf[device.details_kind].columns);
  return Object.fromEntries(names.map((name) => [name, device.details[name] ?? null]));
}

/** `2026-11-01 10:00:00 UTC` */
function asPortalTime(time: string | null): string | null {
  return time && time.replace(/^(\S+)T([\d:]+).*$/, '$1 $2 UTC');
}
