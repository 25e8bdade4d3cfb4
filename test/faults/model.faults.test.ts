import { expect, test } from 'vitest';
import { assertConvergence } from './assert-convergence.ts';

/** Another one each time, printed: what it finds is found again by it. */
const seed = Number(process.env['MODEL_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

test('the same thousands of times', async ({ task }) => {
  const runs = await assertConvergence({ runs: 2_000, seed, limitMs: 8 * 60_000 });

  task.meta.runs = { of: 'model', count: runs, again: `MODEL_SEED=${seed}` };
  expect(runs).toBeGreaterThan(0);
}, 600_000);
