import { expect, test } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { BlockStorage } from './block-storage.ts';
import { Ids, randomFor } from './ids.ts';
import { Timeline } from './timeline.ts';

function start() {
  const clock = new ManualClock();
  const timeline = new Timeline(clock, 1);
  const told: string[] = [];
  const storage = new BlockStorage({
    timeline,
    ids: new Ids(randomFor(1, 'test')),
    onEvent: ({ type, volume }) => told.push(`${type} ${volume.status}`),
  });
  const pass = (ms: number) => {
    clock.advance(ms);
    timeline.catchUp();
  };
  const make = () => storage.createVolume({ name: 'v', projectId: 'p', userId: 'u', size: 1 });
  return { storage, told, pass, make };
}

test('a volume is made, had by a server, given back and deleted, each step announced', () => {
  const { storage, told, pass, make } = start();
  const { id } = make();
  pass(1_500);
  storage.attach(id, 's');
  pass(500);
  expect(storage.volume(id)).toMatchObject({ status: 'in-use', attachments: [{ serverId: 's' }] });
  storage.detach(id, 's');
  pass(500);
  storage.deleteVolume(id);
  pass(1_500);

  expect(storage.volume(id)).toBeUndefined();
  expect([...storage.volumes()]).toEqual([]);
  expect(told).toEqual([
    'volume.create.start creating',
    'volume.create.end available',
    'volume.attach.start attaching',
    'volume.attach.end in-use',
    'volume.detach.start detaching',
    'volume.detach.end available',
    'volume.delete.start deleting',
    'volume.delete.end deleting',
  ]);
});

test('a volume that is given away while it is made stays with its server', () => {
  const { storage, pass, make } = start();
  const { id } = make();
  storage.attach(id, 's');

  pass(5_000);

  expect(storage.volume(id)?.status).toBe('in-use');
});

test('a volume that a server has is deleted once that is gone, and not before', () => {
  const { storage, pass, make } = start();
  const { id } = make();
  storage.attach(id, 's');
  pass(5_000);

  storage.deleteVolume(id);
  pass(5_000);
  expect(storage.volume(id)?.status).toBe('in-use');
  storage.detach(id, 'another');
  pass(5_000);
  expect(storage.volume(id)?.status).toBe('in-use');

  storage.detach(id, 's');
  pass(500);
  expect(storage.volume(id)?.status).toBe('deleting');
  pass(1_500);
  expect(storage.volume(id)).toBeUndefined();
});
