import type { Address } from '../openstack/model.ts';

/** `<network>:<address>` of each, joined by `, `: what the portal shows of a device's addresses. */
export interface DeviceIps {
  readonly publicIps: string;
  readonly privateIps: string;
}

/**
 * Floating addresses are public, and so are fixed ones on an external (provider) network; the rest is private, IPv6
 * alike. Sorted, because Nova's order changes.
 */
export function deviceIps(addresses: readonly Address[], externalNetworks: ReadonlySet<string>): DeviceIps {
  const isPublic = ({ type, network }: Address) => type === 'floating' || externalNetworks.has(network);
  return {
    publicIps: join(addresses.filter(isPublic)),
    privateIps: join(addresses.filter((address) => !isPublic(address))),
  };
}

function join(addresses: readonly Address[]): string {
  return addresses
    .map(({ network, address }) => `${network}:${address}`)
    .sort()
    .join(', ');
}
