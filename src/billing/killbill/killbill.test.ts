import { afterAll, beforeEach, expect, test } from 'vitest';
import { HastyClock } from '../../../test/support/manual-clock.ts';
import { killBillOn } from '../../../test/support/sandbox-sessions.ts';
import { Secret } from '../../runtime/secret.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import type { AccountId } from '../billing.ts';
import { KillBillClient } from './client.ts';
import { KillBill } from './killbill.ts';

let sandbox: Sandbox;
let billing: KillBill;
const open: { close(): Promise<void> }[] = [];

beforeEach(async () => {
  const clock = new HastyClock();
  sandbox = await startSandbox({ projects: 1, stacks: 0, servers: 0, pace: 0, clock });
  const client = killBillOn(sandbox, { clock });
  billing = new KillBill(client, sandbox.killBill.plan);
  open.push(client, sandbox);
});

afterAll(async () => {
  for (const one of open) await one.close();
});

const team = { projectId: 'a'.repeat(32), name: 'team', email: 'team@example.com' };
const requests = () => sandbox.services.killbill.seen.length;
/** KillBill carries out the request, and its answer is lost. */
const loseAnswer = (path: RegExp, times = 1) =>
  sandbox.faults.add({ service: 'killbill', method: 'POST', path, times, kind: 'reset-after' });

test('an account is made once: requested again, by two at once, and after an answer that was lost', async () => {
  loseAnswer(/accounts$/);
  const [one, two] = await Promise.all([billing.accountFor(team), billing.accountFor(team)]);

  expect(two).toBe(one);
  expect(await billing.accountFor({ ...team, name: 'renamed' })).toBe(one);
  expect(sandbox.killBill.accounts.size).toBe(1);
  expect(await billing.accountFor({ ...team, projectId: 'b'.repeat(32) })).not.toBe(one);
});

test.each(['project_cloud_id', 'openstack_project_id'])(
  'an account that the Python service made is found by its field %s',
  async (name) => {
    const { killBill } = sandbox;
    const row = {
      externalKey: 'made-by-killbill',
      name: 'team',
      email: null,
      currency: 'USD',
      closed: false,
    };
    killBill.accounts.set('old', { accountId: 'old', ...row });
    const field = { objectType: 'ACCOUNT', objectId: 'old', name, value: team.projectId } as const;
    killBill.fields.set('f', { customFieldId: 'f', ...field });

    expect(await billing.accountFor(team)).toBe('old');
    expect(killBill.accounts.size).toBe(1);
  },
);

test('an order is opened once for a key, also when the answer is lost, and never for another account', async () => {
  const account = await billing.accountFor(team);
  const other = await billing.accountFor({ ...team, projectId: 'b'.repeat(32) });
  loseAnswer(/subscriptions/);
  const order = await billing.openOrder(account, 'k1');

  expect(await billing.openOrder(account, 'k1')).toBe(order);
  expect(await billing.openOrder(account, 'k2')).not.toBe(order);
  await expect(billing.openOrder(other, 'k1')).rejects.toMatchObject({ kind: 'conflict' });
  expect(sandbox.killBill.subscriptions.size).toBe(2);
});

test('a key whose order is closed opens another one, the same for each repeat', async () => {
  const account = await billing.accountFor(team);
  const first = await billing.openOrder(account, 'k1');
  await billing.closeOrder(first);

  const second = await billing.openOrder(account, 'k1');
  expect(await billing.openOrder(account, 'k1')).toBe(second);
  await billing.closeOrder(second);
  const third = await billing.openOrder(account, 'k1');

  expect((await billing.orders()).map(({ id }) => id)).toEqual([third]);
  expect(new Set([first, second, third]).size).toBe(3);
});

test('a plan that the catalog has not is refused in its own words', async () => {
  const account = await billing.accountFor(team);
  sandbox.killBill.subscriptions.clear();
  Object.assign(sandbox.killBill, { plan: 'another' });

  await expect(billing.openOrder(account, 'k')).rejects.toThrow(
    "KillBill refused POST /1.0/kb/subscriptions (400): Could not find any plan named 'openstack-standard-monthly'.",
  );
});

test('a tag is set once, and changed instead of doubled', async () => {
  const order = await billing.openOrder(await billing.accountFor(team), 'k');

  const first = await billing.tagOrder(order, 'openstack_stack_id', 's-1');
  expect(await billing.tagOrder(order, 'openstack_stack_id', 's-1')).toBe(first);
  expect(await billing.tagOrder(order, 'openstack_stack_id', 's-2')).toBe(first);
  expect([...sandbox.killBill.fields.values()].map(({ value }) => value)).toEqual(['s-2']);
});

