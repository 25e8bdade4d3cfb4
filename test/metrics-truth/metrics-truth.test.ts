import { expect, test } from 'vitest';
import { findFaults } from './find-faults.ts';
import { plane, type Trial } from './plane.ts';

/* Of the whole plane of set-ups a part; metrics-truth.faults.test.ts tries it all. */

test('every figure is within its documented error, and what is missing says why', () => {
  const trials: Trial[] = [...plane(29)];

  expect(findFaults(trials)).toEqual([]);
  expect(trials.length).toBeGreaterThan(500);
});
