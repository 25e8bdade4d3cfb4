import { expect, test } from 'vitest';
import { findFaults } from './find-faults.ts';
import { plane } from './plane.ts';

test('on the whole plane of polling, grain, jitter, lag, clock and loss every figure is within its documented error', {
  timeout: 600_000,
}, () => {
  const trials = [...plane()];
  const known = trials.reduce((sum, trial) => sum + trial.known, 0);
  console.log(
    `metrics-truth: ${trials.length} courses in set-ups, ${known} figures compared with the true load`,
  );

  expect(findFaults(trials)).toEqual([]);
  expect(known).toBeGreaterThan(700_000);
});
