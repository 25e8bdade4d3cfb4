import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { AccountId } from '../../src/billing/billing.ts';
import { NoPlatform } from '../../src/billing/none.ts';
import { killBillLogin } from '../../src/sandbox/killbill/routes.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { type Scenario, type ScenarioOptions, startScenario } from '../support/scenario.ts';

const hourMs = 3_600_000;

function startKillBillSite(size: Pick<ScenarioOptions, 'stacks' | 'servers'>) {
  const { password, apiKey: apikey, apiSecret: apisecret } = killBillLogin;
  return startScenario({
    ...size,
    // A site on which every stack is deleted looks like another cloud.
    allowDeletions: true,
    keepDeletedMs: 48 * hourMs,
    config: ({ services }) => ({
      billing_platform: 'killbill',
      killbill: { api_host: services.killbill.url, password, apikey, apisecret },
    }),
  });
}

/** Opens an order as the Python service did for cluster builder. */
function orderOf(killBill: Sandbox['killBill'], stack: string): string {
  const { subscriptionId: objectId } = killBill.subscribe('account', `of ${stack}`);
  const field = { objectType: 'SUBSCRIPTION', objectId, name: 'openstack_stack_id' } as const;
  killBill.fields.set(stack, { customFieldId: stack, value: stack, ...field });
  return objectId;
}

function roots({ sandbox }: Pick<Scenario, 'sandbox'>) {
  return [...sandbox.cloud.orchestration.stacks()].filter(({ parent }) => !parent);
}

async function startSite() {
  const dataDir = mkdtempSync(join(tmpdir(), 'orders-'));
  const scenario = await startScenario({ stacks: 2, servers: 1, config: { data_dir: dataDir } });
  onTestFinished(async () => {
    await scenario[Symbol.asyncDispose]();
    rmSync(dataDir, { recursive: true, force: true });
  });
  // As the component that serves the API does it, in a process of its own.
  const billing = new NoPlatform({ dataDir, freeCredits: 100, clock: scenario.clock });
  const [stack, other] = roots(scenario);
  if (!stack || !other) throw new Error('two stacks are needed');
  const open = async (key: string, stackId?: string) => {
    const order = await billing.openOrder('a'.repeat(32) as AccountId, key);
    if (stackId !== undefined) await billing.tagOrder(order, 'openstack_stack_id', stackId);
    return order;
  };
  const openOrders = async () => (await billing.orders()).map(({ id }) => id);
  return { ...scenario, scenario, stack, other, open, openOrders };
}

test('the order of a stack is closed once Heat says that it is deleted, and no other', async () => {
  const { scenario, stack, other, open, openOrders } = await startSite();
  const [gone, stays] = [await open('k1', stack.id), await open('k2', other.id)];
  const unknown = await open('k3', '00000000-0000-4000-8000-000000000000');
  await scenario.run();
  expect(await openOrders()).toEqual([gone, stays, unknown]);

  scenario.sandbox.cloud.orchestration.deleteStack(stack.id);
  await scenario.clock.sleep(hourMs / 6);
  await scenario.run();

  expect(await openOrders()).toEqual([stays, unknown]);
  expect(scenario.logged.filter((line) => line.includes('billing order closed'))).toHaveLength(1);
});

test('an order that never got a stack is closed after an hour, not before', async () => {
  const { scenario, open, openOrders } = await startSite();
  const order = await open('k1');
  await scenario.clock.sleep(hourMs / 2);
  await scenario.run();
  expect(await openOrders()).toEqual([order]);

  await scenario.clock.sleep(hourMs / 2);
  await scenario.run();

  expect(await openOrders()).toEqual([]);
});

test('an order that KillBill will not close, and a stack that Heat will not show, hold up no other order', async () => {
  await using scenario = await startKillBillSite({ stacks: 3, servers: 3 });
  const { cloud, killBill, faults } = scenario.sandbox;
  const [refused = '', hidden = '', ...others] = roots(scenario).map(({ id }) => id);
  const orders = new Map([refused, hidden, ...others].map((id) => [id, orderOf(killBill, id)]));
  const orphan = killBill.subscribe('account', 'concertim-orphan').subscriptionId;
  await scenario.run();
  for (const id of orders.keys()) cloud.orchestration.deleteStack(id);
  await scenario.clock.sleep(26 * hourMs);
  const path = new RegExp(`subscriptions/(${orders.get(refused)}|${orphan})`);
  // 500 usually passes by itself, but KillBill also answers it to requests that it will never carry out.
  faults.add({ service: 'killbill', method: 'DELETE', path, kind: 'answer', status: 500 });
  faults.add({ service: 'heat', path: new RegExp(hidden), kind: 'answer', status: 403 });
  const open = () => [...killBill.subscriptions.values()].filter(({ state }) => state === 'ACTIVE');

  await scenario.run();

  const stillOpen = open().map(({ subscriptionId }) => subscriptionId);
  expect(new Set(stillOpen)).toEqual(new Set([orders.get(refused), orders.get(hidden), orphan]));
  const said = () =>
    scenario.logged.filter((line) => line.includes('failed to close billing order, will retry')).length;
  expect(said()).toBe(3);
  await scenario.clock.sleep(hourMs);
  await scenario.run();
  expect(said()).toBe(3);
  faults.clear();
  await scenario.clock.sleep(hourMs);
  await scenario.run();

  expect(open()).toEqual([]);
});

test('a KillBill that fails stops no run, and the order is closed by the next that reaches it', async () => {
  await using scenario = await startKillBillSite({ servers: 1 });
  const { cloud, killBill, faults } = scenario.sandbox;
  const [stack] = roots(scenario);
  const objectId = orderOf(killBill, stack?.id ?? '');
  await scenario.run();
  cloud.orchestration.deleteStack(stack?.id ?? '');
  await scenario.clock.sleep(hourMs / 6);
  faults.add({ service: 'killbill', kind: 'answer', status: 500 });

  const failed = await scenario.run();
  expect(failed.failures).toEqual([]);
  expect(killBill.subscriptions.get(objectId)?.state).toBe('ACTIVE');
  await scenario.clock.sleep(hourMs / 6);
  await scenario.run();
  expect(
    scenario.logged.filter((line) => line.includes('failed to check open orders, will retry')),
  ).toHaveLength(1);
  faults.clear();
  await scenario.run();

  expect(killBill.subscriptions.get(objectId)?.state).toBe('CANCELLED');
});
