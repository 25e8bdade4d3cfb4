import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { outOfStep } from '../support/in-step.ts';
import { startScenario } from '../support/scenario.ts';

/*
 * What a run costs the others, as counts: they are the same on every machine. The guard against a request a server or a
 * stack slipping in.
 */

test('2,000 servers in 500 stacks: a first run, an idle run and a run after a restart keep to their requests', async () => {
  const config = { data_dir: mkdtempSync(join(tmpdir(), 'scale-')) };
  await using scenario = await startScenario({ projects: 100, stacks: 500, servers: 4, config });
  const { services } = scenario.sandbox;

  const first = await scenario.run();

  expect(first.failures).toEqual([]);
  expect(outOfStep(scenario.sandbox)).toEqual([]);
  expect(first.requests['Heat']).toBeLessThanOrEqual(2 * 500 + 2);
  expect(services.heat.mostInFlight).toBeLessThanOrEqual(16);
  const creates = services.concertim.seen.filter(
    ({ method, url }) => method === 'POST' && url.startsWith('/api'),
  );
  expect(creates).toHaveLength(6 + 500 + 2_000);
  expect(services.concertim.seen.filter(({ method }) => method === 'PATCH' || method === 'DELETE')).toEqual(
    [],
  );

  const idle = await scenario.run();

  expect(idle.changes).toEqual({});
  expect(ofCloud(idle.requests)).toBeLessThanOrEqual(10);
  expect(idle.requests['Concertim']).toBeLessThanOrEqual(4);

  await scenario.restart();
  const restarted = await scenario.run();

  expect(restarted.changes).toEqual({});
  expect(ofCloud(restarted.requests)).toBeLessThanOrEqual(10);
  // No sign-in, since the last one is kept in data_dir, and nothing about the release, which the rows show.
  expect(services.concertim.seen.map(({ method, url }) => `${method} ${url}`).toSorted()).toEqual([
    'GET /api/v1/devices',
    'GET /api/v1/racks',
    'GET /api/v1/templates',
    'GET /api/v1/users',
  ]);
}, 60_000);

test('a change in one stack costs two requests to Heat more, and one write', async () => {
  await using scenario = await startScenario({ projects: 20, stacks: 100, servers: 4 });
  const { orchestration } = scenario.sandbox.cloud;
  await scenario.run();
  const idle = await scenario.run();
  const [stack] = [...orchestration.stacks()].filter(({ parent }) => !parent);

  await scenario.clock.sleep(60_000);
  orchestration.setOutput(stack?.id ?? '', 'web_access', 'https://elsewhere');
  await scenario.clock.sleep(60_000);
  const report = await scenario.run();

  expect(report.changes).toEqual({ 'update-rack': 1 });
  expect(report.requests['Heat']).toBe((idle.requests['Heat'] ?? 0) + 2);
});

function ofCloud(requests: Readonly<Record<string, number>>): number {
  return Object.entries(requests).reduce(
    (sum, [service, count]) => (service === 'Concertim' ? sum : sum + count),
    0,
  );
}
