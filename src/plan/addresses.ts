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
  const publicIps: string[] = [];
  const privateIps: string[] = [];
  for (const { network, address, type } of addresses) {
    const isPublic = type === 'floating' || externalNetworks.has(network);
    (isPublic ? publicIps : privateIps).push(`${network}:${address}`);
  }
  return { publicIps: publicIps.sort().join(', '), privateIps: privateIps.sort().join(', ') };
}
