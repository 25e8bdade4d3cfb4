import { expect, test } from 'vitest';
import { findFaults } from './find-faults.ts';
import { plane, type Trial } from './plane.ts';

/* A part of the set-ups; metrics-truth.faults.test.ts tries all. */

test('every figure is within its documented error, and what is missing says why', () => {
  const trials: Trial[] = [...plane(29)];

  expect(findFaults(trials)).toEqual([]);
  expect(trials.length).toBeGreaterThan(500);
});
