import type {
  ComputeDetails,
  Device,
  DeviceContent,
  DevicePatch,
  JsonObject,
  NetworkDetails,
  VolumeDetails,
} from '../concertim/model.ts';
import type { AttachedVolume, ExternalNetworks, Kind, ObjectOfKind, Server } from '../openstack/model.ts';
import { netInterfaces, privateIps, publicIps } from './addresses.ts';
import type { DesiredDevice } from './desired-state.ts';
import { equal } from './difference.ts';
import { bearsNameOf, type NameRules } from './names.ts';
import { metadataKeys, withoutCloud } from './ownership.ts';

/** The details of a device by kind, without the fields that only the portal's users fill in. */
interface Details {
  readonly server: Omit<ComputeDetails, 'loginUser'>;
  readonly volume: VolumeDetails;
  readonly network: NetworkDetails;
}

/** What a device shows of its object, except name and status. */
export type DeviceFields = Pick<DeviceContent, 'description' | 'metadata' | 'createdAt'> & Details[Kind];

/** Creation time of a network where Neutron does not report one. */
const beginning = '1970-01-01T00:00:00Z';

/** A map stands for an object whose keys are ids: most of them are only compared. */
type ValueOf<Value> = Value extends JsonObject ? ReadonlyMap<string, Value[string]> : Value;

/** Computes the value of one field from an object. */
type FieldOf<K extends Kind, Value> = (
  object: ObjectOfKind[K],
  externalNetworks: ExternalNetworks,
) => ValueOf<Value>;

/** Maps an object to the fields of its device. The only definition of each field, used to create a device and to compare it. */
const fields: {
  readonly [K in Kind]: {
    readonly [Field in Exclude<keyof Details[K], 'kind'>]: FieldOf<K, Details[K][Field]>;
  } & { readonly description: FieldOf<K, string> };
} = {
  server: {
    description: () => 'Nova server in OpenStack',
    publicIps,
    privateIps,
    sshKey: ({ keyName }) => keyName ?? '',
    volumeDetails: ({ volumes }) => new Map(volumes.map((volume) => [volume.id, volumeDetail(volume)])),
  },
  volume: {
    description: () => 'Cinder volume in OpenStack',
    availabilityZone: ({ availabilityZone }) => availabilityZone,
    bootable: ({ bootable }) => bootable,
    encrypted: ({ encrypted }) => encrypted,
    readOnly: ({ readOnly }) => readOnly,
    size: ({ size }) => size,
    volumeType: ({ volumeType }) => volumeType,
  },
  network: {
    description: () => 'Neutron network in OpenStack',
    adminStateUp: ({ adminStateUp }) => adminStateUp,
    dnsDomain: ({ dnsDomain }) => dnsDomain,
    l2Adjacency: ({ l2Adjacency }) => l2Adjacency,
    mtu: ({ mtu }) => mtu,
    portSecurityEnabled: ({ portSecurityEnabled }) => portSecurityEnabled,
    qosPolicy: ({ qosPolicyId }) => qosPolicyId,
    shared: ({ shared }) => shared,
  },
};

/** The tables as lists, which are faster to walk for every device. A function of one kind is only called with objects of that kind. */
const fieldsOfKind = {
  server: rowsOf(fields.server),
  volume: rowsOf(fields.volume),
  network: rowsOf(fields.network),
} as Readonly<Record<Kind, readonly Row<FieldOf<Kind, unknown>>[]>>;

const ids: readonly Row<(wanted: DesiredDevice) => string | undefined>[] = [
  { name: metadataKeys.objectId, of: ({ object }) => object.id },
  { name: metadataKeys.cloud, of: ({ cloud }) => cloud },
  { name: metadataKeys.stackId, of: ({ stack }) => stack },
];
/** Our keys in the metadata of each kind. A value of undefined is left out. */
const metadataOfKind: Readonly<Record<Kind, typeof ids>> = {
  server: [...ids, { name: 'net_interfaces', of: ({ object }) => netInterfaces(object as Server) }],
  volume: ids,
  network: ids,
};

