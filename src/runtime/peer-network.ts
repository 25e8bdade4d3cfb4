const mappedIPv4 = /^::ffff:(\d+(?:\.\d+){3})$/i;

/**
 * What limits count as one peer: for IPv6 the /64 network, since the owner of one address usually has the
 * whole network; for IPv4 the address itself, also where it is mapped to IPv6.
 */
export function peerNetwork(address: string): string {
  const [, ipv4] = mappedIPv4.exec(address) ?? [];
  if (ipv4 !== undefined) return ipv4;
  if (!address.includes(':')) return address;
  const [plain = ''] = address.split('%');
  const [left = [], right = []] = plain.split('::').map((half) => half.split(':').filter(Boolean));
  const isShortened = plain.includes('::');
  const zeros = isShortened ? Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0') : [];
  const groups = [...left, ...zeros, ...right].slice(0, 4);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}
