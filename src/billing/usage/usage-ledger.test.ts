import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { OrderId } from '../billing.ts';
import { UsageLedger } from './usage-ledger.ts';

const bucket = (day: string) => ({ order: 'o' as OrderId, unit: 'openstack-billed-instance', day });

test('keeps in memory this month and the last, also when a year begins', async () => {
  const ledger = new UsageLedger(undefined);
  for (const day of ['2025-11-30', '2025-12-31', '2026-01-01'])
    await ledger.note(bucket(day), { amount: 1, records: 1 });

  expect(await ledger.of(bucket('2025-11-30'))).toBeUndefined();
  expect(await ledger.of(bucket('2025-12-31'))).toEqual({ amount: 1, records: 1 });
  expect(await ledger.of(bucket('2026-01-01'))).toEqual({ amount: 1, records: 1 });
});

test('reads an older month from its file again, where the last entry of a bucket holds', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'usage-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true }));
  const ledger = new UsageLedger(dataDir);
  await ledger.note(bucket('2025-11-30'), { amount: 1, records: 1 });
  await ledger.note(bucket('2025-11-30'), { amount: 3, records: 2 });
  await ledger.note(bucket('2026-01-01'), { amount: 1, records: 1 });

  expect(await ledger.of(bucket('2025-11-30'))).toEqual({ amount: 3, records: 2 });
});
