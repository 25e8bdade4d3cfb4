import { MetricReporting } from '../concertim/metric-reporting.ts';
import { MetricLoop } from '../metrics/metric-loop.ts';
import { MetricPump } from '../metrics/metric-pump.ts';
import type { Health } from '../observability/health.ts';
import type { Logger } from '../observability/logger.ts';
import type { Foundation } from './foundation.ts';

/** What the component `metrics` does. A module of its own, because most of what it needs is loaded by nothing else. */
export class MetricWork {
  readonly loop: MetricLoop;
  readonly #pump: MetricPump;
  readonly #reporting: MetricReporting;

  constructor(base: Foundation, { log, health }: { readonly log: Logger; readonly health: Health }) {
    const { config, cloud, portal, traffic, tracing, observation, clock } = base;
    const { metrics, concertim } = config;
    const { timeoutMs, intervalMs } = metrics;
    const reporting = new MetricReporting({ ...concertim, timeoutMs, session: portal, ...base.http() });
    const pump = new MetricPump({ ...metrics, cloud, portal, reporting, traffic, clock });
    this.#reporting = reporting;
    this.#pump = pump;
    this.loop = new MetricLoop({
      pump,
      intervalMs,
      clock,
      log,
      health,
      tracing,
      onReport: (report) => observation.cycled(report),
      onFailure: () => observation.notCycled(),
    });
  }

  /** The portal has other devices than before. */
  expireDevices(): void {
    this.#pump.expireDevices();
  }

  close(): Promise<void> {
    return this.#reporting.close();
  }
}