/** The fields of an object's device. The metadata has our keys only; the others that the portal has stay. */
export function deviceFields(wanted: DesiredDevice): DeviceFields {
  const { object, externalNetworks } = wanted;
  return {
    kind: object.kind,
    ...Object.fromEntries(
      fieldsOfKind[object.kind].map(({ name, of }) => [name, made(of(object, externalNetworks))]),
    ),
    createdAt: object.createdAt ?? beginning,
    metadata: ownMetadata(wanted),
  } as DeviceFields;
}

/**
 * The fields of a device that differ; undefined: none. Fields that its release does not show are not compared: after each write
 * they would still look different. Every run does this for every row that has changed, so only values that differ are allocated.
 */
export function devicePatch(device: Device, wanted: DesiredDevice, name: string): DevicePatch | undefined {
  const { object, status, cost, externalNetworks } = wanted;
  let patch: Record<string, unknown> | undefined;
  const compare = (field: string, shown: unknown, value: unknown) => {
    if (shown !== undefined && !equal(shown, value)) (patch ??= {})[field] = made(value);
  };
  compare('name', device.name, name);
  if (status) compare('status', device.status, status);
  for (const { name: field, of } of fieldsOfKind[object.kind]) {
    const shown: unknown = device[field as keyof Device];
    if (shown !== undefined) compare(field, shown, of(object, externalNetworks));
  }
  // A portal that shows no cost has none.
  if (cost !== undefined) compare('cost', device.cost, cost);
  const { metadata } = device;
  const lacks = ({ name: key, of }: (typeof ids)[number]) => {
    const value = of(wanted);
    return value !== undefined && metadata[key] !== value;
  };
  const isStray = wanted.cloud === undefined && metadata[metadataKeys.cloud] !== undefined;
  // The portal replaces metadata whole, so the keys of others are sent back with ours.
  if (isStray || metadataOfKind[object.kind].some(lacks)) {
    const ours = ownMetadata(wanted);
    (patch ??= {})['metadata'] = { ...withoutCloud(metadata, ours), ...ours };
  }
  return patch;
}

function ownMetadata(wanted: DesiredDevice): JsonObject {
  const metadata: Record<string, string> = {};
  for (const { name: key, of } of metadataOfKind[wanted.object.kind]) {
    const value = of(wanted);
    if (value !== undefined) metadata[key] = value;
  }
  return metadata;
}

function made(value: ValueOf<unknown>): unknown {
  if (!(value instanceof Map)) return value;
  // Without a prototype: V8 would keep a shape for each of these ids, and run out of room for the shapes of other objects.
  const object: Record<string, unknown> = Object.create(null);
  for (const [id, field] of value) object[id as string] = field;
  return object;
}

interface Row<Of> {
  readonly name: string;
  readonly of: Of;
}

function rowsOf<Of>(table: Readonly<Record<string, Of>>): Row<Of>[] {
  return Object.entries(table).map(([name, of]) => ({ name, of }));
}

/** What a wanted device says, without what it was computed from. */
type Says = Pick<DesiredDevice, 'object' | 'stack' | 'status' | 'cost' | 'cloud' | 'externalNetworks'>;

/**
 * What each row was last found to say. A row that has not changed is the same frozen object
 * (http/row-memory.ts), so that a pair that matched once need not be compared again.
 */
const found = new WeakMap<Device, Says>();

/** Whether a device says all of this already, name and status included. True is certain; false means to look closer. */
export function saysAlready(device: Device, wanted: DesiredDevice, rules: NameRules): boolean {
  const known = found.get(device);
  if (known !== undefined && wantsTheSame(known, wanted)) return true;
  const says =
    bearsNameOf(device.name, wanted.object, rules) && devicePatch(device, wanted, device.name) === undefined;
  if (says) {
    const { object, stack, status, cost, cloud, externalNetworks } = wanted;
    found.set(device, { object, stack, status, cost, cloud, externalNetworks });
  }
  return says;
}

function wantsTheSame(a: Says, b: Says): boolean {
  return (
    a.object === b.object &&
    a.stack === b.stack &&
    a.status === b.status &&
    a.cost === b.cost &&
    a.cloud === b.cloud &&
    a.externalNetworks === b.externalNetworks
  );
}

function volumeDetail({ deleteOnTermination }: AttachedVolume): JsonObject {
  return deleteOnTermination === null ? {} : { delete_on_termination: deleteOnTermination };
}
