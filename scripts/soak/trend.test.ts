import { describe, expect, test } from 'vitest';
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

describe('releases that take turns, three times round', () => {
  const turnOf = times.map((at) => Math.floor(at / 10));
  const inTurns = (...levels: readonly number[]) => ({
    ...series(turnOf.map((turn) => levels[turn] ?? 0)),
    turnOf,
  });

  test('are flat when each takes the last time what it took the time before, however they differ', () => {
    expect(trendOf(inTurns(0, 0, 100, 200, 105, 208))).toMatchObject({
      growth: 8,
      first: 200,
      last: 208,
      isFlat: true,
    });
  });

  test('are flat when they grow in the first round alone', () => {
    expect(trendOf(inTurns(100, 180, 190, 200, 190, 200))).toMatchObject({ growth: 0, isFlat: true });
  });

  test('grow when one of them takes more the last time', () => {
    expect(trendOf(inTurns(200, 100, 200, 100, 200, 120))).toMatchObject({
      growth: 20,
      first: 100,
      last: 120,
      isFlat: false,
    });
  });

  test('grow no less when a later one takes less than all', () => {
    expect(trendOf(inTurns(100, 200, 100, 200, 120, 90))).toMatchObject({ growth: 20, isFlat: false });
  });
});

test('what grows to no more than another holds that does the same is flat', () => {
  const growing = series(times.map((at) => 100 + at / 2));

  expect(trendOf({ ...growing, within: times.map(() => 130) })).toMatchObject({ growth: 18, isFlat: true });
  expect(trendOf({ ...growing, within: times.map(() => 110) }).isFlat).toBe(false);
});

test('of releases that take turns the one that grows is judged, though another grew more to what is allowed', () => {
  const turnOf = times.map((at) => Math.floor(at / 10));
  const inTurns = (...levels: readonly number[]) => turnOf.map((turn) => levels[turn] ?? 0);

  expect(
    trendOf({
      ...series(inTurns(0, 0, 100, 100, 180, 120)),
      turnOf,
      within: inTurns(0, 0, 0, 0, 190, 105),
    }),
  ).toMatchObject({ first: 100, last: 120, growth: 20, isFlat: false });
});
