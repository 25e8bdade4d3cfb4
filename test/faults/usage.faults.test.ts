import { expect, test } from 'vitest';
import { checkUsage } from './usage-model.ts';

// Another seed in each run, which is printed: USAGE_SEED reproduces a failure.
const seed = Number(process.env['USAGE_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

test('usage is recorded once, in two thousand courses of events', async ({ task }) => {
  const { runs, records } = await checkUsage({ runs: 2_000, seed });

  task.meta.runs = { of: 'usage', count: runs, again: `USAGE_SEED=${seed}` };
  expect(records).toBeGreaterThan(8_000);
}, 3_600_000);
