import { expect, test } from 'vitest';
import type { ServerId, VolumeId } from '../openstack/model.ts';
import {
  bearsNameOf,
  chooseName,
  deviceNameCandidates,
  deviceNames,
  nameCandidates,
  possibleNames,
  rackNames,
  templateNames,
  validName,
} from './names.ts';

const id = '4f21c09e-1aaa-4bbb-8ccc-dddddddddddd';
const rules = deviceNames({ dotsInNames: false });
const dotted = deviceNames({ dotsInNames: true });

test.each([
  ['my.cluster', 'my-cluster', 'my-cluster'],
  ['my_cluster', 'my_cluster', 'my-cluster'],
  ['my cluster', 'my-cluster', 'my-cluster'],
  ['a\n', 'a-', 'a-'],
  ['Günther 🚀', 'G-nther--', 'G-nther--'],
  ['', 'stack', 'server'],
])('%j becomes rack %s, device %s', (name, rack, device) => {
  expect(validName(name, rackNames)).toBe(rack);
  expect(validName(name, rules)).toBe(device);
});

test('names are cut to what the portal takes: racks 255, devices 150', () => {
  const long = 'n'.repeat(300);

  expect(validName(long, rackNames)).toHaveLength(255);
  expect(validName(long, rules)).toHaveLength(150);
  for (const name of nameCandidates(long, id, rules)) expect(name).toHaveLength(150);
});

test('a template has the name of its flavor, whatever is in it', () => {
  expect(validName('GPU (A100) – groß_1.0', templateNames)).toBe('GPU (A100) – groß_1.0');
});

test('a name is not cut in the middle of a character', () => {
  for (const name of nameCandidates(`x${'🚀'.repeat(200)}`, id, templateNames)) {
    expect(name.isWellFormed()).toBe(true);
    expect(name.length).toBeLessThanOrEqual(255);
  }
});

test('an object may bear its name, or its name and more and more of its id', () => {
  expect([...nameCandidates('a.b', id, rules)]).toEqual([
    'a-b',
    'a-b-4f21c',
    'a-b-4f21c09e',
    'a-b-4f21c09e-1aaa',
    `a-b-${id}`,
  ]);
  expect([...nameCandidates('m1', '7', templateNames)]).toEqual(['m1', 'm1-7']);
});

test('it takes the first that is free', () => {
  const candidates = ['a', 'a-4f21c', 'a-4f21c09e'];

  expect(chooseName(candidates, new Set())).toBe('a');
  expect(chooseName(candidates, new Set(['a']))).toBe('a-4f21c');
  expect(chooseName(candidates, new Set(['a', 'a-4f21c']))).toBe('a-4f21c09e');
});

test('it keeps what it has, also when a better one has become free', () => {
  expect(chooseName(['a', 'a-4f21c'], new Set(['a-4f21c']), 'a-4f21c')).toBe('a-4f21c');
});

test('a name that is none of its own is given up', () => {
  expect(chooseName(['a', 'a-4f21c'], new Set(['renamed']), 'renamed')).toBe('a');
});

test('where all are taken it is numbered, and keeps its number', () => {
  const taken = new Set(['m1', 'm1-7', 'm1-2']);

  expect(chooseName(['m1', 'm1-7'], taken)).toBe('m1-3');
  expect(chooseName(['m1', 'm1-7'], taken, 'm1-2')).toBe('m1-2');
});

test('a name tells what its object may be called in OpenStack', () => {
  expect(possibleNames('m1', '4f21c09e', templateNames)).toEqual(['m1']);
  expect(possibleNames('m1-4f21c09e', '4f21c09e', templateNames)).toEqual(['m1-4f21c09e', 'm1']);
});

test('where the portal takes dots, a device keeps them', () => {
  expect(validName('node01.c1_a.alces.network', dotted)).toBe('node01.c1-a.alces.network');
  expect(validName('node01.c1_a.alces.network', rules)).toBe('node01-c1-a-alces-network');
});

test('a device that was made with a dash for each dot keeps its name, and one that is made now has dots', () => {
  const node = { kind: 'server', name: 'node.c1', id: id as ServerId } as const;

  expect(bearsNameOf('node-c1', node, dotted)).toBe(true);
  expect(bearsNameOf('node-c2', node, dotted)).toBe(false);
  expect(chooseName(deviceNameCandidates(node, dotted), new Set(['node-c1']), 'node-c1')).toBe('node-c1');
  expect(chooseName(deviceNameCandidates(node, dotted), new Set())).toBe('node.c1');
  expect(chooseName(deviceNameCandidates(node, dotted), new Set(['node.c1']))).toBe('node.c1-4f21c');
});

test('a volume without a name is called by its id', () => {
  const volume = { kind: 'volume', name: '', id: id as VolumeId } as const;

  expect([...deviceNameCandidates(volume, rules)].slice(0, 2)).toEqual([
    'volume-4f21c09e',
    'volume-4f21c09e-4f21c',
  ]);
});
