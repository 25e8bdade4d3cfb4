import fc from 'fast-check';
import { expect, test } from 'vitest';
import { observe } from '../../test/support/paper-cloud.ts';
import { PaperPortal } from '../../test/support/paper-portal.ts';
import { situation } from '../../test/support/situations.ts';
import { changesOf } from './change.ts';
import { plan } from './plan.ts';

test('applying a plan makes the next plan empty', () => {
  fc.assert(
    fc.property(situation, ({ cloud, portal: before, settings }) => {
      const portal = new PaperPortal(before);
      portal.apply(changesOf(plan(observe(cloud, before), before, settings)));

      const after = portal.snapshot();

      expect(changesOf(plan(observe(cloud, after), after, settings))).toEqual([]);
    }),
    { numRuns: 1000 },
  );
});
