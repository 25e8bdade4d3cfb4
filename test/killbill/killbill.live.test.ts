/** Our client of KillBill against a real one, and what docs/billing.md says was measured. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AccountId, OrderId } from '../../src/billing/billing.ts';
import { isoDate } from '../../src/runtime/month.ts';
import { Tenant } from './tenant.ts';

const dayMs = 86_400_000;
const unit = 'openstack-billed-instance';
let tenant: Tenant;

beforeAll(async () => {
  tenant = await Tenant.create();
});

afterAll(async () => {
  await tenant[Symbol.asyncDispose]();
});

let customers = 0;
const newTeam = () => {
  customers += 1;
  return { projectId: `project-${customers}`, name: `team ${customers}`, email: 'team@example.com' };
};
const newAccount = () => tenant.billing.accountFor(newTeam());
let records = 0;
const use = async (order: OrderId, day: string, amount: number, of = unit) => {
  records += 1;
  return tenant.billing.usage.record({ order, unit: of, day, amount, key: `test:${records}` });
};
const invoicesOf = async (account: AccountId) =>
  (await tenant.billing.invoices(account, { offset: 0, limit: 50 })).invoices;
/** What `amount` units cost. */
const price = (amount: number) => amount / 1e6;

test('an account is made once: again, by two at once, after an answer that was lost', async () => {
  const team = newTeam();
  tenant.proxy.loseAnswers(/accounts$/);
  const [one, two] = await Promise.all([tenant.billing.accountFor(team), tenant.billing.accountFor(team)]);

  expect(two).toBe(one);
  expect(await tenant.billing.accountFor({ ...team, name: 'renamed' })).toBe(one);
  expect(await tenant.ask('GET', `/accounts?externalKey=${team.projectId}`)).toMatchObject({
    accountId: one,
    name: team.name,
    billCycleDayLocal: 1,
  });
});

test('an account of the Python service is found by its field', async () => {
  const { projectId, ...customer } = newTeam();
  const old = await tenant.billing.accountFor({ ...customer, projectId: 'made-otherwise' });
  const field = [{ name: 'project_cloud_id', value: projectId }];
  await tenant.ask('POST', `/accounts/${old}/customFields`, field);

  expect(await tenant.billing.accountFor({ ...customer, projectId })).toBe(old);
});

test('a changed address changes nothing else of an account', async () => {
  const account = await newAccount();
  const before = await tenant.ask('GET', `/accounts/${account}`);
  await tenant.billing.changeEmail(account, 'new@example.com');

  expect(await tenant.ask('GET', `/accounts/${account}`)).toEqual({
    ...(before as object),
    email: 'new@example.com',
  });
});

test('an order is opened once for a key, also when the answer is lost, and for no other account', async () => {
  const [account, other] = [await newAccount(), await newAccount()];
  tenant.proxy.loseAnswers(/subscriptions\?/);
  const order = await tenant.billing.openOrder(account, 'k1');

  expect(await tenant.billing.openOrder(account, 'k1')).toBe(order);
  expect(await tenant.billing.openOrder(account, 'k2')).not.toBe(order);
  await expect(tenant.billing.openOrder(other, 'k1')).rejects.toMatchObject({ kind: 'conflict' });
  const mine = (await tenant.billing.orders()).filter(({ accountId }) => accountId === account);
  expect(mine).toHaveLength(2);
});

test('an order that is closed, or never was, is closed again; its key opens another', async () => {
  const account = await newAccount();
  const first = await tenant.billing.openOrder(account, 'again');
  await tenant.billing.closeOrder(first);
  await tenant.billing.closeOrder(first);
  await tenant.billing.closeOrder('00000000-0000-4000-8000-000000000000' as OrderId);

  const second = await tenant.billing.openOrder(account, 'again');
  expect(second).not.toBe(first);
  expect(await tenant.billing.openOrder(account, 'again')).toBe(second);
  const all = (await tenant.billing.usage.orders()).filter(({ accountId }) => accountId === account);
  expect(new Map(all.map(({ id, until }) => [id, until]))).toEqual(
    new Map([
      [first, isoDate(await tenant.now())],
      [second, undefined],
    ]),
  );
});

test('tags are set once and changed in place; all orders and tags are read in three requests', async () => {
  const account = await newAccount();
  const order = await tenant.billing.openOrder(account, 'tagged');
  const id = await tenant.billing.tagOrder(order, 'openstack_stack_id', 's-1');
  await tenant.billing.tagOrder(order, 'openstack_stack_name', 'mpi');
  expect(await tenant.billing.tagOrder(order, 'openstack_stack_id', 's-2')).toBe(id);
  for (let more = 0; more < 12; more++) await tenant.billing.openOrder(account, `more-${more}`);

  const before = tenant.proxy.seen.length;
  const orders = await tenant.billing.orders();

  expect(tenant.proxy.seen.slice(before).toSorted()).toEqual([
    'GET /1.0/kb/bundles/pagination',
    'GET /1.0/kb/customFields/search',
    'GET /1.0/kb/customFields/search',
  ]);
  const mine = orders.filter(({ accountId }) => accountId === account);
  expect(mine).toHaveLength(13);
  expect(mine.find((one) => one.id === order)).toMatchObject({
    isOurs: true,
    since: isoDate(await tenant.now()),
    until: undefined,
    tags: { openstack_stack_id: 's-2', openstack_stack_name: 'mpi' },
  });
});

