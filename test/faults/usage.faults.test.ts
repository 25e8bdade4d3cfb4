import { expect, test } from 'vitest';
import { checkUsage } from './usage-model.ts';

// Of each kind of trouble, and of most pairs, there are many among so many.
test.each([1, 2, 3, 4])(
  'usage is recorded once in 500 courses of events, part %i',
  async (part) => {
    const { runs, records } = await checkUsage({ runs: 500, seed: part });

    expect(runs).toBe(500);
    expect(records).toBeGreaterThan(2_000);
  },
  600_000,
);
