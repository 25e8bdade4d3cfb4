import { expect, test } from 'vitest';
import { device, owner, portal, rack } from '../../test/support/builders.ts';
import { type Home, settleHomes, type Territory } from './territory.ts';

function cloud(name: string, fields: Partial<Territory> & { ids?: Set<string> } = {}): Territory {
  return { name, isRead: true, ids: new Set(), projects: new Set(), ...fields };
}

/** Whose a rack of alice, who has the project `project`, and the one device in it are. */
function homesOf(
  clouds: readonly Territory[],
  { stack = 'stack', label }: { readonly stack?: string | null; readonly label?: string } = {},
): { rack: Home | undefined; device: Home | undefined } {
  const named = label === undefined ? {} : { openstack_cloud: label };
  const source = stack === null ? { openstack_project_id: 'project' } : { openstack_stack_id: stack };
  const [racks, devices] = [
    [rack({ metadata: { ...source, ...named } })],
    [device({ metadata: { openstack_instance_id: 'server', ...named } })],
  ] as const;
  const homes = settleHomes(portal({ owners: [owner()], racks, devices }), clouds);
  return { rack: homes.racks.get(racks[0].id), device: homes.devices.get(devices[0]) };
}

const projects = new Set(['project']);
const certain = (name: string) => ({ cloud: name, candidates: [] });
const nobodys = { cloud: undefined, candidates: [] };

test('what a cloud lists is its own, whatever cloud the row names, and whether that was read or not', () => {
  const north = cloud('north', { ids: new Set(['stack', 'server']) });

  for (const label of ['south', 'elsewhere', undefined]) {
    const given = label === undefined ? {} : { label };
    for (const isRead of [true, false]) {
      const homes = homesOf([cloud('south', { isRead, projects }), north], given);
      expect(homes).toEqual({ rack: certain('north'), device: certain('north') });
    }
  }
});

test('what no cloud lists is of the cloud that has the project of its owner, which is queried', () => {
  const clouds = [cloud('north'), cloud('south', { projects })];

  expect(homesOf(clouds, { label: 'north' }).rack).toEqual({ cloud: 'south', candidates: ['south'] });
});

test('of regions with one Keystone each is queried, and the row goes to the one that it names, or the first', () => {
  const clouds = [cloud('north', { projects }), cloud('south', { projects })];

  expect(homesOf(clouds).rack).toEqual({ cloud: 'north', candidates: ['north', 'south'] });
  expect(homesOf(clouds, { label: 'south' }).rack).toEqual({
    cloud: 'south',
    candidates: ['north', 'south'],
  });
});

test.each([
  {
    fact: 'one of its regions',
    clouds: [cloud('north', { projects }), cloud('south', { projects, isRead: false })],
  },
  {
    fact: 'the cloud that it names',
    clouds: [cloud('north', { projects }), cloud('south', { isRead: false })],
  },
])('what no cloud lists is nobody’s while $fact was not read', ({ clouds }) => {
  expect(homesOf(clouds, { label: 'south' })).toEqual({ rack: nobodys, device: nobodys });
});

test('what no cloud lists is nobody’s when no Keystone has the project of its owner', () => {
  expect(homesOf([cloud('north'), cloud('south')], { label: 'south' }).rack).toEqual(nobodys);
});

test('a device that no cloud lists goes with its rack, and all clouds that may have it are queried', () => {
  const clouds = [cloud('north', { projects }), cloud('south', { projects, ids: new Set(['stack']) })];

  expect(homesOf(clouds, { label: 'north' }).device).toEqual({
    cloud: 'south',
    candidates: ['north', 'south'],
  });
});

test('a rack of servers without a stack is of the cloud whose servers stand in it', () => {
  const clouds = [cloud('north', { projects }), cloud('south', { projects, ids: new Set(['server']) })];

  expect(homesOf(clouds, { stack: null, label: 'north' }).rack).toEqual(certain('south'));
});

test('a device that stands in no rack is gone only when every cloud says so', () => {
  const clouds = [cloud('north'), cloud('south')];
  const loose = device({ location: null, metadata: { openstack_instance_id: 'server' } });
  const homes = (all: readonly Territory[]) =>
    settleHomes(portal({ devices: [loose] }), all).devices.get(loose);

  expect(homes(clouds)?.candidates).toEqual(['north', 'south']);
  expect(homes([cloud('north'), cloud('south', { isRead: false })])).toEqual(nobodys);
});
