import { asFlag, asInteger, asText, type JsonObject, type Scalar, scalar } from './attributes.ts';
import type { DeviceRow } from './portal.ts';

/** What each kind of device says, and can be, in releases with kinds. */
export const detailsOf = {
  Instance: {
    type: 'Device::ComputeDetails',
    says: 'compute',
    tag: null,
    columns: {
      public_ips: asText,
      private_ips: asText,
      ssh_key: asText,
      login_user: asText,
      volume_details: asText,
    },
    statuses: ['IN_PROGRESS', 'FAILED', 'ACTIVE', 'STOPPED', 'SUSPENDED'],
  },
  Volume: {
    type: 'Device::VolumeDetails',
    says: 'volume',
    tag: 'volume',
    columns: {
      availability_zone: asText,
      bootable: asFlag,
      encrypted: asFlag,
      read_only: asFlag,
      size: asInteger,
      volume_type: asText,
    },
    statuses: ['IN_PROGRESS', 'FAILED', 'ACTIVE', 'AVAILABLE'],
  },
  Network: {
    type: 'Device::NetworkDetails',
    says: 'network',
    tag: 'network',
    columns: {
      admin_state_up: asFlag,
      dns_domain: asText,
      l2_adjacency: asFlag,
      mtu: asInteger,
      port_security_enabled: asFlag,
      qos_policy: asText,
      shared: asFlag,
    },
    statuses: ['IN_PROGRESS', 'FAILED', 'ACTIVE', 'STOPPED'],
  },
} as const satisfies Record<
  DeviceRow['kind'],
  Readonly<Record<string, unknown>> & { readonly columns: Columns }
>;

/** How each column converts the value that a client sends. */
type Columns = Readonly<Record<string, (value: Scalar) => string | number | boolean | null>>;

/** Details of a kind, as its columns take them. */
export function castDetails(kind: DeviceRow['kind'], sent: JsonObject): JsonObject {
  const columns: Columns = detailsOf[kind].columns;
  return Object.fromEntries(
    Object.keys(sent).map((name) => [name, columns[name]?.(scalar(sent, name)) ?? null]),
  );
}

export function isKind(value: unknown): value is DeviceRow['kind'] {
  return typeof value === 'string' && Object.hasOwn(detailsOf, value);
}
