import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stack } from '../../test/support/builders.ts';
import type { Stack } from '../openstack/model.ts';
import { isoTime, parseTime } from '../runtime/clock.ts';
import { rootsOf, stackTrees } from './stack-trees.ts';

const startedAt = parseTime('2026-11-22T12:00:00Z') ?? 0;
const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
const seconds = fc.integer({ min: 0, max: 60 });

const rows: fc.Arbitrary<Stack[]> = fc.uniqueArray(
  fc
    .record({
      id: fc.constantFrom(...ids),
      parentId: fc.option(fc.constantFrom(...ids), { freq: 1 }),
      status: fc.constantFrom('CREATE_COMPLETE', 'UPDATE_IN_PROGRESS', 'UPDATE_COMPLETE'),
      created: seconds,
      updated: fc.option(seconds),
    })
    .map(({ created, updated, ...row }) => {
      const at = (second: number) => isoTime(startedAt + second * 1_000);
      return stack({ ...row, createdAt: at(created), updatedAt: updated === null ? null : at(updated) });
    }),
  { selector: ({ id }) => id, maxLength: ids.length },
);

test('cached trees equal trees built afresh', () => {
  fc.assert(
    fc.property(rows, fc.array(seconds, { maxLength: 8 }), (rows, moments) => {
      const kinds = ['server'] as const;
      for (const second of moments) {
        const now = startedAt + second * 1_000;
        expect(stackTrees(rows, { now, kinds })).toEqual(stackTrees([...rows], { now, kinds }));
      }
      expect(rootsOf(rows)).toEqual(rootsOf([...rows]));
    }),
  );
});

test('a tree is settled once its newest time is more than five seconds ago and nothing in it is in progress', () => {
  const root = stack({ id: 'root' });
  const child = stack({ id: 'child', parentId: 'root', updatedAt: '2026-11-22T12:00:10Z' });
  const stray = stack({ id: 'stray', parentId: 'elsewhere' });
  const rows = [root, child, stray];
  const settledAt = (second: number) =>
    stackTrees(rows, { now: startedAt + second * 1_000, kinds: ['server'] }).map(
      ({ revision }) => revision.settled,
    );

  expect(settledAt(15)).toEqual([false]);
  expect(settledAt(16)).toEqual([true]);
  expect(settledAt(14)).toEqual([false]);
  const busy = [root, { ...child, status: 'UPDATE_IN_PROGRESS' }];
  const [tree] = stackTrees(busy, { now: startedAt + 3_600_000, kinds: ['server'] });
  expect(tree).toMatchObject({ root, revision: { settled: false } });
});
