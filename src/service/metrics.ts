import { MetricReporting } from '../concertim/metric-reporting.ts';
import { MetricLoop } from '../metrics/metric-loop.ts';
import { MetricPump } from '../metrics/metric-pump.ts';
import type { Component } from './component.ts';
import type { Foundation } from './foundation.ts';

/** The component `metrics`, and what others may tell it. */
export interface Metrics extends AsyncDisposable {
  readonly component: Component;
  /** The portal has other devices than before. */
  expireDevices(): void;
}

export function createMetrics(base: Foundation): Metrics {
  const { config, cloud, portal, traffic, tracing, observation, clock } = base;
  const { metrics, concertim } = config;
  const log = base.log('metrics');
  const { timeoutMs, intervalMs } = metrics;
  const reporting = new MetricReporting({ ...concertim, timeoutMs, session: portal, ...base.http() });
  const pump = new MetricPump({ ...metrics, cloud, portal, reporting, traffic, clock });
  const health = base.roundHealth('metrics', intervalMs);
  const loop = new MetricLoop({
    pump,
    intervalMs,
    clock,
    log,
    health,
    tracing,
    onReport: (report) => observation.cycled(report),
    onFailure: () => observation.notCycled(),
  });
  return {
    component: {
      name: 'metrics',
      healths: [health],
      async run(signal) {
        log.info('started');
        await loop.run(signal);
        log.info('stopped');
      },
      runOnce: (signal) => loop.runOnce(signal),
    },
    expireDevices: () => pump.expireDevices(),
    [Symbol.asyncDispose]: () => reporting.close(),
  };
}
