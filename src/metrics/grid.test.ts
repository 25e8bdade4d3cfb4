import { expect, test } from 'vitest';
import { nextBeginning, nextOnGrid } from './grid.ts';

test('cycles begin on whole intervals, whenever the last one ended', () => {
  expect(nextOnGrid(60_000, 15_000)).toBe(75_000);
  expect(nextOnGrid(60_001, 15_000)).toBe(75_000);
  expect(nextOnGrid(74_999, 15_000)).toBe(75_000);
  expect(nextOnGrid(91_000, 15_000)).toBe(105_000);
});

test.each([
  ['a cycle that ended in time', 30_000, 32_100, 45_000],
  ['one that was cut at the next beginning', 30_000, 45_003, 45_000],
  ['one that nobody could cut', 30_000, 53_000, 60_000],
  ['a machine that slept', 30_000, 3_600_001, 3_615_000],
  ['a clock that was set back', 30_000, 1_000, 15_000],
])('the beginning after %s', (_, last, now, next) => {
  expect(nextBeginning(last, now, 15_000)).toBe(next);
});
