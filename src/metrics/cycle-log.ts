import { MetricReportError } from '../concertim/metric-reporting.ts';
import type { Logger } from '../observability/logger.ts';
import { explain } from '../runtime/severity.ts';
import { type CycleReport, isSuccess, type WhyUnknown } from './cycle-report.ts';

/** Reasons a person may want to act on; the others pass by themselves, or are as they should be. */
const meanings: Readonly<Partial<Record<WhyUnknown, string>>> = {
  'no-resource':
    'not in Gnocchi: is the project watched (role watcher for user concertim), and does Ceilometer poll the host?',
  'no-metric': "a meter is missing: Ceilometer's polling.yaml may not list it (docs/telemetry.md)",
  unreadable: 'the archive policy of a metric cannot serve it (docs/telemetry.md)',
  impossible: 'a figure above what there can be: do the vCPUs and memory of its template hold?',
  'no-size': 'the template of the device says no vCPUs or no memory',
};

/** Says what a cycle did: its figures each time, what is wrong with it once, as long as it stays the same. */
export class CycleLog {
  readonly #log: Logger;
  #said = new Set<string>();

  constructor(log: Logger) {
    this.#log = log;
  }

  write(report: CycleReport): void {
    const still = new Set<string>();
    const once = (what: string, say: () => void) => {
      const isNews = !this.#said.has(what) && !still.has(what);
      still.add(what);
      if (isNews) say();
    };
    for (const failure of report.failures) {
      const { error, ...fields } = failure;
      const why = explain(error);
      const what = 'what' in failure ? failure.what : failure.type;
      once(`${what} ${why}`, () => this.#log.warn({ ...fields, why, err: error }, 'failed to read object'));
    }
    for (const [because, { details, ...counts }] of report.unknown) {
      const meaning = meanings[because];
      if (meaning === undefined) continue;
      once(`${because} ${details.join()}`, () =>
        this.#log.warn({ because, ...counts, ...(details.length > 0 && { details }), meaning }, 'no figures'),
      );
    }
    const { delivery } = report;
    if (delivery.stoppedBy !== undefined) {
      const why = explain(delivery.stoppedBy);
      // Not by its words: they tell the address of one device.
      const kind = delivery.stoppedBy instanceof MetricReportError ? delivery.stoppedBy.kind : 'no answer';
      once(`sending ${kind}`, () =>
        this.#log.error({ why, left: delivery.left, err: delivery.stoppedBy }, 'sending stopped'),
      );
    }
    for (const { value, error } of delivery.refused) {
      const why = explain(error);
      once(`${value.name} refused`, () => this.#log.warn({ ...value, why, err: error }, 'value refused'));
    }
    if (report.watchedProjects === 0 && report.failures.length === 0) {
      once('none watched', () =>
        this.#log.warn('no project is watched: user concertim has the role watcher in none'),
      );
    }
    this.#said = still;

    const fields = {
      instances: report.instances,
      known: report.known,
      sent: delivery.sent,
      kept: report.kept,
      unknown: Object.fromEntries([...report.unknown].map(([because, { figures }]) => [because, figures])),
      refused: delivery.refused.length,
      unknownDevices: delivery.unknownDevices,
      left: delivery.left,
      requests: report.requests,
      seconds: Object.fromEntries(
        Object.entries(report.ms).map(([phase, ms]) => [phase, Math.round(ms) / 1000]),
      ),
    };
    if (delivery.left > 0 && delivery.stoppedBy === undefined)
      this.#log.warn(fields, 'metrics cut short: out of time');
    else if (isSuccess(report)) this.#log.info(fields, 'metrics sent');
    else this.#log.warn(fields, 'metrics sent in part');
  }
}
