import { expect, test } from 'vitest';
import { completePoints, settlingMs } from './complete-points.ts';

const s = 1000;
/** One point at each of these moments, in seconds. */
const pointsAt = (...times: number[]) => times.map((time) => ({ at: time * s, value: time }));
const completeAt = (times: number[], { granularity, now }: { granularity: number; now: number }) =>
  completePoints(pointsAt(...times), { granularityMs: granularity * s, now: now * s }).map(
    ({ at }) => at / s,
  );

test('a grain that has not ended is not complete', () => {
  expect(completeAt([0, 60, 120], { granularity: 60, now: 150 })).toEqual([0, 60]);
});

test('a grain that has ended may still get samples, until a later point shows that they are all there', () => {
  expect(completeAt([0, 60, 120], { granularity: 60, now: 181 })).toEqual([0, 60]);
  expect(completeAt([0, 60, 120, 180], { granularity: 60, now: 181 })).toEqual([0, 60, 120]);
});

test('a grain that ended a while ago is complete', () => {
  expect(completeAt([0, 60, 120], { granularity: 60, now: 180 + settlingMs / s })).toEqual([0, 60, 120]);
});

test('where samples are rarer than grains, a grain is complete as soon as it has ended', () => {
  expect(completeAt([0, 300, 600], { granularity: 5, now: 605 })).toEqual([0, 300, 600]);
  expect(completeAt([0, 300, 600], { granularity: 5, now: 604 })).toEqual([0, 300]);
});

test('no points are complete', () => {
  expect(completeAt([], { granularity: 5, now: 0 })).toEqual([]);
});
