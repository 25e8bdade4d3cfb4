import type { Address, ExternalNetworks, Server } from '../openstack/model.ts';

/**
 * `<network>:<address>` of each, joined by `, `: what the portal shows of a device's addresses. Commas and colons in the name of
 * a network, which its maker chose, are escaped as in a URL.
 */
export interface DeviceIps {
  readonly publicIps: string;
  readonly privateIps: string;
}

type AddressedServer = Pick<Server, 'id' | 'addresses'>;

/**
 * Floating addresses are public, and so are fixed ones on an external (provider) network; the rest is private, IPv6
 * alike. Sorted, because Nova's order changes.
 */
export function deviceIps(server: AddressedServer, externalNetworks: ExternalNetworks): DeviceIps {
  const publicIps: string[] = [];
  const privateIps: string[] = [];
  for (const address of server.addresses) {
    const ips = isPublic(address, server, externalNetworks) ? publicIps : privateIps;
    ips.push(`${escaped(address.network)}:${address.address}`);
  }
  return { publicIps: publicIps.sort().join(', '), privateIps: privateIps.sort().join(', ') };
}

/** `<network>:<address> <type> <MAC>` of each, joined by `, ` and sorted: one text, since the portal's pages show no other value. */
export function netInterfaces({ addresses }: Pick<Server, 'addresses'>): string {
  return addresses
    .map(
      ({ network, address, type, mac }) =>
        `${escaped(network)}:${address} ${type}${mac === null ? '' : ` ${mac}`}`,
    )
    .sort()
    .join(', ');
}

/** Most names have nothing to escape. */
function escaped(name: string): string {
  return /[%,:]/.test(name) ? name.replace(/[%,:]/g, encodeURIComponent) : name;
}

function isPublic(
  { network, type, address }: Address,
  { id }: AddressedServer,
  { names, addresses }: ExternalNetworks,
): boolean {
  return type === 'floating' || names.has(network) || addresses.get(id)?.has(address) === true;
}
