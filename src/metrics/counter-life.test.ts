import { expect, test } from 'vitest';
import { lastLife } from './counter-life.ts';

const options = { granularityMs: 1_000, since: 0, most: 1e12, burst: 1 };

// It took minutes when each point was compared with all others.
test('a counter that is nonsense from point to point is read at once, and gives no figure', () => {
  const points = Array.from({ length: 10_000 }, (_, at) => ({
    at: at * 1_000,
    value: at % 2 === 0 ? 1e9 + at : at * 1_000,
  }));

  expect(lastLife(points, options).points.length).toBeLessThan(2);
});
