import type { Server } from '../cloud/compute.ts';
import { type Stack, statusOf } from '../cloud/stack.ts';
import { nodeGroup } from '../cluster.ts';
import type { JsonObject } from '../portal/attributes.ts';
import type { MetricDaemon } from '../portal/metric-daemon.ts';
import type { DeviceRow, Portal, RackRow, UserRow } from '../portal/portal.ts';
import type { SandboxCloud } from '../sandbox-cloud.ts';
import type { DeviceView, Figures, RackView, ServerView, StackView, UserView } from './wire.ts';

/** @param clouds that there are */
export function userView(
  { id, login, project_id: projectId }: UserRow,
  clouds: readonly Pick<SandboxCloud, 'name' | 'cloud'>[],
): UserView {
  const having = clouds.filter(({ cloud }) => cloud.identity.projects.has(projectId ?? ''));
  return { id, login, projectId, clouds: having.map(({ name }) => name) };
}

export function rackView(rack: RackRow): RackView {
  const { id, user_id: userId, name, u_height: height, status, metadata } = rack;
  return { id, userId, name, height, status, stackId: textIn(metadata, 'openstack_stack_id') };
}

const shownBy = { Instance: 'server', Volume: 'volume', Network: 'network' } as const;

/** undefined for one that stands in no rack. */
export function deviceView(device: DeviceRow, portal: Portal): DeviceView | undefined {
  const { id, rack_id: rackId, name, status, start_u: startU, end_u: endU, metadata } = device;
  if (rackId === null) return undefined;
  return {
    id,
    rackId,
    name,
    status,
    startU,
    endU,
    template: portal.templates.get(device.template_id)?.name ?? '',
    shows: shownBy[device.kind],
    serverId: device.kind === 'Instance' ? textIn(metadata, 'openstack_instance_id') : null,
  };
}

export function figuresOf(deviceId: number, daemon: MetricDaemon): Figures {
  const figures: Record<string, number> = {};
  for (const [name, { value }] of daemon.shown(deviceId))
    if (typeof value === 'number') figures[name] = value;
  return figures;
}

export function stackView(stack: Stack, cloud: string): StackView {
  const { id, projectId, name, reason, resources } = stack;
  const group = resources.find((resource) => resource.name === nodeGroup)?.nested;
  return {
    id,
    cloud,
    projectId,
    name,
    reason,
    status: statusOf(stack),
    nodes: group?.resources.length ?? null,
  };
}

export function serverView(server: Server, cloud: string, stackId: string | null): ServerView {
  const { id, projectId, name, vmState, taskState, flavor } = server;
  return { id, cloud, projectId, stackId, name, vmState, taskState, flavorId: flavor.id };
}

/** What the portal has to say of a rack, for a person. */
export function rackDetails(rack: RackRow, portal: Portal): Record<string, unknown> {
  const { id, u_height, creation_output, metadata, network_details } = rack;
  const owner = portal.users.get(rack.user_id)?.login;
  return { id, owner, u_height, creation_output, network_details, metadata };
}

/** What the portal has to say of a device, for a person. */
export function deviceDetails(device: DeviceRow, portal: Portal): Record<string, unknown> {
  const { id, description, public_ips, private_ips, ssh_key, login_user, volume_details, metadata } = device;
  const template = portal.templates.get(device.template_id);
  const rack = portal.racks.get(device.rack_id ?? 0)?.name;
  const units = device.end_u === device.start_u ? `U${device.start_u}` : `U${device.start_u}–${device.end_u}`;
  const place = `${units}, ${device.facing === 'f' ? 'front' : 'back'}`;
  if (device.kind !== 'Instance')
    return { id, description, rack, place, template: template?.name, ...device.details, metadata };
  return {
    id,
    description,
    rack,
    place,
    template: template?.name,
    vcpus: template?.vcpus,
    ram_MiB: template?.ram,
    disk_GiB: template?.disk,
    public_ips,
    private_ips,
    ssh_key,
    login_user,
    volume_details,
    metadata,
  };
}

function textIn(metadata: JsonObject, key: string): string | null {
  const value = metadata[key];
  return typeof value === 'string' ? value : null;
}
