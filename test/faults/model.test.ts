import { expect, test } from 'vitest';
import { assertConvergence } from './assert-convergence.ts';

test('whatever happens on the way, the portal ends as the cloud is, and nothing was harmed', async () => {
  const runs = await assertConvergence({ runs: 40, seed: 1 });

  expect(runs).toBe(40);
}, 120_000);
