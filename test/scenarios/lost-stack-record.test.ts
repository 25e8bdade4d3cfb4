/** The file that says which resource was in which stack is lost in the middle of a month. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nodeGroup } from '../../src/sandbox/cluster.ts';
import { openOrder, ratedCost, recordedCost, startBilledScenario } from '../support/billed-scenario.ts';

const hourMs = 3_600_000;

/**
 * Two clusters: one loses two nodes, the other is destroyed. Then the file is lost, before CloudKitty has
 * rated the last hours of either.
 */
async function startLosing() {
  const scenario = await startBilledScenario({}, { stacks: 2, servers: 8 });
  const { sandbox, clock, dataDir } = scenario;
  const { cloud } = sandbox;
  const [kept, destroyed] = [openOrder(sandbox, 'concertim-1'), openOrder(sandbox, 'concertim-2')];
  await scenario.run();
  await clock.sleep(30 * hourMs);
  await scenario.run();
  cloud.orchestration.resizeGroup(kept.stackId, nodeGroup, 1);
  cloud.orchestration.deleteStack(destroyed.stackId);
  await clock.sleep(hourMs / 2);
  await scenario.run();
  await clock.sleep(hourMs / 2);
  rmSync(join(dataDir, 'stacks.jsonl'));
  await scenario.restart();
  const said = (message: string) => scenario.logged.filter((line) => line.includes(`"${message}"`));
  return Object.assign(scenario, { kept, destroyed, said });
}

/** Days go by, with a run every four hours. */
async function pass(scenario: Awaited<ReturnType<typeof startLosing>>, days: number) {
  for (let hours = 0; hours < days * 24; hours += 4) {
    await scenario.clock.sleep(4 * hourMs);
    await scenario.run();
  }
}

test('all that CloudKitty rated is recorded and in the costs of racks, what deleted devices and stacks used too', async () => {
  const scenario = await startLosing();
  const { sandbox, kept, destroyed, said } = scenario;
  const { killBill, portal } = sandbox;

  await pass(scenario, 3);

  expect(recordedCost(sandbox)).toBeCloseTo(ratedCost(sandbox, 4), 6);
  expect(killBill.subscriptions.get(destroyed.id)?.state).toBe('CANCELLED');
  expect(killBill.subscriptions.get(kept.id)?.state).toBe('ACTIVE');
  const [rebuilt = ''] = said('rebuilt the record of stacks from Heat');
  expect(JSON.parse(rebuilt)).toMatchObject({ unknown: 0, unread: 0 });
  for (const message of ['rated usage is not billed', 'more usage recorded than rated'])
    expect(said(message)).toEqual([]);
  const used = killBill.usages.filter(({ subscriptionId }) => subscriptionId === kept.id);
  const rackCost = portal.racks.all().reduce((sum, { cost }) => sum + cost, 0);
  const ofDevices = portal.devices.all().reduce((sum, { cost }) => sum + cost, 0);
  expect(rackCost).toBeGreaterThan(ofDevices + 1);
  expect(rackCost).toBeGreaterThan(used.reduce((sum, { amount }) => sum + amount, 0));
});

test('Heat is asked once: a later run, and a process that starts again, ask for no events', async () => {
  const scenario = await startLosing();
  const { sandbox } = scenario;
  const events = () => sandbox.services.heat.seen.filter(({ url }) => url.includes('/events')).length;
  await scenario.run();
  expect(events()).toBeGreaterThan(0);
  await pass(scenario, 1);
  expect(scenario.said('rebuilt the record of stacks from Heat')).toHaveLength(1);

  await scenario.restart();
  await scenario.run();

  expect(events()).toBe(0);
  expect(scenario.said('rebuilt the record of stacks from Heat')).toHaveLength(1);
});

test('while Heat does not answer, that is said once, no order is closed, and the rest goes on', async () => {
  const scenario = await startLosing();
  const { sandbox, destroyed, said } = scenario;
  const isOpen = () => sandbox.killBill.subscriptions.get(destroyed.id)?.state === 'ACTIVE';
  const ended = sandbox.faults.add({ service: 'heat', path: /\/events/, kind: 'answer', status: 503 });

  await pass(scenario, 3);
  expect(said('failed to rebuild the record of stacks, will retry')).toHaveLength(1);
  expect(isOpen()).toBe(true);
  expect(recordedCost(sandbox)).toBeGreaterThan(0);
  ended();
  await pass(scenario, 1);

  expect(isOpen()).toBe(false);
  expect(recordedCost(sandbox)).toBeCloseTo(ratedCost(sandbox, 5), 6);
});
