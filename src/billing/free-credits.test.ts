import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FreeCredits } from './free-credits.ts';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'credits-'));
});
afterEach(() => rmSync(dataDir, { recursive: true }));

const owner = (projectId: string | null, credits: number | undefined) => ({
  projectId,
  account: { credits },
});

test('who has fewer gets them; who has more, or no project, does not', async () => {
  const free = new FreeCredits({ amount: 100, dataDir });

  const due = await free.due([
    owner('a', 0),
    owner('b', 99.5),
    owner('c', 100),
    owner('not-shown', undefined),
    owner(null, 0),
  ]);

  expect(due.map(({ projectId }) => projectId)).toEqual(['a', 'b', 'not-shown']);
});

test('they are given once: what is used up or taken away afterwards stays so, also after a restart', async () => {
  const free = new FreeCredits({ amount: 100, dataDir });
  await free.note(owner('a', 0));

  expect(await free.due([owner('a', 3), owner('b', 3)])).toEqual([owner('b', 3)]);
  expect(await new FreeCredits({ amount: 100, dataDir }).due([owner('a', 3)])).toEqual([]);
});
