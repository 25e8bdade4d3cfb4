import { expect, test } from 'vitest';
import { assertEndurance } from './assert-endurance.ts';

const seed = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

test('the same, for minutes', async ({ task }) => {
  const runs = await assertEndurance({ runs: 2_000, seed, limitMs: 3 * 60_000 });

  task.meta.runs = { of: 'upstream fuzz', count: runs, again: `FUZZ_SEED=${seed}` };
  expect(runs).toBeGreaterThan(0);
}, 300_000);
