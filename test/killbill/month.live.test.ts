/** A month of the whole service on the sandbox's cloud, billed by a real KillBill whose clock goes along. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startScenario } from '../support/scenario.ts';
import { plan, Tenant } from './tenant.ts';

const dayMs = 86_400_000;

test('a month of two stacks is on the invoices to the cent, whatever answers were lost', async () => {
  await using tenant = await Tenant.create();
  const { billing, proxy, apiKey: apikey, apiSecret: apisecret } = tenant;
  const opened = await tenant.enterNextMonth(10, 0);
  const dataDir = mkdtempSync(join(tmpdir(), 'month-'));
  await using scenario = await startScenario({
    release: 'main',
    rating: 'v2',
    projects: 1,
    stacks: 2,
    servers: 2,
    keepDeletedMs: 90 * dayMs,
    config: {
      data_dir: dataDir,
      billing_platform: 'killbill',
      killbill: {
        api_host: proxy.url,
        username: 'admin',
        password: 'password',
        apikey,
        apisecret,
        plan_name: plan,
      },
    },
  });
  const { clock, sandbox, logged } = scenario;
  const { cloud } = sandbox;
  await clock.sleep(opened - clock.now());
  const projectId = sandbox.population.accounts[0]?.project.id ?? '';
  const account = await billing.accountFor({ projectId, name: 'team' });
  const [stays, goes] = [...cloud.orchestration.stacks()].filter(({ parent }) => !parent);
  for (const stack of [stays, goes]) {
    const order = await billing.openOrder(account, `of ${stack?.id}`);
    await billing.tagOrder(order, 'openstack_stack_id', stack?.id ?? '');
    await billing.tagOrder(order, 'openstack_stack_name', stack?.name ?? '');
  }
  const begin = clock.now();
  const monthEnd = Date.UTC(new Date(begin).getUTCFullYear(), new Date(begin).getUTCMonth() + 1, 1);
  const liveThrough = async (until: number) => {
    while (clock.now() < until) {
      await scenario.run();
      await clock.sleep(Math.min(dayMs, until - clock.now()));
      await tenant.setClock(clock.now());
    }
    await scenario.run();
  };

  await liveThrough(begin + 5 * dayMs);
  cloud.orchestration.deleteStack(goes?.id ?? '');
  proxy.loseAnswers(/usages$/, 2);
  await liveThrough(begin + 9 * dayMs);
  await scenario.restart();
  proxy.loseAnswers(/usages$/, 2);
  // Two months, because usage after the end of the first is on the invoice of the second.
  await liveThrough(monthEnd + 20 * dayMs);
  await scenario.restart();
  const end = Date.UTC(new Date(monthEnd).getUTCFullYear(), new Date(monthEnd).getUTCMonth() + 1, 1);
  await liveThrough(end + 2 * dayMs);
  expect(
    logged.filter(
      (line) => line.includes('failed to record usage, will retry') || line.includes('recorded than rated'),
    ),
  ).toEqual([]);
  const rated = [...cloud.rating.frames(begin, end + dayMs)].reduce((sum, { rate }) => sum + rate, 0);
  const lines = await tenant.until('invoices and a draft of all that was rated', async () => {
    const { invoices } = await billing.invoices(account, { offset: 0, limit: 20 });
    const draft = await billing.draft(account);
    const all = [...invoices, ...(draft ? [draft] : [])].flatMap(({ items }) => items);
    const total = all.filter(({ type }) => type === 'cost').reduce((sum, { amount }) => sum + amount, 0);
    // A line of an invoice is rounded to a cent.
    return Math.abs(total - rated) < 0.005 * all.length ? all : undefined;
  });

  expect(rated).toBeGreaterThan(10);
  const orders = (await billing.usage.orders()).filter(({ accountId }) => accountId === account);
  expect(orders.filter(({ until }) => until === undefined)).toHaveLength(1);
  expect(orders).toHaveLength(2);
  const of = (name: string | undefined) => lines.filter(({ stackName }) => stackName === name).length;
  expect(of(goes?.name)).toBeGreaterThan(0);
  expect(of(stays?.name)).toBeGreaterThan(of(goes?.name));
  rmSync(dataDir, { recursive: true, force: true });
}, 600_000);
