import { expect, test } from 'vitest';
import { AggregatesBody } from './metric.ts';

test.each([
  [1_999, 0],
  [2_000, 0],
  [5_000, 3_000],
])('of %i measures, more than were requested, the newest are read: from number %i on', (count, first) => {
  const mean = Array.from({ length: count }, (_, at) => [new Date(at * 1_000).toISOString(), 1, at]);

  const [group] = AggregatesBody.parse({ measures: { 'server-1': { cpu: { mean } } } });
  const points = group?.['server-1']?.['cpu']?.['mean'];

  expect(points).toHaveLength(Math.min(count, 2_000));
  expect(points?.[0]).toEqual({ at: first * 1_000, value: first });
});
