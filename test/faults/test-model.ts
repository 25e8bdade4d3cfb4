import { expect, test } from 'vitest';
import { assertConvergence } from './assert-convergence.ts';

/** A thousand random runs. There are two files of it, side by side, since each is done by one processor. */
export function testModel(): void {
  // Another one each time, printed: what it finds is found again by it.
  const seed = Number(process.env['MODEL_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

  test('whatever happens on the way, a thousand times', async ({ task }) => {
    const runs = await assertConvergence({ runs: 1_000, seed, limitMs: 10 * 60_000 });

    task.meta.runs = { of: 'model', count: runs, again: `MODEL_SEED=${seed}` };
    expect(runs).toBeGreaterThan(0);
  }, 720_000);
}
