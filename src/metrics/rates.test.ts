import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Point } from '../openstack/metric.ts';
import { rateOf } from './rates.ts';

const s = 1000;
const points = (...pairs: [time: number, value: number][]): Point[] =>
  pairs.map(([time, value]) => ({ at: time * s, value }));
const rateAt = (granularity: number, ...pairs: [number, number][]) =>
  rateOf(points(...pairs), { granularityMs: granularity * s });

test('growth over time, between the two newest points', () => {
  expect(rateAt(60, [0, 0], [60, 600], [120, 1_800])).toMatchObject({ kind: 'rate', perSecond: 20 });
});

test('a missing sample does no harm: time is counted by the points', () => {
  expect(rateAt(5, [0, 0], [10, 100], [30, 300])).toMatchObject({ perSecond: 10 });
});

test('a counter that stands still is a rate of 0, and known', () => {
  expect(rateAt(5, [0, 7], [10, 7])).toMatchObject({ kind: 'rate', perSecond: 0 });
});

test('a counter that fell says nothing', () => {
  expect(rateAt(5, [0, 100], [10, 3])).toEqual({ kind: 'unknown', because: 'counter-fell' });
});

test('with several samples in a grain, the one with the fall is no point to begin from either', () => {
  expect(rateAt(60, [0, 6_000], [60, 3_000], [120, 3_100])).toMatchObject({ because: 'counter-fell' });
  expect(rateAt(60, [60, 3_000], [120, 3_100], [180, 3_700])).toMatchObject({ perSecond: 10 });
});

test('with several samples in a grain, the first one of all is no point to begin from', () => {
  expect(rateAt(60, [0, 50], [60, 350])).toMatchObject({ because: 'too-few-points' });
});

test('one point, or none, is no rate', () => {
  expect(rateAt(5)).toMatchObject({ because: 'too-few-points' });
  expect(rateAt(5, [0, 1])).toMatchObject({ because: 'too-few-points' });
});

/** Samples of a counter with a constant growth, taken every `polling` seconds, as Gnocchi's means of grains. */
function grains(
  counter: (time: number) => number,
  polling: number,
  granularity: number,
  until: number,
): Point[] {
  const samples = Map.groupBy(
    Array.from({ length: Math.floor(until / polling) + 1 }, (_, index) => index * polling),
    (time) => Math.floor(time / granularity) * granularity,
  );
  return [...samples].map(([grain, times]) => ({
    at: grain * s,
    value: times.reduce((sum, time) => sum + counter(time), 0) / times.length,
  }));
}

const granularity = fc.constantFrom(1, 5, 60, 300);
const polling = fc.constantFrom(1, 5, 10, 30, 60, 300, 600);
const divides = (a: number, b: number) => a % b === 0 || b % a === 0;

test('a steady counter gives its growth exactly, whatever the grain and the polling interval', () => {
  fc.assert(
    fc.property(
      granularity,
      polling,
      fc.integer({ min: 0, max: 1e12 }),
      fc.integer({ min: 0, max: 1e9 }),
      (granularity, polling, start, growth) => {
        fc.pre(divides(granularity, polling));
        const apart = Math.max(granularity, polling);
        const all = grains((time) => start + growth * time, polling, granularity, 6 * apart);
        // The newest grain may be in the middle of being filled.
        const rate = rateOf(all.slice(0, -1), { granularityMs: granularity * s });

        expect(rate.kind === 'rate' && rate.perSecond).toBeCloseTo(growth, 3);
      },
    ),
  );
});

test('no rate is ever negative, whatever the points', () => {
  const anyPoints = fc
    .uniqueArray(
      fc.tuple(fc.integer({ min: 0, max: 1_000 }), fc.double({ noNaN: true, min: 0, max: 1e18 })),
      {
        selector: ([time]) => time,
      },
    )
    .map((pairs) => points(...pairs.sort(([a], [b]) => a - b)));
  fc.assert(
    fc.property(anyPoints, granularity, (all, granularity) => {
      const rate = rateOf(all, { granularityMs: granularity * s });

      expect(rate.kind === 'unknown' || rate.perSecond >= 0).toBe(true);
    }),
  );
});

test('a counter that begins anew at any moment gives its growth or nothing, never another figure', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(1, 2, 6, 12),
      fc.integer({ min: 1, max: 1e6 }),
      fc.integer({ min: 100_000, max: 1_000_000 }),
      fc.integer({ min: 0, max: 600 }),
      (samplesInGrain, growth, age, restart) => {
        const granularity = 60;
        const counter = (time: number) => growth * (time < restart ? age + time : time - restart);
        const all = grains(counter, granularity / samplesInGrain, granularity, 900);
        const rates = all.map((_, end) => rateOf(all.slice(0, end), { granularityMs: granularity * s }));

        const known = rates.flatMap((rate) => (rate.kind === 'rate' ? [rate.perSecond] : []));
        expect(known.length).toBeGreaterThan(5);
        for (const perSecond of known) expect(perSecond).toBeCloseTo(growth, 3);
      },
    ),
  );
});
