import { expect, test } from 'vitest';
import { describeInstance, instanceJson } from '../../src/metrics/describe-instance.ts';
import type { DeviceList } from '../../src/metrics/device-list.ts';
import { explainInstance } from '../../src/metrics/explain.ts';
import { AggregatesBody } from '../../src/openstack/wire/metric.ts';
import { constantLoad, startMetrics } from '../support/metrics-scenario.ts';
import { sessionsOn } from '../support/sandbox-sessions.ts';

const cpu = 'os.instance.cpu_utilization';

test('a value that is no number costs its point and nothing else', () => {
  const [measures] = AggregatesBody.parse({
    measures: {
      a: {
        cpu: {
          mean: [
            ['2026-11-22T19:10:00+00:00', 60, null],
            ['2026-11-22T19:11:00', 60, 2],
            [7, 60, 3],
          ],
        },
        'memory.usage': { mean: 'none' },
      },
    },
  });

  expect(measures).toEqual({
    a: { cpu: { mean: [{ at: Date.UTC(2026, 10, 22, 19, 11), value: 2 }] }, 'memory.usage': { mean: [] } },
  });
});

test('measures that come ten minutes late give late figures, and say how late', async () => {
  await using metrics = await startMetrics();
  const { telemetry } = metrics.sandbox;
  telemetry.delayMs = 600_000;
  const [server = ''] = metrics.servers();
  telemetry.except(server, { load: constantLoad() });
  await metrics.cycle();
  await metrics.clock.sleep(15_000);

  const report = await metrics.cycle();

  expect(report).toMatchObject({ known: 15, due: 15, delivered: 15 });
  expect(metrics.shown(server)[cpu]).toBe(25);
  expect(report.ages?.oldestMs).toBeGreaterThanOrEqual(600_000);
});

test('measures that come twenty minutes late are missing because of it, logged once', async () => {
  await using metrics = await startMetrics();
  metrics.sandbox.telemetry.delayMs = 1_200_000;

  for (let cycle = 0; cycle < 60; cycle++) {
    await metrics.cycle();
    await metrics.clock.sleep(15_000);
  }
  const report = await metrics.cycle();

  expect(report).toMatchObject({ known: 0, due: 15, delivered: 0 });
  expect([...report.unknown.keys()]).toEqual(['late']);
  const warned = metrics.logged.filter((line) => line.includes('"because":"late"'));
  expect(warned).toHaveLength(1);
});

test('after the daemon was restarted, all is sent again in the next cycle but one', async () => {
  await using metrics = await startMetrics({ ttlMs: 3_600_000 });
  for (const server of metrics.servers()) metrics.sandbox.telemetry.except(server, { load: constantLoad() });
  await metrics.cycle();
  metrics.sandbox.metricDaemon.restart();
  const [server = ''] = metrics.servers();

  let cycles = 0;
  while (Object.keys(metrics.shown(server)).length < 5 && cycles++ < 20) {
    await metrics.clock.sleep(15_000);
    await metrics.cycle();
  }

  // Nothing changes. The first unchanged value that is renewed, within two minutes, discovers the restart.
  expect(cycles).toBeLessThanOrEqual(8);
});

test('the names of 2024, where saved charts have those', async () => {
  await using metrics = await startMetrics({ names: '2024' });
  await metrics.cycle();
  const [server = ''] = metrics.servers();

  expect(Object.keys(metrics.shown(server)).sort()).toEqual([
    'cpu_load',
    'iops',
    'network_usage',
    'ram_usage',
    'throughput',
  ]);
});

test('an id of no server is no such server, and a gauge has no growth', async () => {
  await using metrics = await startMetrics();
  const { cloud, portal, close } = sessionsOn(metrics.sandbox.config, { clock: metrics.clock });
  const clouds = [{ name: undefined, session: cloud, devicesIn: (list: DeviceList) => list }];
  const options = { clouds, portal, clock: metrics.clock, cpuPerVcpu: true };
  const [server = ''] = metrics.servers();

  const explanation = await explainInstance(server, options);
  const explained = describeInstance(explanation);
  const json: unknown = JSON.parse(JSON.stringify(instanceJson(explanation)));
  await expect(explainInstance('00000000-0000-4000-8000-000000000000', options)).rejects.toThrow(
    /^No such server/,
  );

  expect(explained).not.toContain('no growth');
  expect(explained).toContain('over the 100 s to');
  expect(json).toMatchObject({
    instance: server,
    devices: [{ size: { vcpus: expect.any(Number) } }],
    measures: expect.arrayContaining([expect.objectContaining({ meter: 'cpu', problem: null })]),
    figures: expect.arrayContaining([
      expect.objectContaining({ name: 'os.instance.cpu_utilization', units: '%', seconds: 100 }),
    ]),
    failures: [],
  });
  await close();
});
