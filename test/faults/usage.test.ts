import { expect, test } from 'vitest';
import { checkUsage } from './usage-model.ts';

test('whatever happens, of each order, unit and day what was rated is recorded once', async () => {
  const { runs, records } = await checkUsage({ runs: 16 });

  expect(records).toBeGreaterThan(runs);
}, 60_000);
