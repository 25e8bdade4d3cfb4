import { expect, test } from 'vitest';
import { judgeDeletions, refusalWarning } from './policy.ts';

const policy = { maxDeletions: 5, maxShare: 0.3, allowAll: false };
const absent = (count: number) => Array.from({ length: count }, (_, item) => ({ item, proven: false }));
const proven = (count: number) =>
  Array.from({ length: count }, (_, item) => ({ item: item + 100, proven: true }));

test.each([
  { gone: 5, owned: 5, goes: true },
  { gone: 6, owned: 6, goes: false },
  { gone: 6, owned: 20, goes: true },
  { gone: 6, owned: 19, goes: false },
  { gone: 30, owned: 100, goes: true },
  { gone: 31, owned: 100, goes: false },
])('$gone of $owned that are merely absent: deleted $goes', ({ gone, owned, goes }) => {
  const { allowed, refused } = judgeDeletions(absent(gone), owned, policy);

  expect([allowed.length, refused.length]).toEqual(goes ? [gone, 0] : [0, gone]);
});

test('what is proven to be gone goes, however much it is, and does not count', () => {
  expect(judgeDeletions(proven(100), 100, policy).allowed).toHaveLength(100);
  expect(judgeDeletions([...proven(90), ...absent(5)], 100, policy).refused).toEqual([]);
});

test('of a refused lot the proven ones still go', () => {
  const { allowed, refused } = judgeDeletions([...absent(40), ...proven(2)], 50, policy);

  expect(allowed).toEqual([100, 101]);
  expect(refused).toHaveLength(40);
});

test('a person who has looked lets everything through', () => {
  expect(judgeDeletions(absent(50), 50, { ...policy, allowAll: true }).refused).toEqual([]);
});

test('the warning says how many, what to look at and how to go on', () => {
  const warning = refusalWarning('racks', 40, 50);

  expect(warning).toContain('40 of 50 racks');
  expect(warning).toContain('Is this the right cloud');
  expect(warning).toContain('--allow-deletions');
});
