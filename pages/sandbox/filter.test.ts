import { beforeEach, expect, test } from 'vitest';
import type { ChangeView, DeviceView } from '../../src/sandbox/view/wire.ts';
import { clearFilter, filter, found, isFiltered, reveal } from './filter.ts';
import { changePortal, clearPortal } from './portal.ts';
import { selected } from './selection.ts';

const nothing: ChangeView = {
  users: [],
  racks: [],
  devices: [],
  figures: [],
  stacks: [],
  servers: [],
  gone: { users: [], racks: [], devices: [], stacks: [], servers: [] },
  lags: [],
};
const rack = { height: 42, status: 'ACTIVE' } as const;
const device = {
  status: 'ACTIVE',
  startU: 1,
  endU: 1,
  template: 'm1.small',
  shows: 'server',
  serverId: null,
} as const;

beforeEach(() => {
  clearFilter();
  clearPortal();
  selected.value = undefined;
  changePortal({
    ...nothing,
    users: [
      { id: 1, login: 'alice', projectId: 'p1', clouds: [] },
      { id: 2, login: 'bob', projectId: 'p2', clouds: [] },
    ],
    racks: [
      { ...rack, id: 1, userId: 1, name: 'render', stackId: 'stack-1' },
      { ...rack, id: 2, userId: 2, name: 'analysis', stackId: 'stack-2' },
      { ...rack, id: 3, userId: 2, name: 'broken', stackId: null, status: 'FAILED' },
    ],
    devices: [
      { ...device, id: 11, rackId: 1, name: 'gateway1', startU: 3, endU: 3 },
      { ...device, id: 12, rackId: 1, name: 'node01', status: 'STOPPED' },
      { ...device, id: 21, rackId: 2, name: 'gateway1', template: 'm1.large', serverId: 'server-21' },
    ],
  });
});

/** Ids of the racks that are left, and of what matches. */
function left() {
  return {
    racks: found.value.order.flatMap(({ racks }) => racks),
    matches: found.value.matches.map(({ kind, id }) => `${kind} ${id}`),
  };
}

test('without a filter all racks are shown', () => {
  expect(isFiltered.value).toBe(false);
  expect(left()).toEqual({ racks: [1, 2, 3], matches: [] });
});

test.each([
  ['gateway1', [1, 2], ['device 11', 'device 21']],
  ['GATEWAY1 bob', [2], ['device 21']],
  ['render', [1], ['device 11', 'device 12']],
  ['m1.large', [2], ['device 21']],
  ['server-21', [2], ['device 21']],
  ['stack-1', [1], ['device 11', 'device 12']],
  ['broken', [3], ['rack 3']],
  ['nothing like it', [], []],
])('a search for "%s" leaves racks %j', (search, racks, matches) => {
  filter.value = { search, status: undefined };

  expect(left()).toEqual({ racks, matches });
});

test('a status leaves the devices that have it, and a rack that has it itself', () => {
  filter.value = { search: '', status: 'STOPPED' };
  expect(left()).toEqual({ racks: [1], matches: ['device 12'] });

  filter.value = { search: '', status: 'FAILED' };
  expect(left()).toEqual({ racks: [3], matches: ['rack 3'] });
});

test('a device that changes comes into the filter and leaves it', () => {
  filter.value = { search: 'node01', status: 'ACTIVE' };
  expect(left().matches).toEqual([]);
  const started: DeviceView = { ...device, id: 12, rackId: 1, name: 'node01' };

  changePortal({ ...nothing, devices: [started] });

  expect(left().matches).toEqual(['device 12']);
});

test('what is shown on purpose is not hidden by the filter', () => {
  filter.value = { search: 'analysis', status: undefined };

  reveal({ kind: 'device', id: 21 });
  expect(filter.value.search).toBe('analysis');
  reveal({ kind: 'device', id: 12 });

  expect(isFiltered.value).toBe(false);
  expect(selected.value).toEqual({ kind: 'device', id: 12 });
});
