import type { ComputeDetails, Device, DeviceContent, JsonObject } from '../concertim/model.ts';
import type { Address, AttachedVolume, Server } from '../openstack/model.ts';
import { deviceIps, saysIps } from './addresses.ts';
import type { DesiredDevice } from './desired-state.ts';
import { equal } from './difference.ts';
import { deviceNames, validName } from './names.ts';
import { metadataKeys } from './ownership.ts';
import { compareTexts } from './portal-index.ts';

const description = 'Nova server in OpenStack';
const interfacesKey = 'net_interfaces';

/** What a device says of its server, but for its name and status. */
export type DeviceFields = Pick<DeviceContent, 'description' | 'metadata' | 'createdAt'> &
  Omit<ComputeDetails, 'loginUser'>;

/** What the device of a server says. Of its metadata our keys; others that the portal has stay. */
export function deviceFields({ server, stack, externalNetworks }: DesiredDevice): DeviceFields {
  return {
    kind: 'server',
    description,
    createdAt: server.createdAt,
    ...deviceIps(server.addresses, externalNetworks),
    sshKey: server.keyName ?? '',
    volumeDetails: Object.fromEntries(server.volumes.map((volume) => [volume.id, volumeDetail(volume)])),
    metadata: {
      [metadataKeys.serverId]: server.id,
      ...(stack && { [metadataKeys.stackId]: stack }),
      [interfacesKey]: netInterfaces(server),
    },
  };
}

/**
 * What each device was found to say all of. A row that has not changed is the object that it was (http/row-memory.ts), and
 * no row is ever written to: of two that were compared nothing need be read again.
 */
const found = new WeakMap<Device, DesiredDevice>();

/** Whether a device says all of this already, name and status included. True is certain; false means to look closer. */
export function saysAlready(device: Device, wanted: DesiredDevice): boolean {
  const known = found.get(device);
  if (known !== undefined && wantsTheSame(known, wanted)) return true;
  const says = isAsWanted(device, wanted);
  if (says) found.set(device, wanted);
  return says;
}

function wantsTheSame(a: DesiredDevice, b: DesiredDevice): boolean {
  return (
    a.server === b.server &&
    a.stack === b.stack &&
    a.status === b.status &&
    a.cost === b.cost &&
    a.externalNetworks === b.externalNetworks
  );
}

/** Makes nothing, for it may be asked of every device: what `deviceFields` would make is compared as it is in the server. */
function isAsWanted(
  device: Device,
  { server, stack, status, cost, externalNetworks }: DesiredDevice,
): boolean {
  if (!('sshKey' in device)) return false;
  const { metadata, sshKey, publicIps, privateIps, volumeDetails } = device;
  return (
    (status === undefined || device.status === status) &&
    (cost === undefined || device.cost === undefined || device.cost === cost) &&
    device.description === description &&
    (sshKey === undefined || sshKey === (server.keyName ?? '')) &&
    metadata[metadataKeys.serverId] === server.id &&
    (stack === undefined || metadata[metadataKeys.stackId] === stack) &&
    device.name === validName(server.name, deviceNames) &&
    (publicIps === undefined || saysIps({ publicIps, privateIps }, server.addresses, externalNetworks)) &&
    saysInterfaces(metadata[interfacesKey], server.addresses) &&
    (volumeDetails === undefined || saysVolumes(volumeDetails ?? {}, server.volumes))
  );
}

function volumeDetail({ deleteOnTermination }: AttachedVolume): JsonObject {
  return deleteOnTermination === null ? {} : { delete_on_termination: deleteOnTermination };
}

/** Per network its addresses, in an order that does not depend on Nova's. */
function netInterfaces({ addresses }: Server): JsonObject {
  const networks = new Map<string, JsonObject[]>();
  for (const { network, address, version, type, mac } of addresses.toSorted(byAddress)) {
    const interfaces = networks.get(network);
    const here = { addr: address, version, type, mac };
    if (interfaces) interfaces.push(here);
    else networks.set(network, [here]);
  }
  return Object.fromEntries(networks);
}

function byAddress(a: Address, b: Address): number {
  return compareTexts(a.address, b.address);
}

/** Each list ascends, so that as many different ones as there are addresses are all of them, in their order. */
function saysInterfaces(present: unknown, addresses: readonly Address[]): boolean {
  if (!isObject(present)) return false;
  let said = 0;
  for (const network of Object.keys(present)) {
    const interfaces = present[network];
    if (!Array.isArray(interfaces) || interfaces.length === 0) return false;
    let before = '';
    for (const here of interfaces as readonly unknown[]) {
      if (!isObject(here) || typeof here['addr'] !== 'string' || here['addr'] <= before) return false;
      if (!addresses.some((address) => address.network === network && saysAddress(here, address)))
        return false;
      before = here['addr'];
      said++;
    }
  }
  return said === addresses.length;
}

function saysAddress(here: JsonObject, { address, version, type, mac }: Address): boolean {
  return (
    here['addr'] === address &&
    here['version'] === version &&
    here['type'] === type &&
    here['mac'] === mac &&
    Object.keys(here).length === 4
  );
}

function saysVolumes(present: JsonObject, volumes: readonly AttachedVolume[]): boolean {
  const ids = Object.keys(present);
  return (
    ids.length === volumes.length &&
    ids.every((id) => volumes.some((volume) => volume.id === id && equal(present[id], volumeDetail(volume))))
  );
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
