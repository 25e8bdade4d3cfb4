import { expect, test } from 'vitest';
import { rack } from '../../test/support/builders.ts';
import type { NetworkId, ServerGroupId, ServerId, VolumeId } from '../openstack/model.ts';
import { inherited, memoryKey, recall, record } from './memory.ts';

const content = {
  servers: ['web', 'db'] as ServerId[],
  serverGroups: ['apart'] as ServerGroupId[],
  volumes: [] as VolumeId[],
  networks: [] as NetworkId[],
};
const remembering = (memory: unknown) => rack({ metadata: { [memoryKey]: memory } });

test('what was recorded is recalled', () => {
  expect(recall(remembering(record({ text: '1', settled: true }, content)))).toEqual({
    revision: '1',
    servers: ['db', 'web'],
    serverGroups: ['apart'],
    volumes: [],
    networks: [],
  });
});

test('volumes and networks are recorded where there are any', () => {
  const revision = { text: '1', settled: true };
  const more = { ...content, volumes: ['v2', 'v1'] as VolumeId[], networks: ['n'] as NetworkId[] };

  expect(record(revision, content)).not.toHaveProperty('volumes');
  expect(recall(remembering(record(revision, more)))).toMatchObject({
    volumes: ['v1', 'v2'],
    networks: ['n'],
  });
});

test('the order of Heat makes no difference to the record', () => {
  const turned = { ...content, servers: content.servers.toReversed() };

  expect(record({ text: '1', settled: true }, turned)).toEqual(record({ text: '1', settled: true }, content));
});

test('a revision that may still change is recorded as none that is ever seen', () => {
  const memory = recall(remembering(record({ text: '1', settled: false }, content)));

  expect(memory?.servers).toEqual(['db', 'web']);
  expect(memory?.revision).not.toBe('1');
});

test.each([
  undefined,
  null,
  'text',
  {},
  { revision: 1, servers: [], server_groups: [] },
  { revision: '1', servers: [7], server_groups: [] },
  { revision: '1', servers: 'web', server_groups: [] },
  { revision: '1', servers: [] },
])('a record spoilt to %j is none', (memory) => {
  expect(recall(remembering(memory))).toBeUndefined();
});

test('a further rack inherits outputs and memory, and nothing else', () => {
  const first = rack({
    creationOutput: 'a=1',
    metadata: { [memoryKey]: { revision: '1' }, openstack_stack_output: { a: 1 }, note: 'mine' },
  });

  expect(inherited(first)).toEqual({
    creationOutput: 'a=1',
    metadata: { [memoryKey]: { revision: '1' }, openstack_stack_output: { a: 1 } },
  });
});
