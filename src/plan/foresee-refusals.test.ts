import { assert, property } from 'fast-check';
import { expect, test } from 'vitest';
import { cloud, flavor, owner, portal, settings, tree } from '../../test/support/builders.ts';
import { observe } from '../../test/support/paper-cloud.ts';
import { situation } from '../../test/support/situations.ts';
import { profiles } from '../concertim/profile.ts';
import { changesOf } from './change.ts';
import { describePlan } from './describe.ts';
import { foreseeRefusals } from './foresee-refusals.ts';
import { plan } from './plan.ts';
import { planJson } from './plan-json.ts';

/* test/contract/foreseen-refusals.test.ts compares these with what the portal of each release refuses. */

const stackWithoutType = cloud({ flavors: [], trees: [tree({ id: '57ac', name: 'web' })] });
const next = portal({ profile: profiles.next, owners: [owner({ kind: 'team' })] });

test('a rack that the portal would refuse says so in the plan, with what to set, and is counted', () => {
  const changes = plan(stackWithoutType, next, settings());

  const text = describePlan(changes, next);
  const json = planJson(changes, next, []);

  expect(text).toContain(
    '+ rack web (stack 57ac): 42 U, ACTIVE; its stack has no rack yet; the portal would refuse this: ' +
      'its stack has no cluster type; concertim.default_cluster_type sets one\n',
  );
  expect(text).toMatch(/; the portal would refuse 1 of these changes\n$/);
  expect(json).toMatchObject({
    inStep: false,
    totals: { create: 1, refused: 1 },
    changes: [{ refusalCode: 'cluster-type-missing', refusal: expect.stringContaining('cluster type') }],
  });
});

test('nothing is said against a rack with a cluster type', () => {
  const changes = plan(stackWithoutType, next, settings({ defaultClusterType: 'slurm' }));

  expect(foreseeRefusals(changes, next).size).toBe(0);
  expect(planJson(changes, next, [])).toMatchObject({
    totals: { create: 1, refused: 0 },
    changes: [{ refusal: null, refusalCode: null }],
  });
});

test("a flavor may have the name of the portal's hidden template for racks: its own gets an end", () => {
  const [change] = changesOf(
    plan(cloud({ flavors: [flavor({ id: 'f1', name: 'rack' })] }), portal(), settings()),
  );

  expect(change).toMatchObject({ kind: 'create-template', draft: { name: 'rack-f1' } });
});

test('whatever people and clouds do, a plan has nothing that the portal would refuse, once a cluster type is configured', () => {
  assert(
    property(situation, ({ cloud, portal, settings, memory }) => {
      const observed = observe(cloud, portal, memory);

      const changes = plan(observed, portal, { ...settings, defaultClusterType: 'slurm' });

      expect([...foreseeRefusals(changes, portal)]).toEqual([]);
    }),
    { numRuns: Number(process.env['PLAN_RUNS'] ?? 200) },
  );
});
