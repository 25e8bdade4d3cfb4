import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { StackLedger } from './stack-ledger.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'ledger-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const during = async (ledger: StackLedger, begin: number, end: number) =>
  Object.fromEntries(
    [...(await ledger.membersDuring({ begin, end }))].map(([stack, ids]) => [stack, [...ids].sort()]),
  );

test('what was deleted belonged to its stack until then, also after a restart', async () => {
  const dataDir = folder();
  const ledger = new StackLedger(dataDir);
  await ledger.note(new Map([['s', ['a', 'b']]]), 10);
  await ledger.note(new Map([['s', ['a']]]), 20);
  await ledger.note(new Map([['s', []]]), 30);

  const again = new StackLedger(dataDir);
  expect(await during(again, 0, 40)).toEqual({ s: ['a', 'b'] });
  expect(await during(again, 20, 40)).toEqual({ s: ['a'] });
  expect(await during(again, 30, 40)).toEqual({});
  expect(await during(again, 0, 10)).toEqual({});
});

test('a resource that moves, and one that comes back, belong to each stack in its time', async () => {
  const ledger = new StackLedger(undefined);
  await ledger.note(new Map([['s', ['a']]]), 10);
  await ledger.note(new Map([['t', ['a']]]), 20);
  await ledger.note(new Map([['s', ['a']]]), 30);

  expect(await during(ledger, 10, 20)).toEqual({ s: ['a'] });
  expect(await during(ledger, 20, 30)).toEqual({ t: ['a'] });
  expect(await during(ledger, 30, 31)).toEqual({ s: ['a'] });
  expect(await during(ledger, 15, 35)).toEqual({ s: ['a'], t: ['a'] });
});

test('a writer that takes over again knows what the other has seen meanwhile', async () => {
  const dataDir = folder();
  const [first, second] = [new StackLedger(dataDir), new StackLedger(dataDir)];
  await first.note(new Map([['s', ['a']]]), 10);
  await second.note(new Map([['s', ['a', 'b']]]), 20);
  await second.note(new Map([['s', ['a']]]), 30);

  await first.note(new Map([['s', ['a']]]), 40);

  expect(await during(first, 0, 50)).toEqual({ s: ['a', 'b'] });
  expect(await during(first, 30, 50)).toEqual({ s: ['a'] });
  expect(await during(new StackLedger(dataDir), 0, 50)).toEqual({ s: ['a', 'b'] });
});

test('the same members are noted again where another writer has noted others meanwhile', async () => {
  const dataDir = folder();
  const [first, second] = [new StackLedger(dataDir), new StackLedger(dataDir)];
  const members = new Map([['s', ['a']]]);
  await first.note(members, 10);
  await first.note(members, 15);
  await second.note(new Map([['s', []]]), 20);

  await first.note(members, 30);

  expect(await during(first, 12, 18)).toEqual({ s: ['a'] });
  expect(await during(first, 22, 28)).toEqual({});
  expect(await during(first, 30, 40)).toEqual({ s: ['a'] });
});

test('what the cloud remembers is added, is still there after a restart, and does not say when the record began', async () => {
  const dataDir = folder();
  const ledger = new StackLedger(dataDir);
  await ledger.note(new Map([['s', ['a']]]), 100);
  expect([await ledger.isRebuilt(), await ledger.beganAt()]).toEqual([false, 100]);
  await ledger.recall([{ stack: 's', resource: 'gone', from: 10, until: 50 }]);
  await ledger.endRebuild(110);

  const again = new StackLedger(dataDir);
  expect(await during(again, 0, 60)).toEqual({ s: ['gone'] });
  expect(await during(again, 50, 200)).toEqual({ s: ['a'] });
  expect((await again.stacksAt(1_000)).get('gone')).toBe('s');
  expect([...(await again.resources())].sort()).toEqual(['a', 'gone']);
  expect([await again.isRebuilt(), await again.beganAt()]).toEqual([true, 100]);
});

test('what a stack has that was not seen stays its own', async () => {
  const ledger = new StackLedger(undefined);
  await ledger.note(new Map([['s', ['a']]]), 10);
  await ledger.note(new Map([['t', ['b']]]), 20);

  expect(await during(ledger, 20, 30)).toEqual({ s: ['a'], t: ['b'] });
});

test('at each moment the ledger says what was noted last, whatever came before it and however often it was restarted', async () => {
  // Each resource is in one stack at most, and a run has seen all stacks.
  const members = fc
    .array(fc.constantFrom(undefined, 's', 't', 'u'), { minLength: 3, maxLength: 3 })
    .map((stacks) => {
      const noted: Record<string, string[]> = { s: [], t: [], u: [] };
      for (const [at, stack] of stacks.entries()) if (stack) noted[stack]?.push('abc'.charAt(at));
      return noted;
    });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(members, fc.boolean()), { maxLength: 12 }), async (steps) => {
      const dataDir = mkdtempSync(join(tmpdir(), 'ledger-'));
      try {
        let ledger = new StackLedger(dataDir);
        for (const [at, [noted, restarts]] of steps.entries()) {
          if (restarts) ledger = new StackLedger(dataDir);
          await ledger.note(new Map(Object.entries(noted)), at * 10);
        }
        for (const [at, [noted]] of steps.entries()) {
          const some = Object.entries(noted).filter(([, ids]) => ids.length > 0);
          expect(await during(ledger, at * 10, at * 10 + 10)).toEqual(Object.fromEntries(some));
        }
      } finally {
        rmSync(dataDir, { recursive: true });
      }
    }),
    { numRuns: 60 },
  );
});

test('a resource is billed to the last stack that had it by then, before it was first seen to the first', async () => {
  const ledger = new StackLedger(undefined);
  await ledger.note(new Map([['one', ['web', 'stays']]]), 100);
  await ledger.note(new Map([['one', ['stays']]]), 200);
  await ledger.note(
    new Map([
      ['one', ['stays']],
      ['two', ['web']],
    ]),
    300,
  );
  const stackOf = async (resource: string, moment: number) => (await ledger.stacksAt(moment)).get(resource);

  expect(await stackOf('web', 50)).toBe('one');
  expect(await stackOf('web', 150)).toBe('one');
  expect(await stackOf('web', 250)).toBe('one');
  expect(await stackOf('web', 301)).toBe('two');
  expect(await stackOf('stays', 1_000)).toBe('one');
  expect(await stackOf('stray', 1_000)).toBeUndefined();
});
