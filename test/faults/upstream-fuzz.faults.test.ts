import { expect, test } from 'vitest';
import { fuzzRuns } from '../support/fuzz-runs.ts';
import { assertEndurance } from './assert-endurance.ts';

test('the same, for minutes', async (context) => {
  const { numRuns, seed } = fuzzRuns(context, 'upstream fuzz', 2_000);

  expect(await assertEndurance({ runs: numRuns, seed, limitMs: 3 * 60_000 })).toBeGreaterThan(0);
}, 300_000);
