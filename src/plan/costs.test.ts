import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { StackId } from '../openstack/model.ts';
import { type Costs, costOf, costOfFormer, toCents } from './costs.ts';

const stack = 's-1' as StackId;
const costs = (rates: Record<string, number>, members: readonly string[] = []): Costs => ({
  ratedBy: 'http://rating/v2',
  ofResource: new Map(Object.entries(rates)),
  ofProject: new Map(),
  members: new Map([[stack, new Set(members)]]),
  period: { start: '2026-11-01', end: '2026-12-01' },
});

test('where projects alone are rated, nothing is known of devices, which is not nothing', () => {
  const ofProjects = { ...costs({}, ['a']), ofResource: undefined };

  expect(costOf('a', ofProjects)).toBeUndefined();
  expect(costOfFormer(stack, [], ofProjects)).toBeUndefined();
});

test('what was not rated yet has cost nothing', () => {
  expect(costOf('new', costs({ old: 3 }))).toBe(0);
});

test('a rack keeps what its deleted devices have cost', () => {
  const all = costs({ a: 1.25, b: 2.5, c: 4 }, ['a', 'b']);

  expect(costOfFormer(stack, ['a'], all)).toBe(2.5);
  expect(costOfFormer(stack, [], all)).toBe(3.75);
  expect(costOfFormer('s-2' as StackId, [], all)).toBe(0);
});

test('rounding to hundredths loses at most half of one, is stable, and gives nothing below zero', () => {
  fc.assert(
    fc.property(fc.double({ min: -1e6, max: 1e9, noNaN: true }), (amount) => {
      const rounded = toCents(amount);
      expect(rounded).toBeGreaterThanOrEqual(0);
      expect(toCents(rounded)).toBe(rounded);
      if (amount >= 0) expect(Math.abs(rounded - amount)).toBeLessThanOrEqual(0.005 + amount * 1e-12);
    }),
  );
});

test('whatever is here, what is here and what is not add up to what the stack has cost', () => {
  const rates = fc.dictionary(fc.string(), fc.integer({ min: 0, max: 100_000 }));
  fc.assert(
    fc.property(rates, fc.integer(), (cents, seed) => {
      const ids = Object.keys(cents);
      const all = costs(Object.fromEntries(ids.map((id) => [id, (cents[id] ?? 0) / 100])), ids);
      const here = ids.filter((_, at) => (seed >> (at % 31)) & 1);
      const shown = here.reduce((sum, id) => sum + (costOf(id, all) ?? 0), 0);
      const total = ids.reduce((sum, id) => sum + (cents[id] ?? 0), 0) / 100;
      expect(shown + (costOfFormer(stack, here, all) ?? 0)).toBeCloseTo(total, 6);
    }),
  );
});
