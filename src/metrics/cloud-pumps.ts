import type { Traffic } from '../observability/traffic.ts';
import type { CycleReport } from './cycle-report.ts';
import type { MetricPump } from './metric-pump.ts';
import { sumOfClouds } from './sum-of-clouds.ts';

export interface CloudPumpsOptions {
  readonly pumps: readonly {
    readonly cloud: string | undefined;
    readonly pump: Pick<MetricPump, 'runCycle'>;
  }[];
  readonly traffic: Traffic;
}

/** The pump of each cloud, side by side: a Gnocchi that does not answer costs only the figures of its own cloud. */
export class CloudPumps {
  readonly #options: CloudPumpsOptions;

  constructor(options: CloudPumpsOptions) {
    this.#options = options;
  }

  /** @param deadline when the cycle ends, done or not; ms since 1970 */
  async runCycle(deadline: number, signal?: AbortSignal): Promise<CycleReport> {
    const { pumps, traffic } = this.#options;
    const [first, ...others] = pumps;
    if (first && others.length === 0) return first.pump.runCycle(deadline, signal);
    const requestsBefore = traffic.totals();
    const reports = await Promise.all(
      pumps.map(async ({ cloud, pump }) => ({ cloud, report: await pump.runCycle(deadline, signal) })),
    );
    return sumOfClouds(reports, traffic.since(requestsBefore));
  }
}
