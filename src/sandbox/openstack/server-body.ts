import { createHash } from 'node:crypto';
import type { Address, Server } from '../cloud/compute.ts';
import { seconds, zoneless } from './times.ts';

/** What a server's JSON depends on: the caller's rights, the microversion, the address of the request. */
export interface ServerView {
  readonly minor: number;
  readonly isAdmin: boolean;
  /** What links begin with. */
  readonly base: string;
}

/** A server as `GET /servers/{id}` and `GET /servers/detail` have it. */
export function serverBody(server: Server, view: ServerView): Record<string, unknown> {
  const { minor, isAdmin, base } = view;
  const status = statusOf(server);
  return {
    ...head(server, view, status, addressesOf(server)),
    ...(server.fault && (status === 'ERROR' || status === 'DELETED') ? { fault: faultOf(server) } : {}),
    ...progress(status),
    'OS-EXT-AZ:availability_zone': server.host === null ? '' : 'nova',
    config_drive: '',
    key_name: server.keyName,
    'OS-SRV-USG:launched_at': zoneless(server.launchedAt),
    'OS-SRV-USG:terminated_at': zoneless(server.terminatedAt),
    ...(server.addresses.length > 0 ? { security_groups: [{ name: 'default' }] } : {}),
    ...(isAdmin
      ? {
          'OS-EXT-SRV-ATTR:host': server.host,
          'OS-EXT-SRV-ATTR:instance_name': server.host === null ? '' : instanceName(server),
          'OS-EXT-SRV-ATTR:hypervisor_hostname': server.host,
        }
      : {}),
    ...(isAdmin && minor >= 3
      ? {
          'OS-EXT-SRV-ATTR:reservation_id': `r-${server.id.slice(0, 8)}`,
          'OS-EXT-SRV-ATTR:launch_index': 0,
          'OS-EXT-SRV-ATTR:kernel_id': '',
          'OS-EXT-SRV-ATTR:ramdisk_id': '',
          'OS-EXT-SRV-ATTR:root_device_name': '/dev/vda',
          'OS-EXT-SRV-ATTR:user_data': null,
        }
      : {}),
    ...((isAdmin && minor >= 3) || minor >= 90 ? { 'OS-EXT-SRV-ATTR:hostname': hostname(server) } : {}),
    'OS-EXT-STS:task_state': server.taskState,
    'OS-EXT-STS:vm_state': server.vmState,
    'OS-EXT-STS:power_state': server.powerState,
    'os-extended-volumes:volumes_attached': server.volumes.map(({ id, deleteOnTermination }) =>
      minor >= 3 ? { id, delete_on_termination: deleteOnTermination } : { id },
    ),
    ...(minor >= 9 ? { locked: false } : {}),
    ...(minor >= 16 && isAdmin ? { host_status: server.host === null ? '' : 'UP' } : {}),
    ...(minor >= 19 ? { description: null } : {}),
    ...(minor >= 26 ? { tags: [] } : {}),
    ...(minor >= 63 ? { trusted_image_certificates: null } : {}),
    ...(minor >= 73 ? { locked_reason: null } : {}),
    ...(minor >= 96 ? { pinned_availability_zone: null } : {}),
    ...(minor >= 100 ? { scheduler_hints: server.schedulerHints } : {}),
    ...(server.imageId !== '' && minor >= 98 ? { image: { ...imageOf(server, base), properties: {} } } : {}),
  };
}

/** The server's JSON as text. It is kept until the server changes, because lists of thousands are read again and again. */
export function serverJson(server: Server, view: ServerView): string {
  const key = `${view.minor} ${view.isAdmin} ${view.base}`;
  if (server.json?.view !== key) server.json = { view: key, text: JSON.stringify(serverBody(server, view)) };
  return server.json.text;
}

/** A server as `GET /servers/{id}` has it: from 2.71 on with its groups. */
export function shownServerBody(server: Server, view: ServerView): Record<string, unknown> {
  return { ...serverBody(server, view), ...(view.minor >= 71 ? { server_groups: server.groupIds } : {}) };
}

/** A server as `PUT /servers/{id}` answers with: before 2.75 only the beginning of it. */
export function updatedServerBody(server: Server, view: ServerView): Record<string, unknown> {
  if (view.minor >= 75) return shownServerBody(server, view);
  const status = statusOf(server);
  const addresses = Object.fromEntries(
    Object.entries(addressesOf(server)).map(([network, list]) => [
      network,
      list.map(({ version, addr }) => ({ version, addr })),
    ]),
  );
  return { ...head(server, view, status, addresses), ...progress(status) };
}

