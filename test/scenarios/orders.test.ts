import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { AccountId } from '../../src/billing/billing.ts';
import { NoPlatform } from '../../src/billing/none.ts';
import { killBillLogin } from '../../src/sandbox/killbill/routes.ts';
import { startScenario } from '../support/scenario.ts';

const hourMs = 3_600_000;

async function startSite() {
  const dataDir = mkdtempSync(join(tmpdir(), 'orders-'));
  const scenario = await startScenario({ stacks: 2, servers: 1, config: { data_dir: dataDir } });
  onTestFinished(async () => {
    await scenario[Symbol.asyncDispose]();
    rmSync(dataDir, { recursive: true, force: true });
  });
  // As the component that serves the API does it, in a process of its own.
  const billing = new NoPlatform({ dataDir, freeCredits: 100, clock: scenario.clock });
  const roots = [...scenario.sandbox.cloud.orchestration.stacks()].filter(({ parent }) => !parent);
  const [stack, other] = roots;
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
  expect(scenario.logged.filter((line) => line.includes('order closed'))).toHaveLength(1);
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

test('a KillBill that fails stops no run, and the order is closed by the next that reaches it', async () => {
  const { password, apiKey: apikey, apiSecret: apisecret } = killBillLogin;
  await using scenario = await startScenario({
    servers: 1,
    config: ({ services }) => ({
      billing_platform: 'killbill',
      killbill: { api_host: services.killbill.url, password, apikey, apisecret },
    }),
  });
  const { cloud, killBill, faults } = scenario.sandbox;
  const stack = [...cloud.orchestration.stacks()].find(({ parent }) => !parent);
  // As cluster builder had it opened by the Python service.
  const { subscriptionId: objectId } = killBill.subscribe('account', 'made-by-killbill');
  const field = { objectType: 'SUBSCRIPTION', objectId, name: 'openstack_stack_id' } as const;
  killBill.fields.set('f', { customFieldId: 'f', value: stack?.id ?? '', ...field });
  await scenario.run();
  cloud.orchestration.deleteStack(stack?.id ?? '');
  await scenario.clock.sleep(hourMs / 6);
  faults.add({ service: 'killbill', kind: 'answer', status: 500 });

  const failed = await scenario.run();
  expect(failed.failures).toEqual([]);
  expect(killBill.subscriptions.get(objectId)?.state).toBe('ACTIVE');
  expect(scenario.logged.filter((line) => line.includes('orders not swept'))).toHaveLength(1);
  faults.clear();
  await scenario.run();

  expect(killBill.subscriptions.get(objectId)?.state).toBe('CANCELLED');
});
