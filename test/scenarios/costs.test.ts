import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { startScenario } from '../support/scenario.ts';

const hourMs = 3_600_000;

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'costs-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** The costs that the portal shows, by server id. */
function deviceCosts({ portal }: Sandbox): Record<string, number> {
  return Object.fromEntries(
    portal.devices.all().map(({ metadata, cost }) => [String(metadata['openstack_instance_id']), cost]),
  );
}

const rackCost = ({ portal }: Sandbox) => portal.racks.all().reduce((sum, { cost }) => sum + cost, 0);
const total = (costs: Record<string, number>) => Object.values(costs).reduce((sum, cost) => sum + cost, 0);

/** Worked out apart from the sandbox's CloudKitty: an hour of a vCPU is 0.05, and the last two hours are not rated. */
function expected({ cloud }: Sandbox, now: number): Record<string, number> {
  const at = new Date(now);
  const month = Date.UTC(at.getUTCFullYear(), at.getUTCMonth());
  const rated = Math.floor((now - hourMs) / hourMs) * hourMs;
  const costs: Record<string, number> = {};
  for (const { id, createdAt, flavor } of cloud.compute.servers()) {
    const from = Math.max(month, Math.floor(createdAt / hourMs) * hourMs);
    costs[id] = Math.round(Math.max(0, (rated - from) / hourMs) * flavor.vcpus * 5) / 100;
  }
  return costs;
}

test('devices and racks show what CloudKitty has rated this month, for one request a run, and each change once', async () => {
  await using scenario = await startScenario({ rating: 'v2', servers: 4 });
  const { sandbox, clock } = scenario;
  await clock.sleep(30 * hourMs);

  await scenario.run();
  await scenario.run();

  expect(total(deviceCosts(sandbox))).toBeGreaterThan(5);
  expect(deviceCosts(sandbox)).toEqual(expected(sandbox, clock.now()));
  expect(rackCost(sandbox)).toBeCloseTo(total(deviceCosts(sandbox)), 6);
  const still = await scenario.run();
  expect(still.changes).toEqual({});
  expect(sandbox.services.cloudkitty.seen.map(({ url }) => url.split('?')[0])).toEqual(['/v2/summary']);
  await clock.sleep(hourMs);
  const later = await scenario.run();
  expect(later.changes).toEqual({ 'update-device': 4, 'update-rack': 1 });
  expect(later.made.flatMap(({ fields }) => fields)).toEqual(later.made.map(() => 'cost'));
});

test('a rack keeps what a deleted device has cost this month, also after a restart, and loses it when the month turns', async () => {
  await using scenario = await startScenario({ rating: 'v2', config: { data_dir: folder() } });
  const { sandbox, clock } = scenario;
  await clock.sleep(30 * hourMs);
  await scenario.run();
  await scenario.run();
  const before = rackCost(sandbox);
  const [first] = sandbox.cloud.compute.servers();
  const gone = deviceCosts(sandbox)[first?.id ?? ''] ?? 0;
  expect(gone).toBeGreaterThan(0);

  sandbox.cloud.compute.deleteServer(first?.id ?? '');
  await scenario.restart();
  await scenario.run();
  await scenario.run();

  expect(sandbox.portal.devices.size).toBe(2);
  expect(rackCost(sandbox)).toBeCloseTo(before, 6);
  expect(total(deviceCosts(sandbox))).toBeCloseTo(before - gone, 6);

  await clock.sleep(9 * 24 * hourMs);
  await scenario.run();
  expect(deviceCosts(sandbox)).toEqual(expected(sandbox, clock.now()));
  expect(rackCost(sandbox)).toBeCloseTo(total(expected(sandbox, clock.now())), 6);
});

test('a cloud without CloudKitty has no cost written: what an administrator has set stays', async () => {
  await using scenario = await startScenario();
  const { portal, services } = scenario.sandbox;
  await scenario.run();
  for (const { id } of portal.devices.all()) portal.devices.update(id, { cost: 7 });
  for (const { id } of portal.racks.all()) portal.racks.update(id, { cost: 9 });

  const report = await scenario.run();

  expect(report.changes).toEqual({});
  expect(portal.racks.all().map(({ cost }) => cost)).toEqual([9]);
  expect(services.cloudkitty.seen).toEqual([]);
});

test('when CloudKitty fails the run goes on, says so, and the costs stay', async () => {
  await using scenario = await startScenario({ rating: 'v2' });
  const { sandbox, clock, logged } = scenario;
  await clock.sleep(30 * hourMs);
  await scenario.run();
  await scenario.run();
  const before = deviceCosts(sandbox);
  await clock.sleep(hourMs);
  sandbox.faults.add({ service: 'cloudkitty', kind: 'answer', status: 500 });

  const report = await scenario.run();

  expect(report.changes).toEqual({});
  expect(deviceCosts(sandbox)).toEqual(before);
  expect(logged.filter((line) => line.includes('failed to read costs, portal values kept'))).toHaveLength(1);
});

test('with the storage of v1 there are totals of projects alone: no device is given a cost', async () => {
  await using scenario = await startScenario({ rating: 'v1' });
  const { sandbox, clock } = scenario;
  await clock.sleep(30 * hourMs);

  await scenario.run();
  await scenario.run();

  expect(total(deviceCosts(sandbox)) + rackCost(sandbox)).toBe(0);
  expect(sandbox.services.cloudkitty.seen.map(({ url }) => url.split('?')[0])).toEqual([
    '/v2/summary',
    '/v1/report/summary',
  ]);
});

test.each([
  { more: 4_997, pages: 1 },
  { more: 4_998, pages: 2 },
])('of $more rows beside those of 3 servers none is lost: $pages request(s)', async ({ more, pages }) => {
  await using scenario = await startScenario({ rating: 'v2' });
  const { sandbox, clock } = scenario;
  await clock.sleep(30 * hourMs);
  await scenario.run();
  const [server] = sandbox.cloud.compute.servers();
  const begin = clock.now() - 10 * hourMs;
  for (let row = 0; row < more - 1; row++) {
    sandbox.cloud.rating.push({
      begin,
      id: `r-${row}`,
      type: 'image.size',
      projectId: 'p',
      quantity: 1,
      rate: 1,
    });
  }
  // The last row of all is about a server that the portal shows.
  sandbox.cloud.rating.push({
    begin,
    id: server?.id ?? '',
    type: 'volume.size',
    projectId: server?.projectId ?? '',
    quantity: 1,
    rate: 100,
  });

  await scenario.run();

  const costs = deviceCosts(sandbox);
  const known = expected(sandbox, clock.now());
  expect(costs[server?.id ?? '']).toBeCloseTo((known[server?.id ?? ''] ?? 0) + 100, 6);
  expect(sandbox.services.cloudkitty.seen).toHaveLength(pages);
});
