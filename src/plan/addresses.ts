import type { Address, ExternalNetworks, Server } from '../openstack/model.ts';

type AddressedServer = Pick<Server, 'id' | 'addresses'>;

/**
 * What separates addresses here or ends a text elsewhere, and what moves text about unseen: control characters, separators of
 * lines, and marks that change the direction.
 */
const misleading = /[%,:"\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/**
 * `<network>:<address>` of each, joined by `, `: what the portal shows of a device's addresses. What could mislead in the
 * name of a network, which its maker chose, is escaped as in a URL. Floating addresses are public, and so are fixed ones on an
 * external (provider) network; the rest is private, IPv6 alike. Sorted, because Nova's order changes.
 */
export function publicIps(server: AddressedServer, externalNetworks: ExternalNetworks): string {
  return listed(server, (address) => isPublic(address, server, externalNetworks));
}

/** The rest of them. */
export function privateIps(server: AddressedServer, externalNetworks: ExternalNetworks): string {
  return listed(server, (address) => !isPublic(address, server, externalNetworks));
}

function listed({ addresses }: AddressedServer, isMeant: (address: Address) => boolean): string {
  const ips: string[] = [];
  for (const address of addresses)
    if (isMeant(address)) ips.push(`${escaped(address.network)}:${address.address}`);
  return joined(ips);
}

/** `<network>:<address> <type> <MAC>` of each, joined by `, ` and sorted: one text, since the portal's pages cannot show a list. */
export function netInterfaces({ addresses }: Pick<Server, 'addresses'>): string {
  const interfaces: string[] = [];
  for (const { network, address, type, mac } of addresses)
    interfaces.push(`${escaped(network)}:${address} ${type}${mac === null ? '' : ` ${mac}`}`);
  return joined(interfaces);
}

/** Sorts and joins only where it must: most servers have one address of a kind, or none. */
function joined(items: string[]): string {
  return items.length > 1 ? items.sort().join(', ') : (items[0] ?? '');
}

/** Searches before it replaces: most names have nothing to escape. */
function escaped(name: string): string {
  return name.search(misleading) === -1 ? name : name.replace(misleading, encodeURIComponent);
}

function isPublic(
  { network, type, address }: Address,
  { id }: AddressedServer,
  { names, addresses }: ExternalNetworks,
): boolean {
  return type === 'floating' || names.has(network) || addresses.get(id)?.has(address) === true;
}
