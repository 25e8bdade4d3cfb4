import { expect, test } from 'vitest';
import type { ProjectId, Reference, ServerId } from '../openstack/model.ts';
import { AnnouncedDeletions } from './announced-deletions.ts';

const about = (id: string, deleted = true): Reference => ({
  kind: 'server',
  id: id as ServerId,
  projectId: 'p' as ProjectId,
  deleted,
});

test('while no full run succeeds the latest fifty thousand are kept', () => {
  const announced = new AnnouncedDeletions();
  for (let number = 0; number < 50_000; number++) announced.hear([about(`s${number}`)]);
  announced.hear([about('s0')]);
  const full = announced.ids.size;

  announced.hear([about('another'), about('one that is there', false)]);

  expect([full, announced.ids.size]).toEqual([50_000, 50_000]);
  expect(['s0', 's1', 's2', 'another'].map((id) => announced.ids.has(id as ServerId))).toEqual([
    true,
    false,
    true,
    true,
  ]);
});

test('a full run that has ended forgets what was announced before it, and nothing else', () => {
  const announced = new AnnouncedDeletions();
  announced.hear([about('before')]);
  const forget = announced.begin();
  announced.hear([about('meanwhile')]);

  forget();

  expect([...announced.ids]).toEqual(['meanwhile']);
});