export function serverLinks(id: string, base: string) {
  return [
    { rel: 'self', href: `${base}/v2.1/servers/${id}` },
    { rel: 'bookmark', href: `${base}/servers/${id}` },
  ];
}

/**
 * Nova's `status`, from what the server is and what is being done to it, as its table has it:
 * https://docs.openstack.org/nova/latest/reference/vm-states.html
 */
export function statusOf(server: Server): string {
  const { vmState, taskState } = server;
  if (server.deleted) return 'DELETED';
  const byTask = taskState === null ? undefined : tasks[vmState]?.[taskState];
  return byTask ?? statuses[vmState] ?? 'UNKNOWN';
}

const statuses: Readonly<Record<string, string>> = {
  active: 'ACTIVE',
  building: 'BUILD',
  stopped: 'SHUTOFF',
  resized: 'VERIFY_RESIZE',
  paused: 'PAUSED',
  suspended: 'SUSPENDED',
  rescued: 'RESCUE',
  error: 'ERROR',
  deleted: 'DELETED',
  'soft-delete': 'SOFT_DELETED',
  shelved: 'SHELVED',
  shelved_offloaded: 'SHELVED_OFFLOADED',
};

const resizing = {
  resize_prep: 'RESIZE',
  resize_migrating: 'RESIZE',
  resize_migrated: 'RESIZE',
  resize_finish: 'RESIZE',
};
const tasks: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  active: {
    rebooting: 'REBOOT',
    reboot_pending: 'REBOOT',
    reboot_started: 'REBOOT',
    rebooting_hard: 'HARD_REBOOT',
    reboot_pending_hard: 'HARD_REBOOT',
    reboot_started_hard: 'HARD_REBOOT',
    migrating: 'MIGRATING',
    rebuilding: 'REBUILD',
    updating_password: 'PASSWORD',
    ...resizing,
  },
  stopped: { ...resizing, rebuilding: 'REBUILD' },
  resized: { resize_reverting: 'REVERT_RESIZE' },
  paused: { migrating: 'MIGRATING' },
};

const withProgress = new Set(['ACTIVE', 'BUILD', 'REBUILD', 'RESIZE', 'VERIFY_RESIZE', 'MIGRATING']);

function progress(status: string) {
  return withProgress.has(status) ? { progress: 0 } : {};
}

function head(server: Server, { minor, base }: ServerView, status: string, addresses: unknown) {
  return {
    id: server.id,
    name: server.name,
    status,
    tenant_id: server.projectId,
    user_id: server.userId,
    metadata: server.metadata,
    hostId: hostId(server),
    image: server.imageId === '' ? '' : imageOf(server, base),
    flavor: minor >= 47 ? embeddedFlavor(server) : linkedFlavor(server, base),
    created: seconds(server.createdAt),
    updated: seconds(server.updatedAt),
    addresses,
    accessIPv4: '',
    accessIPv6: '',
    links: serverLinks(server.id, base),
    'OS-DCF:diskConfig': 'MANUAL',
  };
}

function imageOf(server: Server, base: string) {
  return { id: server.imageId, links: [{ rel: 'bookmark', href: `${base}/images/${server.imageId}` }] };
}

function linkedFlavor({ flavor }: Server, base: string) {
  return { id: flavor.id, links: [{ rel: 'bookmark', href: `${base}/flavors/${flavor.id}` }] };
}

function embeddedFlavor({ flavor: { vcpus, ram, disk, name } }: Server) {
  return { vcpus, ram, disk, ephemeral: 0, swap: 0, original_name: name, extra_specs: {} };
}

function addressesOf(server: Server) {
  const networks: Record<string, ReturnType<typeof addressBody>[]> = {};
  for (const address of server.addresses) (networks[address.network] ??= []).push(addressBody(address));
  return networks;
}

function addressBody({ version, address, type, mac }: Address) {
  return { version, addr: address, 'OS-EXT-IPS:type': type, 'OS-EXT-IPS-MAC:mac_addr': mac };
}

function faultOf({ fault }: Server) {
  return fault && { code: 500, created: seconds(fault.at), message: fault.message };
}

function instanceName(server: Server): string {
  return `instance-${server.number.toString(16).padStart(8, '0')}`;
}

function hostname(server: Server): string {
  return server.name.replaceAll(/[^A-Za-z0-9-]/g, '-').toLowerCase();
}

const hostIds = new Map<string, string>();

/** Tells hosts apart within a project without naming them. */
function hostId({ projectId, host }: Server): string {
  if (host === null) return '';
  const key = projectId + host;
  const known = hostIds.get(key);
  if (known !== undefined) return known;
  const id = createHash('sha224').update(key).digest('hex');
  hostIds.set(key, id);
  return id;
}
