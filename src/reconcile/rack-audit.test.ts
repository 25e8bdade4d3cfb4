import { expect, test } from 'vitest';
import type { RackId } from '../concertim/model.ts';
import { RackAudit, rackList } from './rack-audit.ts';

const ids = (...numbers: number[]) => new Set(numbers as RackId[]);
const [one, two, three] = [1, 2, 3] as RackId[] as [RackId, RackId, RackId];

test('the list of racks and each rack take turns, the one that was read longest ago first', () => {
  const audit = new RackAudit();
  audit.retain(ids(1, 2, 3), 10);

  const turns = [20, 30, 40, 50, 60].map((at) => {
    const turn = audit.next();
    if (turn) audit.note(turn.turn, at);
    return turn;
  });

  expect(turns).toEqual([
    { turn: rackList, knownAt: 10 },
    { turn: 1, knownAt: 10 },
    { turn: 2, knownAt: 10 },
    { turn: 3, knownAt: 10 },
    { turn: rackList, knownAt: 20 },
  ]);
});

test('racks in doubt take nobody else’s turn, and are in doubt until they were read', () => {
  const audit = new RackAudit();
  audit.retain(ids(1, 2, 3), 10);
  audit.note(rackList, 10);
  audit.doubt(three);
  audit.doubt(two);
  audit.doubt(three);

  expect(audit.doubted).toEqual([3, 2]);
  expect(audit.next()?.turn).toBe(1);

  audit.note(three, 20);

  expect(audit.doubted).toEqual([2]);
});

test('a rack that is gone has neither turn nor doubt; a new one waits for its turn', () => {
  const audit = new RackAudit();
  audit.retain(ids(1, 2), 10);
  audit.doubt(one);
  audit.retain(ids(2, 3), 20);

  expect(audit.doubted).toEqual([]);
  expect(audit.size).toBe(3);
  audit.note(rackList, 20);
  expect(audit.next()).toEqual({ turn: 2, knownAt: 10 });

  audit.retain(new Set(), 30);

  expect(audit.next()?.turn).toBe(rackList);
  expect(new RackAudit().next()).toBeUndefined();
});
