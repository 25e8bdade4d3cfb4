import { assert, property } from 'fast-check';
import { expect, test } from 'vitest';
import { plan } from '../src/plan/plan.ts';
import { planJson } from '../src/plan/plan-json.ts';
import { observe } from '../test/support/paper-cloud.ts';
import { situation } from '../test/support/situations.ts';
import { PlanDocument } from './plan-schema.ts';

test('the JSON of every plan is as docs/plan.schema.json says, with no key more and none less', () => {
  const codes = new Set<string>();
  assert(
    property(situation, ({ cloud, portal, memory, settings }) => {
      const planned = plan(observe(cloud, portal, memory), portal, settings);

      const document: unknown = JSON.parse(JSON.stringify(planJson(planned, portal, [])));

      const { changes, held } = PlanDocument.parse(document);
      for (const { reasonCode } of [...changes, ...held]) codes.add(reasonCode);
    }),
    { numRuns: 300 },
  );
  expect(codes.size).toBeGreaterThan(10);
});

test('a document with a key that the schema does not know is refused', () => {
  const portal = { release: 'main', inStep: true, more: 1 };

  expect(PlanDocument.safeParse(portal).success).toBe(false);
});
