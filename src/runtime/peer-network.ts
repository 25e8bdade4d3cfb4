const mappedIPv4 = /^::ffff:(\d+(?:\.\d+){3})$/i;

/**
 * Whom an address is of, for limits: who has one IPv6 address mostly has the 2^64 beside it, so there it is the network of 64 bits; an
 * IPv4 address is itself, also where it comes as IPv6.
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