test('a deposit is made once: with its answer lost, repeated later, and by two at once', async () => {
  const account = await newAccount();
  tenant.proxy.loseAnswers(/credits/);
  expect(await tenant.billing.deposit(account, 12.5, 'r-1')).toBe(12.5);
  expect(await tenant.billing.deposit(account, 12.5, 'r-1')).toBe(12.5);
  await Promise.all([1, 2].map(() => tenant.billing.deposit(account, 4, 'r-2')));

  expect(await tenant.billing.creditsOf(account)).toBe(16.5);
});

test('the draft has what is used and not billed, before credits; without orders there is none', async () => {
  const account = await newAccount();
  expect(await tenant.billing.draft(account)).toBeUndefined();
  await tenant.billing.deposit(account, 10, 'draft');
  const order = await tenant.billing.openOrder(account, 'draft');
  await tenant.billing.tagOrder(order, 'openstack_stack_name', 'mpi');
  const today = isoDate(await tenant.now());
  await use(order, today, 2_500_000);
  await use(order, today, 250_000, 'openstack-billed-volume.size');

  const draft = await tenant.billing.draft(account);
  expect(draft).toMatchObject({ id: '', number: null, status: 'DRAFT', amount: 2.75 });
  expect(draft?.items.map(({ type, amount, stackName }) => [type, amount, stackName])).toEqual([
    ['cost', 2.75, 'mpi'],
    ['credits', -2.75, '(unknown cluster)'],
  ]);
  expect(await tenant.billing.creditsOf(account)).toBe(7.25);
});

test('usage is recorded once for a key, whatever it says the second time and wherever its answer went', async () => {
  const order = await tenant.billing.openOrder(await newAccount(), 'usage');
  const day = isoDate(await tenant.now());
  const record = { order, unit, day, amount: 7, key: 'concertim:instance' };
  tenant.proxy.loseAnswers(/usages$/);

  // The client repeats a lost request, and KillBill answers that the record exists.
  expect(await tenant.billing.usage.record(record)).toBe('known');
  expect(await tenant.billing.usage.record({ ...record, amount: 9, day: '2020-01-01' })).toBe('known');
  expect(await tenant.billing.usage.recorded(order, day)).toEqual(new Map([[unit, 7]]));
});

test('GET /usages has its first day and not its last', async () => {
  const order = await tenant.billing.openOrder(await newAccount(), 'days');
  const today = await tenant.now();
  const [first, second, third] = [0, 1, 2].map((days) => isoDate(today + days * dayMs)) as [
    string,
    string,
    string,
  ];
  await use(order, first, 1);
  await use(order, second, 10);
  await use(order, third, 100);

  expect(await tenant.billing.usage.recorded(order, second)).toEqual(new Map([[unit, 10]]));
  expect(await tenant.ask('GET', `/usages/${order}?startDate=${first}&endDate=${third}`)).toMatchObject({
    rolledUpUnits: [{ unitType: unit, amount: 11 }],
  });
});

test('the catalog and the version say how usage counts: whole units, of a millionth each', async () => {
  const { prices, decimals } = await tenant.billing.usage.units();

  expect(decimals).toBe(0);
  expect(prices).toEqual(
    new Map([
      [unit, 1e-6],
      ['openstack-billed-volume.size', 1e-6],
    ]),
  );
});

test('usage of an unknown unit, of before the order and a fraction is taken, and is on no invoice', async () => {
  const at = await tenant.enterNextMonth(10);
  const account = await newAccount();
  const order = await tenant.billing.openOrder(account, 'unbilled');
  await use(order, isoDate(at), 5_000_000, 'openstack-billed-unknown');
  await use(order, isoDate(at - dayMs), 5_000_000);
  await use(order, isoDate(at), 1.9);
  await use(order, isoDate(at), 1_000_000);

  expect(await tenant.billing.usage.recorded(order, isoDate(at))).toEqual(
    new Map([
      ['openstack-billed-unknown', 5_000_000],
      [unit, 1_000_001],
    ]),
  );
  expect(await tenant.billing.draft(account)).toMatchObject({ amount: 1 });
});

