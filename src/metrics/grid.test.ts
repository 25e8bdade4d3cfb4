import { expect, test } from 'vitest';
import { nextOnGrid } from './grid.ts';

test('cycles begin on whole intervals, whenever the last one ended', () => {
  expect(nextOnGrid(60_000, 15_000)).toBe(75_000);
  expect(nextOnGrid(60_001, 15_000)).toBe(75_000);
  expect(nextOnGrid(74_999, 15_000)).toBe(75_000);
  expect(nextOnGrid(91_000, 15_000)).toBe(105_000);
});
