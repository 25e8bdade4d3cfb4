import { expect, test } from 'vitest';
import { trendOf } from './trend.ts';

const series = (values: readonly number[]) => ({ name: 'memory', unit: 'MiB', values, tolerance: 10 });
const times = Array.from({ length: 60 }, (_, at) => at);

test('what comes and goes is flat, and so is a single peak', () => {
  expect(trendOf(series(times.map((at) => 100 + 8 * Math.sin(at)))).isFlat).toBe(true);
  expect(trendOf(series(times.map((at) => (at === 50 ? 500 : 100)))).isFlat).toBe(true);
});

test('what grows while it warms up is flat when it has ended', () => {
  expect(trendOf(series(times.map((at) => Math.min(100, at * 5)))).isFlat).toBe(true);
});

test('what leaks is not, however much it comes and goes', () => {
  const { isFlat, growth } = trendOf(series(times.map((at) => 100 + at / 2 + 8 * Math.sin(at))));

  expect(isFlat).toBe(false);
  expect(growth).toBeCloseTo(18, -1);
});
