import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.ts';
import type { AccountId, OrderId } from './billing.ts';
import { NoPlatform } from './none.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'orders-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const start = (dataDir: string | undefined) =>
  new NoPlatform({ dataDir, freeCredits: 1_000_000, clock: new ManualClock(1_000) });
const account = 'a'.repeat(32) as AccountId;
const other = 'b'.repeat(32) as AccountId;

test('an account is the id of its project, so that no two have the same and none is empty', async () => {
  const billing = start(undefined);

  expect(await billing.accountFor({ projectId: account, name: 'team' })).toBe(account);
  expect(await billing.accountFor({ projectId: other, name: 'team' })).toBe(other);
});

test('an order, its tags and its end are found by another process and after a restart', async () => {
  const dataDir = folder();
  const one = start(dataDir);
  const kept = await one.openOrder(account, 'first');
  const closed = await one.openOrder(account, 'second');
  await one.tagOrder(kept, 'openstack_stack_id', 's-1');
  await start(dataDir).tagOrder(kept, 'openstack_stack_name', 'mpi');
  await one.closeOrder(closed);

  expect(await start(dataDir).orders()).toEqual([
    {
      id: kept,
      accountId: account,
      key: 'first',
      isOurs: true,
      openedAt: 1_000,
      since: '1970-01-01',
      until: undefined,
      tags: { openstack_stack_id: 's-1', openstack_stack_name: 'mpi' },
    },
  ]);
});

test('the same key gives the same order, another key another', async () => {
  const billing = start(folder());

  const first = await billing.openOrder(account, 'k1');

  expect(await billing.openOrder(account, 'k1')).toBe(first);
  expect(await billing.openOrder(account, 'k2')).not.toBe(first);
  expect(await billing.openOrder(other, 'k1')).not.toBe(first);
  expect(await Promise.all([1, 2].map(() => billing.openOrder(account, 'k3')))).toHaveLength(2);
  expect(await billing.orders()).toHaveLength(4);
});

test('half a line, as a crash leaves it, loses neither what was before it nor what comes after', async () => {
  const dataDir = folder();
  const billing = start(dataDir);
  const before = await billing.openOrder(account, 'before');
  appendFileSync(join(dataDir, 'orders.jsonl'), '{"did":"open","order":"loc');
  const after = await billing.openOrder(account, 'after');

  expect((await billing.orders()).map(({ id }) => id)).toEqual([before, after]);
});

test('to close an order that is not open, or an account without orders, is done already', async () => {
  const billing = start(folder());
  const order = await billing.openOrder(account, 'k');

  await billing.closeOrder('local-unknown' as OrderId);
  await billing.closeAccount(other);
  expect(await billing.orders()).toHaveLength(1);
  await billing.closeAccount(account);
  await billing.closeAccount(account);
  await billing.closeOrder(order);
  expect(await billing.orders()).toEqual([]);
});

test('what there is no platform for is refused in words, and nothing is ever billed', async () => {
  const billing = start(undefined);

  await expect(billing.deposit()).rejects.toMatchObject({ kind: 'unsupported' });
  await expect(billing.invoice(account, 'i-1')).rejects.toMatchObject({ kind: 'not-found' });
  await expect(billing.tagOrder('local-unknown' as OrderId, 'a', 'b')).rejects.toMatchObject({
    kind: 'not-found',
  });
  expect(await billing.invoices()).toEqual({ total: 0, invoices: [] });
  expect(await billing.draft()).toBeUndefined();
  expect(await billing.creditsOf(account)).toBe(1_000_000);
});