test('all open orders and their tags are had in 3 requests, and in one more for each 500', async () => {
  const account = await billing.accountFor(team);
  const { killBill } = sandbox;
  const closed = killBill.subscribe(account, 'closed');
  killBill.cancel(closed);
  for (let number = 0; number < 498; number++) killBill.subscribe(account, `k${number}`);
  const tagged = await billing.openOrder(account, 'tagged');
  await billing.tagOrder(tagged, 'openstack_stack_id', 's-1');
  await billing.tagOrder(tagged, 'openstack_stack_name', 'mpi');

  const before = requests();
  const orders = await billing.orders();
  // 500 with the closed one, a full page: only an empty page shows that it was the last.
  expect(requests() - before).toBe(4);
  expect(orders).toHaveLength(499);
  expect(orders.filter(({ tags }) => Object.keys(tags).length > 0)).toEqual([
    {
      id: tagged,
      accountId: account,
      isOurs: true,
      openedAt: Date.UTC(2026, 10, 23),
      since: '2026-11-22',
      until: undefined,
      tags: { openstack_stack_id: 's-1', openstack_stack_name: 'mpi' },
    },
  ]);
});

test('a list of orders that gives the same page again and again is given up', async () => {
  const page = Array.from({ length: 500 }, (_, number) => ({ bundleId: `b${number}`, subscriptions: [] }));
  const body = JSON.stringify(page);
  const fault = {
    service: 'killbill',
    path: /bundles/,
    kind: 'answer',
    status: 200,
    body,
    times: 20,
  } as const;
  sandbox.faults.add(fault);

  await expect(billing.orders()).rejects.toThrow('3 without a new row');
  const pages = sandbox.services.killbill.seen.filter(({ url }) => url.includes('bundles'));
  expect(pages).toHaveLength(4);
});

test.each([
  ['a day, where the orders have days', '2026-11-22', '2026-11-23'],
  ['a time, where the orders have times', '2026-11-22T08:00:00.000Z', '2026-11-23T12:00:00.000Z'],
])('a KillBill that lists no nodes is given %s', async (_, startDate, recordDate) => {
  const { killBill } = sandbox;
  sandbox.faults.add({ service: 'killbill', path: /nodesInfo/, kind: 'answer', status: 200, body: '[]' });
  const order = await billing.openOrder(await billing.accountFor(team), 'k');
  const row = killBill.subscriptions.get(order);
  if (row) killBill.subscriptions.set(order, { ...row, startDate });
  const usage = { order, unit: 'openstack-billed-instance', day: '2026-11-23', amount: 2, key: 'k' };

  expect(await billing.usage.record(usage)).toBe('recorded');
  expect(killBill.usages.map((one) => one.recordDate)).toEqual([recordDate]);
});

test.each([
  ['UTC', '12:00'],
  ['Etc/GMT+12', '18:00'],
  ['+12:00', '06:00'],
  ['Pacific/Kiritimati', '05:00'],
])(
  'usage is recorded on its day in UTC and for an account in %s, at %s, with one request for the account',
  async (timeZone, time) => {
    const { killBill } = sandbox;
    const account = await billing.accountFor(team);
    const row = killBill.accounts.get(account);
    if (row) killBill.accounts.set(account, { ...row, timeZone });
    const order = await billing.openOrder(account, 'k');
    const days = ['2026-11-22', '2026-11-23'];

    for (const day of days)
      await billing.usage.record({ order, unit: 'openstack-billed-instance', day, amount: 1, key: day });

    expect(killBill.usages.map(({ recordDate }) => recordDate)).toEqual(
      days.map((day) => `${day}T${time}:00.000Z`),
    );
    const read = sandbox.services.killbill.seen.filter(
      ({ method, url }) => method === 'GET' && url.endsWith(`/accounts/${account}`),
    );
    expect(read).toHaveLength(1);
  },
);

test('an order and an account that are closed, or were never there, are closed', async () => {
  const account = await billing.accountFor(team);
  const order = await billing.openOrder(account, 'k');
  await billing.closeOrder(order);
  await billing.closeOrder(order);
  await billing.closeOrder('none' as typeof order);
  await billing.openOrder(account, 'k2');
  await billing.closeAccount(account);
  await billing.closeAccount(account);
  await billing.closeAccount('none' as AccountId);

  expect(await billing.orders()).toEqual([]);
  expect([...sandbox.killBill.accounts.values()]).toMatchObject([{ closed: true }]);
});

test('what is left is the credits less what was used and not billed', async () => {
  const account = await billing.accountFor(team);
  expect(await billing.creditsOf(account)).toBe(0);
  expect(await billing.deposit(account, 50, 'r-1')).toBe(50);
  const order = await billing.openOrder(account, 'k');
  use(order, 't1', 12.25);

  expect(await billing.creditsOf(account)).toBeCloseTo(37.75, 9);
  sandbox.killBill.bill(account);
  expect(await billing.creditsOf(account)).toBeCloseTo(37.75, 9);
});