test('an order that is closed is invoiced at once; usage of that day and before still comes, of later never', async () => {
  const opened = await tenant.enterNextMonth(10);
  const account = await newAccount();
  const order = await tenant.billing.openOrder(account, 'ending');
  await use(order, isoDate(opened), 1_000_000);
  const closed = opened + 4 * dayMs;
  await tenant.setClock(closed);
  await tenant.billing.closeOrder(order);
  const [invoice] = await tenant.until('the invoice of the order', async () => {
    const invoices = await invoicesOf(account);
    return invoices.length > 0 ? invoices : undefined;
  });
  expect(invoice).toMatchObject({ amount: 1, date: isoDate(closed) });

  expect(await use(order, isoDate(closed - dayMs), 2_000_000)).toBe('recorded');
  expect(await use(order, isoDate(closed), 3_000_000)).toBe('recorded');
  await expect(use(order, isoDate(closed + dayMs), 4_000_000)).rejects.toMatchObject({ kind: 'invalid' });

  expect(await tenant.billing.draft(account)).toMatchObject({ amount: 5 });
});

test('what an account used since its last invoice is on none once it is closed: its orders are closed first', async () => {
  const at = await tenant.enterNextMonth(10);
  const [closed, orderly] = [await newAccount(), await newAccount()];
  const orders = [];
  for (const account of [closed, orderly]) {
    const order = await tenant.billing.openOrder(account, `of ${account}`);
    await use(order, isoDate(at), 3_000_000);
    orders.push(order);
  }
  await tenant.billing.closeAccount(closed);
  await tenant.billing.closeAccount(closed);
  await tenant.billing.closeOrder(orders[1] as OrderId);
  const [invoice] = await tenant.until('the last invoice', async () => {
    const invoices = await invoicesOf(orderly);
    return invoices.length > 0 ? invoices : undefined;
  });
  await tenant.billing.closeAccount(orderly);

  expect(invoice).toMatchObject({ amount: 3 });
  await tenant.enterNextMonth(2);
  expect(await invoicesOf(closed)).toEqual([]);
  const open = new Set((await tenant.billing.orders()).map(({ accountId }) => accountId));
  expect(open.has(closed) || open.has(orderly)).toBe(false);
});

test('a month is invoiced once it is over; what is recorded of it later is on the next two invoices', async () => {
  const opened = await tenant.enterNextMonth(10);
  const account = await newAccount();
  await tenant.billing.deposit(account, 5, 'month');
  const orders = [
    await tenant.billing.openOrder(account, 'one'),
    await tenant.billing.openOrder(account, 'two'),
  ];
  await tenant.billing.tagOrder(orders[0] as OrderId, 'openstack_stack_id', 's-1');
  await tenant.billing.tagOrder(orders[0] as OrderId, 'openstack_stack_name', 'mpi');
  const days = Array.from({ length: 15 }, (_, day) => isoDate(opened + day * dayMs));
  for (const [at, day] of days.entries()) {
    await use(orders[0] as OrderId, day, 100_000 + at);
    await use(orders[1] as OrderId, day, 10_000);
  }
  const used = price(15 * 100_000 + (14 * 15) / 2) + price(150_000);
  const sums: number[] = [];
  const billed = async (count: number) =>
    tenant.until(`invoice ${count}`, async () => {
      const usage = (await invoicesOf(account)).filter(({ amount }) => amount > 0);
      return usage.length >= count ? usage : undefined;
    });

  for (const late of [0.5, 0.25]) {
    await tenant.enterNextMonth(2);
    const [newest] = await billed(sums.length + 1);
    sums.push(newest?.amount ?? 0);
    expect(newest?.items.reduce((sum, { amount }) => sum + amount, 0)).toBeCloseTo(newest?.balance ?? -1, 6);
    await use(orders[1] as OrderId, days.at(-1) ?? '', late * 1e6);
  }
  await tenant.enterNextMonth(2);
  const [last, , first] = await billed(3);
  sums.push(last?.amount ?? 0);

  expect(sums).toEqual([Math.round(used * 100) / 100, 0.5, 0.25]);
  const lines = first?.items.map(({ type, amount, stackName }) => [type, amount, stackName].join());
  expect(new Set(lines)).toEqual(
    new Set(['cost,1.5,mpi', 'cost,0.15,(unknown cluster)', 'credits,-1.65,(unknown cluster)']),
  );
  expect(await tenant.billing.creditsOf(account)).toBeCloseTo(5 - 1.65 - 0.75, 6);
});

test('invoices come newest first by page, and another account has none of them', async () => {
  const [account, other] = [await newAccount(), await newAccount()];
  for (const key of ['a', 'b', 'c']) await tenant.billing.deposit(account, 1, key);

  const { total, invoices } = await tenant.billing.invoices(account, { offset: 1, limit: 1 });
  const all = await invoicesOf(account);
  expect(total).toBe(3);
  expect(invoices).toEqual([all[1]]);
  const numbers = all.map(({ number }) => Number(number));
  expect(numbers).toEqual(numbers.toSorted((a, b) => b - a));
  const id = all[0]?.id ?? '';
  expect(await tenant.billing.invoice(account, id)).toEqual(all[0]);
  for (const unknown of [id, '00000000-0000-4000-8000-000000000000', 'no-id'])
    await expect(tenant.billing.invoice(other, unknown)).rejects.toMatchObject({ kind: 'not-found' });
});
