import { expect, test } from 'vitest';
import type { RackId } from '../concertim/model.ts';
import { RackAudit } from './rack-audit.ts';

const ids = (...numbers: number[]) => new Set(numbers as RackId[]);
const [one, two, three] = [1, 2, 3] as RackId[] as [RackId, RackId, RackId];

test('racks take turns, the one that was read longest ago first', () => {
  const audit = new RackAudit();
  audit.retain(ids(1, 2, 3), 10);

  const turns = [20, 30, 40, 50].map((at) => {
    const turn = audit.next();
    if (turn) audit.note(turn.id, at);
    return turn;
  });

  expect(turns).toEqual([
    { id: 1, knownAt: 10 },
    { id: 2, knownAt: 10 },
    { id: 3, knownAt: 10 },
    { id: 1, knownAt: 20 },
  ]);
});

test('racks in doubt take nobody else’s turn, and are in doubt until they were read', () => {
  const audit = new RackAudit();
  audit.retain(ids(1, 2, 3), 10);
  audit.doubt(three);
  audit.doubt(two);
  audit.doubt(three);

  expect(audit.doubted).toEqual([3, 2]);
  expect(audit.next()?.id).toBe(1);

  audit.note(three, 20);

  expect(audit.doubted).toEqual([2]);
});

test('a rack that is gone has neither turn nor doubt; a new one waits for its turn', () => {
  const audit = new RackAudit();
  audit.retain(ids(1, 2), 10);
  audit.doubt(one);
  audit.retain(ids(2, 3), 20);

  expect(audit.doubted).toEqual([]);
  expect(audit.size).toBe(2);
  expect(audit.next()).toEqual({ id: 2, knownAt: 10 });

  audit.retain(new Set(), 30);

  expect(audit.next()).toBeUndefined();
});