test('a deposit whose answer was lost is made once; one that was never carried out is said to have failed', async () => {
  const account = await billing.accountFor(team);
  loseAnswer(/credits/);
  expect(await billing.deposit(account, 10, 'r-1')).toBe(10);

  sandbox.faults.add({ service: 'killbill', path: /credits/, times: 1, kind: 'reset-before' });
  await expect(billing.deposit(account, 10, 'r-2')).rejects.toThrow('did not answer');
  expect(await billing.creditsOf(account)).toBe(10);
});

test('a deposit that is repeated is made once: by a caller that heard nothing, and by two at once', async () => {
  const account = await billing.accountFor(team);
  loseAnswer(/credits/);
  const notFound = sandbox.faults.add({
    service: 'killbill',
    path: /invoices\?/,
    skip: 1,
    times: 3,
    kind: 'reset-before',
  });
  await expect(billing.deposit(account, 10, 'r-1')).rejects.toThrow('did not answer');
  notFound();
  expect(await billing.creditsOf(account)).toBe(10);

  await Promise.all([billing.deposit(account, 10, 'r-1'), billing.deposit(account, 10, 'r-1')]);
  await Promise.all([billing.deposit(account, 7, 'r-2'), billing.deposit(account, 7, 'r-2')]);

  expect(await billing.creditsOf(account)).toBe(17);
});

test('invoices come newest first by page, their lines add up, and what no cluster is known of is a line too', async () => {
  const account = await billing.accountFor(team);
  await billing.deposit(account, 5, 'r-1');
  const known = await billing.openOrder(account, 'k1');
  await billing.tagOrder(known, 'openstack_stack_id', 's-1');
  await billing.tagOrder(known, 'openstack_stack_name', 'mpi');
  const unknown = await billing.openOrder(account, 'k2');
  use(known, 't1', 3.5);
  use(known, 't2', 1.25, 'openstack-billed-volume.size');
  use(unknown, 't3', 2);
  const billed = sandbox.killBill.bill(account);

  const page = await billing.invoices(account, { offset: 0, limit: 1 });
  expect(page.total).toBe(2);
  const [invoice] = page.invoices;
  expect(invoice).toMatchObject({ id: billed?.invoiceId, amount: 6.75, balance: 1.75 });
  expect(invoice?.items.map(({ type, amount, stackName }) => [type, amount, stackName])).toEqual([
    ['cost', 4.75, 'mpi'],
    ['cost', 2, '(unknown cluster)'],
    ['credits', -5, '(unknown cluster)'],
  ]);
  expect(invoice?.items.reduce((sum, { amount }) => sum + amount, 0)).toBe(invoice?.balance);
  expect((await billing.invoices(account, { offset: 1, limit: 5 })).invoices).toHaveLength(1);
  expect((await billing.invoices(account, { offset: 2, limit: 5 })).invoices).toEqual([]);
  expect(await billing.invoice(account, billed?.invoiceId ?? '')).toEqual(invoice);
});

test('an invoice of another account is not there', async () => {
  const account = await billing.accountFor(team);
  const other = await billing.accountFor({ ...team, projectId: 'b'.repeat(32) });
  await billing.deposit(account, 5, 'r-1');
  const [id] = sandbox.killBill.invoices.keys();

  await expect(billing.invoice(other, id ?? '')).rejects.toMatchObject({ kind: 'not-found' });
  await expect(billing.invoice(other, 'none')).rejects.toMatchObject({ kind: 'not-found' });
});

test('there is a draft once there is an order, and it has no id and no number', async () => {
  const account = await billing.accountFor(team);
  expect(await billing.draft(account)).toBeUndefined();
  use(await billing.openOrder(account, 'k'), 't1', 2);

  expect(await billing.draft(account)).toMatchObject({ id: '', number: null, status: 'DRAFT', amount: 2 });
});

test('a wrong password or key is said to be that, and neither is in the message', async () => {
  const wrong = new KillBillClient({
    url: sandbox.services.killbill.url,
    username: 'admin',
    password: new Secret('not-the-password'),
    apiKey: new Secret('some-key'),
    apiSecret: new Secret('some-secret'),
  });
  open.push(wrong);

  const error: unknown = await new KillBill(wrong, 'p').accountFor(team).catch((error: unknown) => error);

  expect(error).toMatchObject({ kind: 'unauthorized', severity: 'fatal' });
  expect(JSON.stringify([String(error), error])).not.toMatch(/not-the-password|some-key|some-secret/);
});

function use(
  subscriptionId: string,
  trackingId: string,
  amount: number,
  unitType = 'openstack-billed-instance',
) {
  sandbox.killBill.usages.push({ subscriptionId, trackingId, unitType, recordDate: '2026-11-22', amount });
}
