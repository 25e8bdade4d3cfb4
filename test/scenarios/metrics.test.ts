import { expect, test } from 'vitest';
import { startMetrics } from '../support/metrics-scenario.ts';

test('each instance gets its five figures', async () => {
  await using metrics = await startMetrics();

  const report = await metrics.cycle();

  expect(report.failures).toEqual([]);
  expect(report).toMatchObject({ instances: 3, known: 15, delivery: { sent: 15, left: 0 } });
  const [device] = metrics.sandbox.portal.devices.all();
  expect([...metrics.sandbox.metricDaemon.shown(device?.id ?? 0).values()]).toHaveLength(5);
});
