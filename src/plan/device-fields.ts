import type {
  ComputeDetails,
  Device,
  DeviceContent,
  DevicePatch,
  JsonObject,
  NetworkDetails,
  VolumeDetails,
} from '../concertim/model.ts';
import type { AttachedVolume, ExternalNetworks, Kind, ObjectOfKind } from '../openstack/model.ts';
import { deviceIps, netInterfaces } from './addresses.ts';
import type { DesiredDevice } from './desired-state.ts';
import { difference } from './difference.ts';
import { merged } from './metadata.ts';
import { bearsNameOf, type NameRules } from './names.ts';
import { metadataKeys } from './ownership.ts';

/** What the portal says of each kind, but for what only its users can tell. */
interface Details {
  readonly server: Omit<ComputeDetails, 'loginUser'>;
  readonly volume: VolumeDetails;
  readonly network: NetworkDetails;
}

/** What a device says of its object, but for its name and status. */
export type DeviceFields = Pick<DeviceContent, 'description' | 'metadata' | 'createdAt'> & Details[Kind];

/** For a network of a Neutron that does not tell. */
const beginning = '1970-01-01T00:00:00Z';

/** What of an object becomes what of its device. */
const fields: {
  readonly [K in Kind]: {
    readonly description: string;
    readonly details: (object: ObjectOfKind[K], externalNetworks: ExternalNetworks) => Details[K];
    /** Beside the ids. */
    readonly metadata: (object: ObjectOfKind[K]) => JsonObject;
  };
} = {
  server: {
    description: 'Nova server in OpenStack',
    details: (server, externalNetworks) => ({
      kind: 'server',
      ...deviceIps(server, externalNetworks),
      sshKey: server.keyName ?? '',
      volumeDetails: Object.fromEntries(server.volumes.map((volume) => [volume.id, volumeDetail(volume)])),
    }),
    metadata: (server) => ({ net_interfaces: netInterfaces(server) }),
  },
  volume: {
    description: 'Cinder volume in OpenStack',
    details: ({ kind, availabilityZone, bootable, encrypted, readOnly, size, volumeType }) => ({
      kind,
      availabilityZone,
      bootable,
      encrypted,
      readOnly,
      size,
      volumeType,
    }),
    metadata: () => ({}),
  },
  network: {
    description: 'Neutron network in OpenStack',
    details: (network) => ({
      kind: 'network',
      adminStateUp: network.adminStateUp,
      dnsDomain: network.dnsDomain,
      l2Adjacency: network.l2Adjacency,
      mtu: network.mtu,
      portSecurityEnabled: network.portSecurityEnabled,
      qosPolicy: network.qosPolicyId,
      shared: network.shared,
    }),
    metadata: () => ({}),
  },
};

/** What the device of an object says. Of its metadata our keys; others that the portal has stay. */
export function deviceFields({ object, stack, externalNetworks }: DesiredDevice): DeviceFields {
  const { metadata, ...says } = fieldsOf(object, externalNetworks);
  return {
    ...says,
    createdAt: object.createdAt ?? beginning,
    metadata: {
      [metadataKeys.objectId]: object.id,
      ...(stack && { [metadataKeys.stackId]: stack }),
      ...metadata,
    },
  };
}

/** A row of the table, filled in. */
function fieldsOf<K extends Kind>(
  object: ObjectOfKind[K] & { readonly kind: K },
  externalNetworks: ExternalNetworks,
) {
  const { description, details, metadata } = fields[object.kind];
  return { description, ...details(object, externalNetworks), metadata: metadata(object) };
}

/** What a device has to be changed in; undefined: in nothing. What its release does not show is not compared. */
export function devicePatch(device: Device, wanted: DesiredDevice, name: string): DevicePatch | undefined {
  const { kind: _, createdAt: __, ...says } = deviceFields(wanted);
  return difference<DevicePatch>(device, {
    name,
    ...(wanted.status && { status: wanted.status }),
    ...says,
    // A portal that shows no cost has none.
    ...(wanted.cost !== undefined && { cost: wanted.cost }),
    metadata: merged(device.metadata, says.metadata),
  });
}

/**
 * What each device was found to say all of. A row that has not changed is the object that it was (http/row-memory.ts), and
 * no row is ever written to: of two that were compared nothing need be read again.
 */
const found = new WeakMap<Device, DesiredDevice>();

/** Whether a device says all of this already, name and status included. True is certain; false means to look closer. */
export function saysAlready(device: Device, wanted: DesiredDevice, rules: NameRules): boolean {
  const known = found.get(device);
  if (known !== undefined && wantsTheSame(known, wanted)) return true;
  const says =
    bearsNameOf(device.name, wanted.object, rules) && devicePatch(device, wanted, device.name) === undefined;
  if (says) found.set(device, wanted);
  return says;
}

function wantsTheSame(a: DesiredDevice, b: DesiredDevice): boolean {
  return (
    a.object === b.object &&
    a.stack === b.stack &&
    a.status === b.status &&
    a.cost === b.cost &&
    a.externalNetworks === b.externalNetworks
  );
}

function volumeDetail({ deleteOnTermination }: AttachedVolume): JsonObject {
  return deleteOnTermination === null ? {} : { delete_on_termination: deleteOnTermination };
}
