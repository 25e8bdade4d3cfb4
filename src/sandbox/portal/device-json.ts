import { money } from './attributes.ts';
import type { DeviceRow, Portal } from './portal.ts';
import { templateBody } from './templates.ts';

const representations = new WeakMap<DeviceRow, string>();

/** A device as lists and racks show it: with its template's id. */
export function deviceListJson(device: DeviceRow): string {
  let json = representations.get(device);
  if (json === undefined) {
    json = JSON.stringify({ ...deviceBody(device), template_id: device.template_id });
    representations.set(device, json);
  }
  return json;
}

/** A device as it is shown alone: with its template. */
export function deviceJson(portal: Portal, device: DeviceRow): string {
  const template = portal.templates.get(device.template_id);
  return JSON.stringify({ ...deviceBody(device), template: template ? templateBody(template) : null });
}

function deviceBody(device: DeviceRow) {
  const { rack_id, start_u, end_u, facing } = device;
  return {
    id: device.id,
    name: device.name,
    description: device.description,
    metadata: device.metadata,
    status: device.status,
    cost: money(device.cost),
    location: rack_id === null ? null : { depth: 2, end_u, facing, rack_id, start_u, type: 'rack' },
    public_ips: device.public_ips,
    private_ips: device.private_ips,
    ssh_key: device.ssh_key,
    login_user: device.login_user,
    volume_details: device.volume_details,
  };
}
