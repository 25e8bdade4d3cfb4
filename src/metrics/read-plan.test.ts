import { expect, test } from 'vitest';
import type { ArchivePolicy } from '../openstack/metric.ts';
import { groupReads, type Measurable, type Readability, readabilityOf } from './read-plan.ts';

const hour = 3_600;
const policy = (fields: Partial<ArchivePolicy> = {}): ArchivePolicy => ({
  name: 'policy',
  methods: ['mean'],
  grains: [{ seconds: 5, timespan: hour }],
  ...fields,
});

test('the finest grains are read', () => {
  const grains = [
    { seconds: 5, timespan: hour },
    { seconds: 60, timespan: 12 * hour },
  ];

  expect(readabilityOf(policy({ grains }))).toEqual({ kind: 'granularity', seconds: 5 });
});

test('grains that are kept too shortly for two samples are not', () => {
  const grains = [
    { seconds: 1, timespan: 600 },
    { seconds: 60, timespan: 12 * hour },
  ];

  expect(readabilityOf(policy({ grains }))).toEqual({ kind: 'granularity', seconds: 60 });
  expect(readabilityOf(policy({ grains: grains.slice(0, 1) }))).toEqual({ kind: 'granularity', seconds: 1 });
});

test('a policy without means cannot be read', () => {
  expect(readabilityOf(policy({ name: 'bool', methods: ['last'] }))).toEqual({
    kind: 'unreadable',
    reason: 'archive policy bool keeps no mean, only last',
  });
});

const resource = (id: string, metrics: Record<string, string>): Measurable => ({
  id,
  instanceId: id,
  metrics,
});
/** A metric's id tells its granularity; 0 is none. */
const byId = (_meter: string, id: string): Readability =>
  id === '0' ? { kind: 'unreadable', reason: '' } : { kind: 'granularity', seconds: Number(id) };

test('all of one granularity are one group, whatever meters some lack', () => {
  const resources = [
    resource('a', { cpu: '5', 'memory.usage': '5' }),
    resource('b', { 'memory.usage': '5' }),
  ];

  expect(groupReads('instance', resources, byId)).toEqual([
    { type: 'instance', granularity: 5, coarsest: 5, meters: ['cpu', 'memory.usage'], ids: ['a', 'b'] },
  ]);
});

test('one with another archive policy does not keep the others from being read, nor itself', () => {
  const resources = [
    resource('a', { cpu: '5', 'memory.usage': '5' }),
    resource('b', { cpu: '300', 'memory.usage': '5' }),
    resource('c', { cpu: '0', 'memory.usage': '5' }),
    resource('d', { cpu: '60', 'memory.usage': '60' }),
  ];

  expect(groupReads('instance', resources, byId)).toEqual([
    { type: 'instance', granularity: 5, coarsest: 5, meters: ['cpu', 'memory.usage'], ids: ['a'] },
    { type: 'instance', granularity: 300, coarsest: 300, meters: ['cpu'], ids: ['b'] },
    { type: 'instance', granularity: 5, coarsest: 300, meters: ['memory.usage'], ids: ['b'] },
    { type: 'instance', granularity: 5, coarsest: 5, meters: ['memory.usage'], ids: ['c'] },
    { type: 'instance', granularity: 60, coarsest: 60, meters: ['cpu', 'memory.usage'], ids: ['d'] },
  ]);
});

test('what has none of our meters is not requested', () => {
  expect(groupReads('instance', [resource('a', { 'disk.root.size': '5' })], byId)).toEqual([]);
});
