import { expect, test } from 'vitest';
import { device, rack } from '../../test/support/builders.ts';
import { ManualClock } from '../../test/support/manual-clock.ts';
import type { Change } from '../plan/change.ts';
import { ContestWatch } from './contest-watch.ts';

const reason = { reason: 'for this test', reasonCode: 'rack-differs' } as const;

/** All changes that the service writes for a stack, from its creation to its deletion. */
function lifeOf(id: number): Change[] {
  const ofStack = rack({ id, name: `stack-${id}`, metadata: { openstack_stack_id: `stack-${id}` } });
  const shown = device({ id, metadata: { openstack_instance_id: `server-${id}` }, location: { rackId: id } });
  return [
    { ...reason, kind: 'update-rack', rack: ofStack, patch: { status: 'STOPPED' } },
    { ...reason, kind: 'update-device', device: shown, patch: { status: 'STOPPED' } },
    { ...reason, kind: 'delete-device', device: shown, ground: 'deleted' },
    { ...reason, kind: 'delete-rack', rack: ofStack, ground: 'deleted' },
  ];
}

test('of 1,000 stacks that were made and deleted nothing is remembered an hour later', () => {
  const clock = new ManualClock();
  const contest = new ContestWatch(clock);
  contest.begin();
  for (let id = 1; id <= 1_000; id++) for (const change of lifeOf(id)) contest.note(change);
  const most = contest.size;

  clock.advance(3_600_000);
  contest.begin();
  for (const change of lifeOf(1)) contest.note(change);
  const onTheHour = contest.size;
  clock.advance(1);
  contest.begin();

  expect([most, onTheHour, contest.size]).toEqual([4_000, 4_000, 4]);
});

test.each([1, 43, 5_000])('a name of %i letters that others undo three times is left', (letters) => {
  const contest = new ContestWatch(new ManualClock());
  const name = (letter: string): Change => ({
    ...reason,
    kind: 'update-rack',
    rack: rack(),
    patch: { name: letter.repeat(letters) },
  });
  const isContested = [1, 2, 3, 4, 5].map(() => {
    contest.begin();
    const undone = contest.isContested(name('a'));
    if (!undone) contest.note(name('a'));
    return undone;
  });

  expect(isContested).toEqual([false, false, false, false, true]);
  expect(contest.isContested(name('b'))).toBe(false);
});
