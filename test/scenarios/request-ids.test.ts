/** By which each side's log knows what the other means. */
import { expect, test } from 'vitest';
import { userAgent } from '../../src/runtime/version.ts';
import { startMetrics } from '../support/metrics-scenario.ts';
import { startScenario } from '../support/scenario.ts';

test('the log has the X-Openstack-Request-Id of a request that failed', async () => {
  await using scenario = await startScenario();
  scenario.sandbox.faults.add({
    service: 'nova',
    path: /servers\/detail/,
    kind: 'answer',
    status: 500,
    headers: { 'x-openstack-request-id': 'req-8d1d1f1e-0000-4000-8000-000000000001' },
  });

  await scenario.tryRun();

  const failures = scenario.logged.filter((line) => line.includes('"msg":"reconcile failed, will retry"'));
  expect(failures).toHaveLength(1);
  expect(JSON.parse(failures[0] ?? '{}')).toMatchObject({
    err: { status: 500, requestId: 'req-8d1d1f1e-0000-4000-8000-000000000001' },
  });
});

test('every request says whose service and which version sends it', async () => {
  await using scenario = await startScenario();
  await using metrics = await startMetrics();

  await scenario.run();
  await metrics.cycle();

  const services = [scenario, metrics].flatMap(({ sandbox }) => Object.values(sandbox.services));
  const seen = services.flatMap((service) => service.seen);
  for (const asked of [
    '/v3/auth/tokens',
    '/v2.1/servers',
    '/v1/',
    '/v2.0/networks',
    '/users/sign_in',
    '/mrd/',
  ])
    expect(seen.map(({ url }) => url)).toContainEqual(expect.stringContaining(asked));
  expect(userAgent).toMatch(/^concertim-openstack-service\/\d+\.\d+\.\d+/);
  expect(seen.filter((request) => request.userAgent !== userAgent)).toEqual([]);
});
