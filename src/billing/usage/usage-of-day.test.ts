import { expect, test } from 'vitest';
import type { ProjectId } from '../../openstack/model.ts';
import type { AccountId, Order, OrderId, UsageUnits } from '../billing.ts';
import { leastDifference, type UsageFacts, usageOfDay } from './usage-of-day.ts';

const day = '2026-11-27';
const order = (id: string, fields: Partial<Order> = {}): Order => ({
  id: id as OrderId,
  accountId: 'account' as AccountId,
  isOurs: true,
  openedAt: undefined,
  since: '2026-11-01',
  until: undefined,
  tags: {},
  ...fields,
});
const units: UsageUnits = {
  prices: new Map([
    ['openstack-billed-instance', 1],
    ['openstack-billed-volume.size', 0.5],
    ['openstack-billed-tiered', undefined],
  ]),
  decimals: 9,
};
const rated = (id: string, rate: number, type = 'instance') => ({
  id,
  type,
  projectId: 'p' as ProjectId,
  rate,
});
const facts = (fields: Partial<UsageFacts>): UsageFacts => ({
  day,
  rated: [],
  stackOf: new Map([
    ['web', 's'],
    ['db', 's'],
    ['other', 'without-order'],
  ]),
  ordersOf: new Map([['s', [order('o')]]]),
  billedSince: ({ since }) => since,
  units,
  ...fields,
});

test('what the resources of a stack have cost is one bucket for each type, in units of its price', () => {
  const all = [rated('web', 1.25), rated('db', 0.5), rated('db', 2, 'volume.size')];

  const { buckets, unbilled } = usageOfDay(facts({ rated: all }));

  const bucket = { order: 'o', stack: 's', projectId: 'p', day };
  expect(buckets).toEqual([
    { ...bucket, unit: 'openstack-billed-instance', cost: 1.75, amount: 1.75 },
    { ...bucket, unit: 'openstack-billed-volume.size', cost: 2, amount: 4 },
  ]);
  expect(unbilled).toEqual([]);
});

test.each([
  { because: 'no-stack', row: rated('stray', 3) },
  { because: 'no-order', row: rated('other', 3) },
  { because: 'no-unit', row: rated('web', 3, 'image.size') },
  { because: 'no-price', row: rated('web', 3, 'tiered') },
])('reports unbilled usage: $because', ({ because, row }) => {
  const { buckets, unbilled } = usageOfDay(facts({ rated: [row] }));

  expect(buckets).toEqual([]);
  expect(unbilled).toEqual([expect.objectContaining({ projectId: 'p', cost: 3, because })]);
});

test.each([
  { name: 'opened on the day', fields: { since: day }, isBilled: true },
  { name: 'opened the day after', fields: { since: '2026-11-28' }, isBilled: false },
  { name: 'closed on the day', fields: { until: day }, isBilled: true },
  { name: 'closed the day before', fields: { until: '2026-11-26' }, isBilled: false },
  { name: 'with an unknown start', fields: { since: undefined }, isBilled: false },
])('an order $name: billed $isBilled', ({ fields, isBilled }) => {
  const ordersOf = new Map([['s', [order('o', fields)]]]);

  const { buckets, unbilled } = usageOfDay(facts({ rated: [rated('web', 3)], ordersOf }));

  expect(buckets).toHaveLength(Number(isBilled));
  expect(unbilled.map(({ because }) => because)).toEqual(isBilled ? [] : ['outside-order']);
});

test('of two orders of one stack the one that is billed for the day has it', () => {
  const ordersOf = new Map([['s', [order('first', { until: '2026-11-20' }), order('second')]]]);

  const { buckets } = usageOfDay(facts({ rated: [rated('web', 3)], ordersOf }));

  expect(buckets.map((bucket) => bucket.order)).toEqual(['second']);
});

test('where whole units are counted a unit that costs more than a thousandth is not billed: nothing would be left of it', () => {
  const price = (amount: number) => ({
    prices: new Map([['openstack-billed-instance', amount]]),
    decimals: 0,
  });
  const bill = (amount: number) =>
    usageOfDay(facts({ rated: [rated('web', 1.2345678)], units: price(amount) }));

  expect(bill(0.0011).unbilled.map(({ because }) => because)).toEqual(['coarse-price']);
  expect(bill(0.001).buckets.map(({ amount }) => amount)).toEqual([1_235]);
  expect(bill(1e-6).buckets.map(({ amount }) => amount)).toEqual([1_234_568]);
});

test('what cost nothing, or less, is in no bucket', () => {
  const all = [rated('web', 0), rated('db', -2), rated('stray', 0)];
  expect(usageOfDay(facts({ rated: all }))).toEqual({ buckets: [], unbilled: [] });
});

test('a difference of less than a millionth of the currency is rounding', () => {
  expect(leastDifference('openstack-billed-instance', units)).toBe(1e-6);
  expect(leastDifference('openstack-billed-volume.size', units)).toBe(2e-6);
  expect(leastDifference('x', { prices: new Map([['x', 1e-6]]), decimals: 0 })).toBe(1);
});
