import { expect, test } from 'vitest';
import {
  type CloudFields,
  cloud,
  device,
  flavor,
  owner,
  portal,
  rack,
  server,
  tree,
} from '../../test/support/builders.ts';
import { desiredState } from './desired-state.ts';
import { indexPortal } from './portal-index.ts';

const desired = (seen: CloudFields, shown = portal(), standaloneServers: 'ignore' | 'rack' = 'ignore') =>
  desiredState(cloud(seen), shown, indexPortal(shown), { standaloneServers });

test('racks are ordered by the id of their stack', () => {
  const { racks } = desired({ trees: [tree({ id: 'z' }), tree({ id: 'y' })] });

  expect(racks.map(({ key }) => key)).toEqual(['y', 'z']);
});

test('a tree that was not read says nothing of outputs: the rack keeps its own', () => {
  const [read] = desired({ trees: [tree({ outputs: { a: 1 } })] }).racks;
  const [remembered] = desired({ trees: [tree({ content: 'remembered' })] }).racks;

  expect(read).toMatchObject({ creationOutput: 'a=1', metadata: { openstack_stack_output: 'a=1' } });
  expect(remembered?.creationOutput).toBeUndefined();
  expect(remembered?.metadata).not.toHaveProperty('openstack_stack_output');
});

test('a stack whose project no user has is not shown, even where a rack names it', () => {
  const racks = [rack({ ownerId: 7, metadata: { openstack_stack_id: 'stack' } })];
  const owners = [owner({ projectId: null }), owner({ id: 7, projectId: null })];

  expect(desired({ trees: [tree()] }, portal({ owners, racks })).racks).toEqual([]);
});

test('templates are wanted of all flavors, in a run about some stacks of those that are used', () => {
  const flavors = [flavor(), flavor({ id: 'unused' })];
  const one = { flavors, servers: [server()], trees: [tree({ servers: ['server'] })] };

  const ids = (seen: CloudFields) => desired(seen).templates.map(({ foreignId }) => foreignId);
  expect(ids(one)).toEqual(['flavor', 'unused']);
  expect(ids({ ...one, scope: { racks: ['stack'], servers: ['server'] } })).toEqual(['flavor']);
});

test('the templates of flavors that are gone come last: a living one of the name has it', () => {
  const embedded = { kind: 'embedded', name: 'm1', vcpus: 1, ram: 1, disk: 1 } as const;

  const { templates } = desired({
    flavors: [flavor({ id: 'z', name: 'm1' })],
    servers: [server({ flavor: embedded })],
    trees: [tree({ servers: ['server'] })],
  });

  expect(templates.map(({ foreignId }) => foreignId)).toEqual(['z', 'deleted-flavor:m1/1/1/1']);
});

test('each device is known by the source whose racks it belongs in, if they are wanted', () => {
  const seen = { servers: [server({ id: 'a' }), server({ id: 'b' })], trees: [tree({ servers: ['a'] })] };
  const devices = ['a', 'b', 'gone'].map((id, at) =>
    device({ id: at + 1, metadata: { openstack_instance_id: id } }),
  );

  const { keyOfDevice, presentDevices } = desired(seen, portal({ devices }), 'rack');
  expect(devices.map(keyOfDevice)).toEqual(['stack', 'standalone:project', undefined]);
  expect(presentDevices).toBe(2);
  const unowned = desired(seen, portal({ owners: [], devices }));
  expect(devices.map(unowned.keyOfDevice)).toEqual([undefined, undefined, undefined]);
  expect(unowned.presentDevices).toBe(0);
});
