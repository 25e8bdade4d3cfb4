import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { isoTime } from '../runtime/clock.ts';
import { allowanceUntil, DeletionAllowance } from './deletion-allowance.ts';

const start = Date.UTC(2026, 10, 22, 12);
let folder: string;
let clock: ManualClock;
let allowances: DeletionAllowance;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'allowance-'));
  clock = new ManualClock(start);
  allowances = new DeletionAllowance({ dataDir: join(folder, 'data'), clock });
});
afterEach(() => rmSync(folder, { recursive: true }));
const file = () => join(folder, 'data', 'deletions-allowed');
const allowance = { objects: ['rack 1'], until: isoTime(start + 1_000), by: 'alice' };

test('what one process gives another takes, once', async () => {
  await allowances.give(allowance);
  const other = new DeletionAllowance({ dataDir: join(folder, 'data'), clock });

  expect(await other.take()).toEqual({ kind: 'valid', allowance });
  expect(await other.take()).toEqual({ kind: 'none' });
  expect(existsSync(file())).toBe(false);
});

test.each([
  [999, 'valid'],
  [1_000, 'void'],
])('%i ms after a permission for 1000 ms was given it is %s, and it is gone', async (ms, kind) => {
  await allowances.give(allowance);
  clock.advance(ms);

  expect(await allowances.take()).toMatchObject({ kind });
  expect(existsSync(file())).toBe(false);
});

test.each([
  ['is empty', ''],
  ['is not JSON', '{'],
  ['has no list', JSON.stringify({ until: allowance.until, by: 'alice' })],
  ['has a number in place of a list', JSON.stringify({ ...allowance, objects: 8 })],
  ['has no end', JSON.stringify({ objects: [], by: 'alice' })],
  ['says more than this version knows', JSON.stringify({ ...allowance, owner: 'alice' })],
])('a file that %s allows nothing, and is removed', async (_, text) => {
  await allowances.give(allowance);
  writeFileSync(file(), text);

  expect(await allowances.take()).toEqual({ kind: 'void', because: 'it cannot be read' });
  expect(await allowances.take()).toEqual({ kind: 'none' });
});

test('a permission that cannot be removed allows nothing, since it would be valid again', async () => {
  await allowances.give(allowance);
  rmSync(file());
  // A folder takes the place of the file: not even root can read or remove it as a file.
  await new DeletionAllowance({ dataDir: file(), clock }).give(allowance);

  expect(await allowances.take()).toMatchObject({ kind: 'void' });
});

test('a permission lasts for two full runs and ten minutes', () => {
  expect(allowanceUntil(start, 300_000)).toBe(isoTime(start + 1_200_000));
});
