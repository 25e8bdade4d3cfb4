/** By which the log of the other side knows what failed. */
import { expect, test } from 'vitest';
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

  const failures = scenario.logged.filter((line) => line.includes('"msg":"not reconciled"'));
  expect(failures).toHaveLength(1);
  expect(JSON.parse(failures[0] ?? '{}')).toMatchObject({
    err: { status: 500, requestId: 'req-8d1d1f1e-0000-4000-8000-000000000001' },
  });
});
