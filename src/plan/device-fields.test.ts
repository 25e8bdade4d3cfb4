import { array, assert, boolean, constantFrom, integer, property, record } from 'fast-check';
import { expect, test } from 'vitest';
import { address, device, flavor, network, server, volume } from '../../test/support/builders.ts';
import type { Device } from '../concertim/model.ts';
import type { Address, CloudObject, VolumeId } from '../openstack/model.ts';
import type { DesiredDevice } from './desired-state.ts';
import { deviceFields, devicePatch, saysAlready } from './device-fields.ts';
import { templateOfFlavor } from './flavor-template.ts';
import { deviceNames, validName } from './names.ts';

const rules = deviceNames({ dotsInNames: false });

const wanted = (fields: Parameters<typeof server>[0] = {}, stack?: string) => wantedOf(server(fields), stack);

const wantedOf = (object: CloudObject, stack?: string): DesiredDevice => ({
  object,
  present: [],
  stack: stack as DesiredDevice['stack'],
  status: 'ACTIVE',
  template: templateOfFlavor(flavor()),
  cost: undefined,
  externalNetworks: { names: new Set(['internet']), sharedNames: new Set(), addresses: new Map() },
});

/** Few values of each, so that two servers differ in little. */
const anyWanted = record({
  name: constantFrom('web', 'web.1', 'web-1'),
  keyName: constantFrom(null, 'key'),
  addresses: array(
    record({
      network: constantFrom('internet', 'net', '__proto__'),
      address: constantFrom('10.0.0.1', '10.0.0.2', 't:10.0.0.1'),
      version: constantFrom(4 as const, 6 as const),
      type: constantFrom('fixed' as const, 'floating' as const),
      mac: constantFrom(null, 'fa:16:3e:00:00:01'),
    }),
    { maxLength: 3 },
  ),
  volumes: array(
    record({
      id: constantFrom('a', 'b', '__proto__').map((id) => id as VolumeId),
      deleteOnTermination: constantFrom(null, true, false),
    }),
    { maxLength: 2 },
  ),
  stack: constantFrom(undefined, 'stack', 'other'),
}).map(({ stack, ...fields }) => wanted(fields, stack));

/** The device that a server would be given, with more in its metadata and its keys in another order. */
function deviceOf(shown: DesiredDevice): Device {
  const { metadata, ...fields } = deviceFields(shown);
  return device({
    ...(fields as object),
    name: validName(shown.object.name, rules),
    metadata: turned({ ...metadata, theirs: 1 }) as Device['metadata'],
  });
}

function turned(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return Array.isArray(value) ? value.map(turned) : value;
  }
  const entries = Object.entries(value).map(([key, item]) => [key, turned(item)] as const);
  return Object.fromEntries(entries.reverse());
}

test('what a device says already is no difference', () => {
  assert(
    property(anyWanted, anyWanted, boolean(), integer({ min: 0, max: 1 }), (one, other, isOwn, extra) => {
      const present = deviceOf(isOwn ? one : other);
      if (extra) Object.assign(present.metadata, { net_interfaces: 'theirs' });

      const differs = devicePatch(present, one, validName(one.object.name, rules));
      expect(saysAlready(present, one, rules)).toBe(differs === undefined);
    }),
    { numRuns: 2_000 },
  );
});

test('a device says already what its server would have it say', () => {
  assert(
    property(anyWanted, (shown) => {
      expect(saysAlready(deviceOf(shown), shown, rules)).toBe(true);
    }),
  );
});

test.each([
  ['status', { status: 'FAILED' as const }],
  ['name', { name: 'other' }],
  ['description', { description: 'mine' }],
  ['key', { sshKey: 'other' }],
  ['volumes', { volumeDetails: { a: {} } }],
  ['public addresses', { publicIps: 'net:10.0.0.1' }],
  ['private addresses', { privateIps: '' }],
])('a device of another %s does not', (_what, fields) => {
  const shown = wanted({ addresses: [address()] }, 'stack');

  expect(saysAlready(deviceOf(shown), shown, rules)).toBe(true);
  expect(saysAlready({ ...deviceOf(shown), ...fields }, shown, rules)).toBe(false);
});

test('a device whose status the cloud does not tell may have any', () => {
  const shown = { ...wanted(), status: undefined };

  expect(saysAlready({ ...deviceOf(shown), status: 'FAILED' }, shown, rules)).toBe(true);
});

test('the interfaces of a device are one text, in the same order whatever that of Nova is', () => {
  const addresses = [
    address({ network: 'a, b:c', address: '10.0.0.2' }),
    address({ network: 'lan', address: '203.0.113.1', type: 'floating', mac: 'fa:16:3e:00:00:01' }),
    address({ network: 'lan', address: '10.1.0.1', mac: 'fa:16:3e:00:00:01' }),
  ];
  const said = (given: readonly Address[]) =>
    deviceFields(wanted({ addresses: given })).metadata['net_interfaces'];

  expect(said(addresses)).toBe(
    'a%2C b%3Ac:10.0.0.2 fixed, lan:10.1.0.1 fixed fa:16:3e:00:00:01, lan:203.0.113.1 floating fa:16:3e:00:00:01',
  );
  expect(said(addresses.toReversed())).toBe(said(addresses));
  expect(said([])).toBe('');
});

test('of a volume it is said whether it goes with the server, where Nova says so', () => {
  const volumes = [
    { id: 'kept', deleteOnTermination: false },
    { id: 'unsaid', deleteOnTermination: null },
  ];

  expect(deviceFields(wanted({ volumes }))).toMatchObject({
    volumeDetails: { kept: { delete_on_termination: false }, unsaid: {} },
  });
});

test('of a volume a device says what Cinder does, and nothing of addresses', () => {
  expect(deviceFields(wantedOf(volume({ id: 'v', readOnly: true, volumeType: null }), 'stack'))).toEqual({
    kind: 'volume',
    description: 'Cinder volume in OpenStack',
    createdAt: '2026-11-22T12:00:00.000000',
    availabilityZone: 'nova',
    bootable: false,
    encrypted: false,
    readOnly: true,
    size: 10,
    volumeType: null,
    metadata: { openstack_instance_id: 'v', openstack_stack_id: 'stack' },
  });
});

test('of a network a device says what Neutron does; what that does not tell is not known', () => {
  expect(deviceFields(wantedOf(network({ id: 'n', createdAt: null }), 'stack'))).toEqual({
    kind: 'network',
    description: 'Neutron network in OpenStack',
    createdAt: '1970-01-01T00:00:00Z',
    adminStateUp: true,
    dnsDomain: null,
    l2Adjacency: null,
    mtu: 1450,
    portSecurityEnabled: true,
    qosPolicy: null,
    shared: false,
    metadata: { openstack_instance_id: 'n', openstack_stack_id: 'stack' },
  });
});

test('a volume that has grown is a difference in its size alone', () => {
  const shown = wantedOf(volume({ id: 'v' }), 'stack');

  expect(devicePatch(deviceOf(shown), wantedOf(volume({ id: 'v', size: 20 }), 'stack'), 'v')).toEqual({
    size: 20,
  });
});
