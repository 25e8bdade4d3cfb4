import { expect, onTestFinished, test } from 'vitest';
import { HastyClock } from '../../test/support/manual-clock.ts';
import { killBillOn } from '../../test/support/sandbox-sessions.ts';
import { startSandbox } from '../sandbox/sandbox.ts';
import { Balances } from './balances.ts';
import { KillBill } from './killbill/killbill.ts';

async function start() {
  const clock = new HastyClock();
  const sandbox = await startSandbox({ projects: 1, stacks: 0, servers: 0, pace: 0, clock });
  const client = killBillOn(sandbox, { clock });
  onTestFinished(async () => {
    await client.close();
    await sandbox.close();
  });
  const billing = new KillBill(client, sandbox.killBill.plan);
  const accounts = [];
  for (const name of ['bad', 'good', 'other']) {
    const account = await billing.accountFor({ projectId: name, name });
    await billing.deposit(account, 10, name);
    accounts.push(account);
  }
  return { sandbox, balances: new Balances(billing), accounts };
}

test('an account for which KillBill always fails keeps no other from being read', async () => {
  const { sandbox, balances, accounts } = await start();
  const [bad] = accounts;
  const path = new RegExp(`accountId=${bad}`);
  sandbox.faults.add({ service: 'killbill', path, kind: 'answer', status: 500 });
  const refused: string[] = [];

  await balances.refresh(accounts, (account) => refused.push(account));

  expect(accounts.map((account) => balances.of(account))).toEqual([undefined, 10, 10]);
  expect(refused).toEqual([bad]);
});

test('a KillBill that fails for everybody is unavailable after three accounts', async () => {
  const { sandbox, balances, accounts } = await start();
  sandbox.faults.add({ service: 'killbill', path: /dryRun/, kind: 'answer', status: 503 });
  const refused: string[] = [];

  await expect(balances.refresh(accounts, (account) => refused.push(account))).rejects.toThrow('(503)');

  expect(refused).toEqual(accounts.slice(0, 2));
});
