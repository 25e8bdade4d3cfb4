import { expect, test } from 'vitest';
import { address, server } from '../../test/support/builders.ts';
import type { Address, ExternalNetworks, ServerId } from '../openstack/model.ts';
import { privateIps, publicIps } from './addresses.ts';

const external = (...names: string[]): ExternalNetworks => ({ names: new Set(names), addresses: new Map() });
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

test('on a network that has the name of an external one, only what Neutron has on the external one is public', () => {
  const inside = address({ network: 'public', address: '10.0.0.1' });
  const outside = address({ network: 'public', address: '192.0.2.7' });
  const addresses = new Map([['web' as ServerId, new Set(['192.0.2.7'])]]);
  const networks = { names: new Set<string>(), addresses };

  const ips = ipsOf(having([inside, outside]), networks);

  expect(ips).toEqual({ publicIps: 'public:192.0.2.7', privateIps: 'public:10.0.0.1' });
  expect(ipsOf(server({ id: 'other', addresses: [outside] }), networks).publicIps).toBe('');
});
