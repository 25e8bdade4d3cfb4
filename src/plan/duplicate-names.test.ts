import { expect, test } from 'vitest';
import { device, portal, rack, template } from '../../test/support/builders.ts';
import { renameDuplicates } from './duplicate-names.ts';

const all = { kind: 'all' } as const;
const ours = { openstack_stack_id: '55555555-1' };

const renamed = (...of: Parameters<typeof renameDuplicates>) =>
  renameDuplicates(...of).changes.map((change) => ('patch' in change ? change.patch.name : undefined));

test('of two racks of one user with one name the younger gets another', () => {
  const racks = [rack({ id: 1, name: 'a', metadata: ours }), rack({ id: 2, name: 'a', metadata: ours })];

  const { changes, portal: parted } = renameDuplicates(portal({ racks }), all);

  expect(changes).toMatchObject([{ kind: 'update-rack', rack: { id: 2 }, patch: { name: 'a-55555' } }]);
  expect(parted.racks).toMatchObject([
    { id: 1, name: 'a' },
    { id: 2, name: 'a-55555' },
  ]);
});

test('ours gives way to one that was made by hand, be it the older', () => {
  const racks = [rack({ id: 1, name: 'a', metadata: ours }), rack({ id: 2, name: 'a' })];

  expect(renameDuplicates(portal({ racks }), all).changes).toMatchObject([{ rack: { id: 1 } }]);
});

test('two that were made by hand are left alone', () => {
  const racks = [rack({ id: 1, name: 'a' }), rack({ id: 2, name: 'a' })];

  expect(renamed(portal({ racks }), all)).toEqual([]);
});

test('racks of two users, and devices of two racks, may have one name', () => {
  const racks = [rack({ id: 1, metadata: ours }), rack({ id: 2, ownerId: 2, metadata: ours })];
  const devices = [
    device({ id: 3, metadata: { openstack_instance_id: 'a' } }),
    device({ id: 4, location: { rackId: 2 }, metadata: { openstack_instance_id: 'b' } }),
  ];

  expect(renamed(portal({ racks, devices }), all)).toEqual([]);
});

test('devices that stand in no rack may have one name', () => {
  const devices = [1, 2].map((id) =>
    device({ id, location: null, metadata: { openstack_instance_id: 'a' } }),
  );

  expect(renamed(portal({ devices }), all)).toEqual([]);
});

test('devices of one rack and templates are parted too', () => {
  const devices = [
    device({ id: 1, name: 'a' }),
    device({ id: 2, name: 'a', metadata: { openstack_instance_id: '12345678' } }),
  ];
  const templates = [template({ id: 3, name: 'm1' }), template({ id: 4, name: 'm1', foreignId: 'f-1' })];

  expect(renamed(portal({ devices, templates }), all)).toEqual(['a-12345', 'm1-f-1']);
});

test('the new name is none that another one has', () => {
  const racks = [
    rack({ id: 1, name: 'a', metadata: ours }),
    rack({ id: 2, name: 'a', metadata: ours }),
    rack({ id: 3, name: 'a-55555' }),
  ];

  expect(renamed(portal({ racks }), all)).toEqual(['a-55555555']);
});

test('a run about some stacks leaves that to the next full one', () => {
  const racks = [rack({ id: 1, name: 'a', metadata: ours }), rack({ id: 2, name: 'a', metadata: ours })];

  expect(
    renamed(portal({ racks }), {
      kind: 'some',
      racks: new Set(),
      servers: new Set(),
      volumes: new Set(),
      networks: new Set(),
    }),
  ).toEqual([]);
});
