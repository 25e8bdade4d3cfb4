import type { DeviceRow } from './portal.ts';

/** What each kind of device says, and can be, in releases with kinds. */
export const detailsOf = {
  Instance: {
    type: 'Device::ComputeDetails',
    says: 'compute',
    tag: null,
    names: ['public_ips', 'private_ips', 'ssh_key', 'login_user', 'volume_details'],
    statuses: ['IN_PROGRESS', 'FAILED', 'ACTIVE', 'STOPPED', 'SUSPENDED'],
  },
  Volume: {
    type: 'Device::VolumeDetails',
    says: 'volume',
    tag: 'volume',
    names: ['availability_zone', 'bootable', 'encrypted', 'read_only', 'size', 'volume_type'],
    statuses: ['IN_PROGRESS', 'FAILED', 'ACTIVE', 'AVAILABLE'],
  },
  Network: {
    type: 'Device::NetworkDetails',
    says: 'network',
    tag: 'network',
    names: [
      'admin_state_up',
      'dns_domain',
      'l2_adjacency',
      'mtu',
      'port_security_enabled',
      'qos_policy',
      'shared',
    ],
    statuses: ['IN_PROGRESS', 'FAILED', 'ACTIVE', 'STOPPED'],
  },
} as const satisfies Record<DeviceRow['kind'], object>;

export function isKind(value: unknown): value is DeviceRow['kind'] {
  return typeof value === 'string' && Object.hasOwn(detailsOf, value);
}
