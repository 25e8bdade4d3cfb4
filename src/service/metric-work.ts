import { MetricReporting, mostReportsAtOnce } from '../concertim/metric-reporting.ts';
import { CloudPumps } from '../metrics/cloud-pumps.ts';
import { DeviceList } from '../metrics/device-list.ts';
import type { MeasuredCloud } from '../metrics/measured-cloud.ts';
import { MetricLoop } from '../metrics/metric-loop.ts';
import { MetricPump } from '../metrics/metric-pump.ts';
import { SharedPace } from '../metrics/pace.ts';
import type { Health } from '../observability/health.ts';
import type { Logger } from '../observability/logger.ts';
import type { Foundation } from './foundation.ts';
import { measuredClouds } from './measured-clouds.ts';

/** What the component `metrics` does. A module of its own, because most of what it needs is loaded by nothing else. */
export class MetricWork {
  readonly loop: MetricLoop;
  readonly #devices: DeviceList;
  readonly #reporting: MetricReporting;

  constructor(base: Foundation, { log, health }: { readonly log: Logger; readonly health: Health }) {
    const { config, portal, traffic, tracing, observation, clock } = base;
    const { metrics, concertim } = config;
    const { timeoutMs, intervalMs } = metrics;
    const reporting = new MetricReporting({ ...concertim, timeoutMs, session: portal, ...base.http() });
    const list = new DeviceList({ session: portal, clock });
    const shared = { ...metrics, reporting, pace: new SharedPace(mostReportsAtOnce), traffic, clock };
    const pumpOf = ({ session, devicesIn }: MeasuredCloud) =>
      new MetricPump({ ...shared, cloud: session, devices: devicesIn(list) });
    const pumps = measuredClouds(base).map((cloud) => ({ cloud: cloud.name, pump: pumpOf(cloud) }));
    this.#reporting = reporting;
    this.#devices = list;
    this.loop = new MetricLoop({
      pump: new CloudPumps({ pumps, traffic }),
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
    this.#devices.expire();
  }

  close(): Promise<void> {
    return this.#reporting.close();
  }
}
