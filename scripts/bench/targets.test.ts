import { expect, test } from 'vitest';
import { figureOf, percentile } from './figure.ts';
import { judged, logLogSlope } from './targets.ts';

const setting = { name: 'run/idle', servers: 2_000, latencyMs: 20 };
const idle = { seconds: 0.4, openStackRequests: 6, 'requests concertim': 4 };

test('what grows in proportion has the slope 1, what grows with the square 2', () => {
  const sizes = [1_000, 2_000, 10_000, 50_000];

  expect(logLogSlope(sizes.map((size) => [size, 3 * size]))).toBeCloseTo(1);
  expect(logLogSlope(sizes.map((size) => [size, size * size]))).toBeCloseTo(2);
});

test('a target is met, missed, or not measured', () => {
  const verdictOf = (sample: Record<string, number>) =>
    judged([figureOf(setting, [sample])]).find(({ what }) => what.startsWith('idle run, 2,000'))?.isMet;

  expect(verdictOf(idle)).toBe(true);
  expect(verdictOf({ ...idle, openStackRequests: 11 })).toBe(false);
  expect(judged([]).every(({ isMet }) => isMet === undefined)).toBe(true);
});

test('a figure is the middle of its repetitions', () => {
  const figure = figureOf(setting, [{ seconds: 3 }, { seconds: 1 }, { seconds: 2 }, { seconds: 9 }]);

  expect(figure.values['seconds']).toEqual({ median: 2.5, min: 1, max: 9 });
});

test('99 of 100 are below the percentile 0.99', () => {
  expect(
    percentile(
      Array.from({ length: 100 }, (_, at) => at + 1),
      0.99,
    ),
  ).toBe(99);
});
