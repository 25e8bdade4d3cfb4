import { expect, test } from 'vitest';
import { assertEndurance } from './assert-endurance.ts';

test('no answer of a cloud or a portal is too strange: the service lives, and mends what came of it', async () => {
  expect(await assertEndurance({ runs: 25, seed: 1 })).toBe(25);
}, 60_000);
