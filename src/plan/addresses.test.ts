import { expect, test } from 'vitest';
import { address, server } from '../../test/support/builders.ts';
import type { Address, ExternalNetworks, ServerId } from '../openstack/model.ts';
import { netInterfaces, privateIps, publicIps } from './addresses.ts';

const external = (...names: string[]): ExternalNetworks => ({
  names: new Set(names),
  sharedNames: new Set(),
  addresses: new Map(),
});
const none = external();
const having = (addresses: readonly Address[]) => server({ id: 'web', addresses });
const ipsOf = (...of: Parameters<typeof publicIps>) => ({
  publicIps: publicIps(...of),
  privateIps: privateIps(...of),
});

test('floating addresses are public, fixed ones private, of either version', () => {
  const addresses = [
    address({ network: 'lan', address: '10.0.0.1' }),
    address({ network: 'lan', address: '203.0.113.1', type: 'floating' }),
    address({ network: 'lan', address: 'fd00::1', version: 6 }),
  ];

  expect(ipsOf(having(addresses), none)).toEqual({
    publicIps: 'lan:203.0.113.1',
    privateIps: 'lan:10.0.0.1, lan:fd00::1',
  });
});

test('fixed addresses on an external network are public', () => {
  const addresses = [
    address({ network: 'provider', address: '192.0.2.7' }),
    address({ network: 'provider', address: '2001:db8::7', version: 6 }),
    address({ network: 'lan', address: '10.0.0.1' }),
  ];

  expect(ipsOf(having(addresses), external('provider'))).toEqual({
    publicIps: 'provider:192.0.2.7, provider:2001:db8::7',
    privateIps: 'lan:10.0.0.1',
  });
});

test('a server that is still being built has no addresses: empty texts', () => {
  expect(ipsOf(having([]), none)).toEqual({ publicIps: '', privateIps: '' });
});

test('the order in which Nova gives addresses makes no difference', () => {
  const addresses = [
    address({ network: 'b', address: '10.1.0.1' }),
    address({ network: 'a', address: '10.0.0.2' }),
    address({ network: 'a', address: '10.0.0.1' }),
  ];

  expect(ipsOf(having(addresses), none).privateIps).toBe('a:10.0.0.1, a:10.0.0.2, b:10.1.0.1');
  expect(ipsOf(having(addresses.toReversed()), none)).toEqual(ipsOf(having(addresses), none));
});

test('the name of a network cannot pass for further addresses', () => {
  const addresses = [
    address({ network: 'x:203.0.113.9, lan', address: '10.0.0.1' }),
    address({ network: '50%' }),
  ];

  const ips = ipsOf(having(addresses), none);

  expect(ips.publicIps).toBe('');
  expect(ips.privateIps.split(', ').map((each) => each.split(':').length)).toEqual([2, 2]);
  expect(ips.privateIps).toContain('x%3A203.0.113.9%2C lan:10.0.0.1');
  expect(ips.privateIps).toContain('50%25:');
});

test.each([
  ['a line feed', 'lan\n', 'lan%0A'],
  ['a tab', 'lan\t', 'lan%09'],
  ['an escape sequence', '\u001B[2Jlan\u009B1m', '%1B[2Jlan%C2%9B1m'],
  ['NUL', '\0lan', '%00lan'],
  ['a quote', 'lan"', 'lan%22'],
  ['a separator of lines', 'lan\u2028', 'lan%E2%80%A8'],
  ['a change of direction', '\u202Elan', '%E2%80%AElan'],
])('%s in the name of a network is escaped', (_, network, said) => {
  const of = having([address({ network, address: '10.0.0.1', mac: null })]);

  expect(privateIps(of, none)).toBe(`${said}:10.0.0.1`);
  expect(netInterfaces(of)).toBe(`${said}:10.0.0.1 fixed`);
});

test.each(['lan', "Anna's LAN (2)", 'réseau', '内网', 'half \uD800 of a pair'])(
  'the name %s stays',
  (network) => {
    expect(privateIps(having([address({ network, address: '10.0.0.1' })]), none)).toBe(`${network}:10.0.0.1`);
  },
);

test('on a network that has the name of an external one, only what Neutron has on the external one is public', () => {
  const inside = address({ network: 'public', address: '10.0.0.1' });
  const outside = address({ network: 'public', address: '192.0.2.7' });
  const addresses = new Map([['web' as ServerId, new Set(['192.0.2.7'])]]);
  const networks = { names: new Set<string>(), sharedNames: new Set(['public']), addresses };

  const ips = ipsOf(having([inside, outside]), networks);

  expect(ips).toEqual({ publicIps: 'public:192.0.2.7', privateIps: 'public:10.0.0.1' });
  expect(ipsOf(server({ id: 'other', addresses: [outside] }), networks).publicIps).toBe('');
});
