import { expect, test } from 'vitest';
import { Cadence, slowestGap } from './cadence.ts';

const s = 1000;
const every = (gap: number, count: number, until: number) =>
  Array.from({ length: count }, (_, index) => ({
    at: (until - (count - 1 - index) * gap) * s,
    value: index,
  }));

test.for([
  { granularity: 5, polling: 5 },
  { granularity: 5, polling: 10 },
  { granularity: 5, polling: 300 },
  { granularity: 60, polling: 60 },
  { granularity: 300, polling: 300 },
])(
  'three points are in the window, just before the next one comes: $granularity s, every $polling s',
  ({ granularity, polling }) => {
    const cadence = new Cadence(granularity * s);
    const lag = granularity + 7;
    cadence.observe([every(polling, 5, 100_000)], (100_000 + lag) * s);

    const justBeforeTheNext = 100_000 + polling + lag - 0.001;
    const since = justBeforeTheNext * s - cadence.windowMs;
    const inWindow = every(polling, 5, 100_000).filter(({ at }) => at >= since);

    expect(cadence.isKnown).toBe(true);
    expect(inWindow.length).toBeGreaterThanOrEqual(3);
    expect(100_000 * s).toBeGreaterThanOrEqual(justBeforeTheNext * s - cadence.freshnessMs);
  },
);

test('the last point of something that has stopped is soon no news', () => {
  const cadence = new Cadence(5 * s);
  const points = every(10, 5, 1_000);
  for (let now = 1_005; now < 1_500; now += 15) cadence.observe([points], now * s);

  expect(cadence.freshnessMs).toBeLessThanOrEqual(60 * s);
});

test('when points come more slowly all of a sudden, it is to be got to know anew', () => {
  const cadence = new Cadence(5 * s);
  cadence.observe([every(10, 5, 1_000)], 1_005 * s);

  for (let reading = 0; reading < 3; reading++) cadence.observe([every(300, 1, 1_200)], 1_205 * s);

  expect(cadence.isKnown).toBe(false);
});

test('the slowest of hosts that are polled at different intervals counts, one lost sample does not', () => {
  const fast = every(10, 10, 1_000);
  const slow = every(60, 4, 1_000);
  const withGap = fast.filter((_, index) => index !== 4);

  expect(slowestGap([fast, slow])).toBe(60 * s);
  expect(slowestGap([withGap])).toBe(10 * s);
  expect(slowestGap([every(10, 1, 1_000), []])).toBeUndefined();
});
