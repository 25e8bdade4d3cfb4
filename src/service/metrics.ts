import type { Component } from './component.ts';
import type { Foundation } from './foundation.ts';
import type { MetricWork } from './metric-work.ts';

/** The component `metrics`, and what others may tell it. */
export interface Metrics extends AsyncDisposable {
  readonly component: Component;
  /** The portal has other devices than before. */
  expireDevices(): void;
}

export function createMetrics(base: Foundation): Metrics {
  const log = base.log('metrics');
  const health = base.roundHealth('metrics', base.config.metrics.intervalMs);
  let work: MetricWork | undefined;
  // Loaded where it runs: a process of other components starts without.
  const start = async (): Promise<MetricWork> => {
    const { MetricWork } = await import('./metric-work.ts');
    return (work ??= new MetricWork(base, { log, health }));
  };
  return {
    component: {
      name: 'metrics',
      healths: [health],
      async run(signal) {
        log.info('started');
        const { loop } = await start();
        await loop.run(signal);
        log.info('stopped');
      },
      async runOnce(signal) {
        const { loop } = await start();
        return loop.runOnce(signal);
      },
    },
    // Before it has begun it knows of none.
    expireDevices: () => work?.expireDevices(),
    [Symbol.asyncDispose]: async () => work?.close(),
  };
}
