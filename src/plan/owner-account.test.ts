import { expect, test } from 'vitest';
import type { Owner, OwnerAccount } from '../concertim/model.ts';
import type { ProjectId } from '../openstack/model.ts';
import type { Costs } from './costs.ts';
import { ownerAccountPatch } from './owner-account.ts';

const period = { start: '2026-11-01', end: '2026-12-01' };
const owner = (account: Partial<OwnerAccount> = {}, projectId: string | null = 'p'): Owner => ({
  kind: 'team',
  id: 1 as Owner['id'],
  name: 'team',
  projectId,
  leaving: false,
  account: { billingAccountId: null, cost: 0, credits: 0, billingPeriod: period, ...account },
});
const costs = (cost?: number): Costs => ({
  ratedBy: 'http://rating/v2',
  ofResource: undefined,
  ofProject: new Map(cost === undefined ? [] : [['p' as ProjectId, cost]]),
  members: new Map(),
  period,
});
const patch = (of: Owner, cost?: number) => ownerAccountPatch(of, { costs: costs(cost), credits: undefined });

test.each([
  { shown: 1, cost: 1.004, written: undefined },
  { shown: 1, cost: 1.006, written: { cost: 1.01 } },
  { shown: 1, cost: 0.99, written: { cost: 0.99 } },
  { shown: 1, cost: undefined, written: { cost: 0 } },
  { shown: 0, cost: undefined, written: undefined },
  { shown: 0, cost: -3, written: undefined },
  { shown: undefined, cost: 5, written: undefined },
])('$shown is shown and $cost is rated: $written is written', ({ shown, cost, written }) => {
  expect(patch(owner({ cost: shown }), cost)).toEqual(written);
});

test('without costs nothing is written, not 0, and no dates', () => {
  const nothing = { costs: undefined, credits: undefined };
  expect(ownerAccountPatch(owner({ cost: 7, billingPeriod: null }), nothing)).toBeUndefined();
});

test('both dates are written when either differs, and where there are none', () => {
  const other = { start: '2026-10-01', end: '2026-11-01' };
  for (const billingPeriod of [null, other, { ...period, end: other.end }])
    expect(patch(owner({ billingPeriod }))).toEqual({ billingPeriod: period });
  expect(patch(owner({ billingPeriod: undefined }))).toBeUndefined();
});

test('credits may be negative, and are written by themselves', () => {
  expect(ownerAccountPatch(owner(), { costs: undefined, credits: -2.5 })).toEqual({ credits: -2.5 });
  expect(ownerAccountPatch(owner(), { costs: undefined, credits: 0.004 })).toBeUndefined();
});

test('of an owner without a project nothing is known', () => {
  expect(ownerAccountPatch(owner({}, null), { costs: costs(9), credits: 3 })).toBeUndefined();
});
