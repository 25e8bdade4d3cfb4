/** What stacks use, from CloudKitty to an invoice of KillBill, by the service as it runs. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { AccountId } from '../../src/billing/billing.ts';
import type { SubscriptionRow } from '../../src/sandbox/killbill/killbill.ts';
import { openOrder, ratedCost, recordedCost, startBilledScenario } from '../support/billed-scenario.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

const said = (logged: readonly string[], message: string) => logged.filter((line) => line.includes(message));

test('what a stack has used is recorded day by day, all of it before its order is closed, and invoiced', async () => {
  const scenario = await startBilledScenario();
  const { sandbox, clock, logged } = scenario;
  const { killBill, cloud } = sandbox;
  const { id, accountId, stackId } = openOrder(sandbox, 'concertim-launch');
  await scenario.run();
  expect(killBill.usages).toEqual([]);

  await clock.sleep(14 * hourMs);
  await scenario.run();
  expect(killBill.usages.map(({ recordDate, trackingId }) => [recordDate, trackingId])).toEqual([
    ['2026-11-22T12:00:00.000Z', 'concertim:openstack-billed-instance:2026-11-22'],
  ]);
  expect(recordedCost(sandbox)).toBeCloseTo(ratedCost(sandbox, 1), 6);

  const [first] = cloud.compute.servers();
  cloud.compute.deleteServer(first?.id ?? '');
  await clock.sleep(6 * hourMs);
  await scenario.restart();
  await scenario.run();
  await clock.sleep(18 * hourMs);
  cloud.orchestration.deleteStack(stackId);
  await scenario.run();
  await clock.sleep(hourMs / 2);
  await scenario.run();
  expect(killBill.usages).toHaveLength(2);
  expect(killBill.subscriptions.get(id)?.state).toBe('ACTIVE');
  await clock.sleep(dayMs);
  await scenario.run();

  expect(killBill.subscriptions.get(id)?.state).toBe('CANCELLED');
  expect(recordedCost(sandbox)).toBeCloseTo(ratedCost(sandbox, 5), 6);
  expect(said(logged, '"usage recorded"').length).toBe(3);
  for (const trouble of [
    'failed to record usage, will retry',
    'not billed',
    'failed to check open orders, will retry',
  ])
    expect(said(logged, trouble)).toEqual([]);
  const items = [...killBill.invoices.values()]
    .filter((invoice) => invoice.accountId === accountId)
    .flatMap((invoice) => invoice.items);
  expect(items.reduce((sum, { amount }) => sum + amount, 0)).toBeCloseTo(ratedCost(sandbox, 5), 2);
});

test.each([
  { billing: {}, days: [] },
  { billing: { usage_since: '2026-11-23' }, days: ['2026-11-23', '2026-11-24'] },
])(
  'usage of an order of the service of 2024 is recorded from $billing.usage_since on',
  async ({ billing, days }) => {
    const scenario = await startBilledScenario(billing);
    const { sandbox, clock, logged } = scenario;
    openOrder(sandbox, 'made-by-killbill');
    await scenario.run();

    await clock.sleep(3 * dayMs);
    await scenario.run();

    expect(sandbox.killBill.usages.map(({ recordDate }) => recordDate.slice(0, 10))).toEqual(days);
    expect(said(logged, 'outside-order').length).toBe(1);
  },
);

test('a unit that the catalog lacks is said once, and all of it recorded once the catalog has it', async () => {
  const scenario = await startBilledScenario();
  const { sandbox, clock, logged } = scenario;
  openOrder(sandbox, 'concertim-launch');
  await scenario.run();
  sandbox.killBill.units.delete('openstack-billed-instance');
  for (let round = 0; round < 3; round++) {
    await clock.sleep(dayMs);
    await scenario.run();
  }
  expect(sandbox.killBill.usages).toEqual([]);
  expect(said(logged, '"no-unit"')).toHaveLength(1);

  sandbox.killBill.units.set('openstack-billed-instance', 1);
  await clock.sleep(dayMs);
  await scenario.run();

  expect(sandbox.killBill.usages).toHaveLength(4);
  expect(recordedCost(sandbox)).toBeCloseTo(ratedCost(sandbox, 4), 6);
});

test('a KillBill that refuses one order holds up no other, nor the run', async () => {
  const scenario = await startBilledScenario();
  const { sandbox, clock, logged } = scenario;
  openOrder(sandbox, 'concertim-launch');
  await scenario.run();
  await clock.sleep(dayMs);
  const ended = sandbox.faults.add({ service: 'killbill', path: /usages$/, kind: 'answer', status: 404 });
  const report = await scenario.run();
  expect(report.failures).toEqual([]);
  expect(said(logged, 'failed to record usage, will retry')).toHaveLength(1);
  ended();

  await clock.sleep(hourMs);
  await scenario.run();

  expect(sandbox.killBill.usages).toHaveLength(1);
});

test.each([
  { away: '3 days', ms: 3 * dayMs, records: 1 },
  { away: 'longer than days are read again', ms: 70 * dayMs, records: 0 },
])(
  'an order ends when Heat says that its stack was deleted, not when the service next looked: away for $away',
  async ({ ms, records }) => {
    const scenario = await startBilledScenario();
    const { sandbox, clock } = scenario;
    const { killBill, cloud } = sandbox;
    const { id, stackId } = openOrder(sandbox, 'concertim-launch');
    await scenario.run();
    cloud.orchestration.deleteStack(stackId);
    await clock.sleep(ms);
    await scenario.restart();
    // So many days are read in one run.
    for (let read = 0; read < 62; read += 16) {
      await scenario.run();
      await clock.sleep(hourMs / 6);
    }

    expect(killBill.subscriptions.get(id)?.state).toBe('CANCELLED');
    expect(killBill.usages).toHaveLength(records);
  },
);

test('the account of a deleted team is closed once all that it used is recorded and invoiced', async () => {
  const scenario = await startBilledScenario();
  const { sandbox, clock, logged } = scenario;
  const { killBill, cloud } = sandbox;
  const { id, accountId, stackId } = openOrder(sandbox, 'concertim-launch');
  const projectId = cloud.orchestration.stack(stackId)?.projectId;
  await scenario.run();
  await clock.sleep(2 * dayMs);
  cloud.orchestration.deleteStack(stackId);
  // As the component that serves the portal does it.
  await scenario.closings.request(accountId as AccountId, projectId);
  await scenario.closings.request(accountId as AccountId, projectId);
  await scenario.run();
  const isClosed = () => killBill.accounts.get(accountId)?.closed;
  expect([isClosed(), killBill.subscriptions.get(id)?.state]).toEqual([false, 'ACTIVE']);

  for (let hours = 0; hours < 30; hours += 6) {
    await clock.sleep(6 * hourMs);
    await scenario.restart();
    await scenario.run();
  }

  expect([isClosed(), killBill.subscriptions.get(id)?.state]).toEqual([true, 'CANCELLED']);
  const invoiced = [...killBill.invoices.values()].flatMap(({ items }) => items);
  expect(invoiced.reduce((sum, { amount }) => sum + amount, 0)).toBeCloseTo(ratedCost(sandbox, 4), 2);
  expect(said(logged, '"billing account closed"')).toHaveLength(1);
});

test('an account of which something cannot be invoiced stays open, and that is said once', async () => {
  const scenario = await startBilledScenario();
  const { sandbox, clock, logged } = scenario;
  const { killBill } = sandbox;
  const { id, accountId } = openOrder(sandbox, 'concertim-launch');
  await scenario.run();
  killBill.cancel(killBill.subscriptions.get(id) as SubscriptionRow);
  const recordDate = new Date(clock.now()).toISOString();
  const unitType = 'openstack-billed-instance';
  killBill.usages.push({ subscriptionId: id, trackingId: 'late', unitType, recordDate, amount: 3 });
  await scenario.closings.request(accountId as AccountId, 'p');
  for (let round = 0; round < 3; round++) {
    await clock.sleep(hourMs / 4);
    await scenario.run();
  }
  expect(killBill.accounts.get(accountId)?.closed).toBe(false);
  expect(said(logged, 'no open order, and 3 USD not invoiced')).toHaveLength(1);

  killBill.bill(accountId);
  await clock.sleep(hourMs / 4);
  await scenario.run();

  expect(killBill.accounts.get(accountId)?.closed).toBe(true);
});

test('devices that are gone, and that neither stacks.jsonl nor Heat remembers, raise no alarm, rates that are lowered do', async () => {
  const scenario = await startBilledScenario();
  const { sandbox, clock, logged, dataDir } = scenario;
  const { cloud, killBill } = sandbox;
  openOrder(sandbox, 'concertim-launch');
  await scenario.run();
  await clock.sleep(14 * hourMs);
  await scenario.run();
  const before = recordedCost(sandbox);
  const [gone] = cloud.compute.servers();
  cloud.compute.deleteServer(gone?.id ?? '');
  await clock.sleep(hourMs);
  rmSync(join(dataDir, 'stacks.jsonl'));
  sandbox.faults.add({ service: 'heat', path: /\/events$/, kind: 'answer', status: 403 });
  await scenario.restart();

  await scenario.run();
  expect(said(logged, 'recorded than rated')).toEqual([]);
  expect(said(logged, 'rated usage is not billed')).toHaveLength(1);
  expect(recordedCost(sandbox)).toBe(before);
  expect(killBill.usages).toHaveLength(1);

  const [here] = cloud.compute.servers();
  const { id, projectId } = here ?? { id: '', projectId: '' };
  const begin = Date.UTC(2026, 10, 22, 12);
  cloud.rating.push({ begin, id, type: 'instance', projectId, quantity: 0, rate: -0.1 });
  await clock.sleep(2 * hourMs);
  await scenario.run();
  expect(said(logged, 'recorded than rated')).toHaveLength(1);
});

test('a record that KillBill fails to make holds up no other', async () => {
  const scenario = await startBilledScenario();
  const { sandbox, clock, logged } = scenario;
  openOrder(sandbox, 'concertim-launch');
  await scenario.run();
  await clock.sleep(3 * dayMs);
  // Enough failures for all tries of the first record.
  sandbox.faults.add({ service: 'killbill', path: /usages$/, kind: 'answer', status: 500, times: 3 });

  await scenario.run();
  expect(sandbox.killBill.usages).toHaveLength(2);
  expect(said(logged, 'failed to record usage, will retry')).toHaveLength(1);
  await clock.sleep(hourMs);
  await scenario.run();

  expect(sandbox.killBill.usages).toHaveLength(3);
});

test('the volume that a server boots from is billed with its stack, and in the cost of its rack', async () => {
  const scenario = await startBilledScenario();
  const { sandbox, clock, logged } = scenario;
  const { cloud, killBill, portal } = sandbox;
  openOrder(sandbox, 'concertim-launch');
  const [server] = cloud.compute.servers();
  const id = '99999999-0000-4000-8000-000000000000';
  cloud.compute.setServerVolumes(server?.id ?? '', [{ id, deleteOnTermination: true }]);
  await scenario.run();
  const begin = clock.now() + 2 * hourMs;
  const projectId = server?.projectId ?? '';
  cloud.rating.push({ begin, id, type: 'volume.size', projectId, quantity: 20, rate: 1.25 });

  await clock.sleep(15 * hourMs);
  await scenario.run();
  await scenario.run();

  expect(said(logged, 'not billed')).toEqual([]);
  expect(killBill.usages.find(({ unitType }) => unitType === 'openstack-billed-volume.size')?.amount).toBe(
    1.25,
  );
  const devices = portal.devices.all().reduce((sum, { cost }) => sum + cost, 0);
  expect(portal.racks.all().reduce((sum, { cost }) => sum + cost, 0)).toBeCloseTo(devices + 1.25, 6);
});

test('of a long backlog a run takes sixteen days, the next the rest: the portal does not wait for it', async () => {
  const scenario = await startBilledScenario();
  const { sandbox, clock } = scenario;
  openOrder(sandbox, 'concertim-launch');
  await scenario.run();
  await clock.sleep(20 * dayMs);

  await scenario.run();
  const first = sandbox.services.cloudkitty.seen.length;
  expect(sandbox.killBill.usages).toHaveLength(16);
  await scenario.run();

  expect(sandbox.killBill.usages).toHaveLength(20);
  expect(recordedCost(sandbox)).toBeCloseTo(ratedCost(sandbox, 20), 6);
  // Costs, scopes, and one request for each day; the first run has two more that look for gaps in the record
  // of stacks.
  expect([first, sandbox.services.cloudkitty.seen.length]).toEqual([20, 6]);
});
