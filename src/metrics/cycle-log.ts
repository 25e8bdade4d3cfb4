import { MetricReportError } from '../concertim/metric-reporting.ts';
import type { Logger } from '../observability/logger.ts';
import { SaidOnce } from '../observability/said-once.ts';
import { explain } from '../runtime/severity.ts';
import { type CycleReport, isSuccess, type WhyUnknown } from './cycle-report.ts';

/** Reasons a person may want to act on; the others pass by themselves, or are as they should be. */
const meanings: Readonly<Partial<Record<WhyUnknown, string>>> = {
  'no-resource':
    'not in Gnocchi: is the project watched (role watcher for user concertim), and does Ceilometer poll the host?',
  'no-metric': "a meter is missing: Ceilometer's polling.yaml may not list it (docs/telemetry.md)",
  unreadable: 'the archive policy of a metric cannot serve it (docs/telemetry.md)',
  'no-measures':
    'nothing is measured of an instance that the portal shows as running: does Ceilometer poll its host, and gnocchi-metricd keep up?',
  late: 'the measures come too late to say what is now: does gnocchi-metricd keep up (gnocchi status), and Ceilometer poll the host?',
  'part-late': 'the measures of one of several interfaces or disks come late, so that there is no sum',
  'clock-ahead': 'the clock of its host is ahead: is it kept by NTP?',
  'counter-jumped': 'a counter grew faster than it can, so that its growth is not shown',
  impossible: 'a figure above what there can be: do the vCPUs and memory of its template hold?',
  'no-size': 'the template of the device says no vCPUs or no memory',
};

/** Reasons that pass by themselves where an instance was stopped or resized a moment ago: logged only when they last this long. */
const passing: ReadonlySet<WhyUnknown> = new Set([
  'no-measures',
  'late',
  'part-late',
  'counter-jumped',
  // Gnocchi and the portal know the size of a resized instance some minutes late.
  'impossible',
]);
const patienceMs = 360_000;

/** Says what a cycle did: its figures each time, what is wrong with it once, as long as it stays the same. */
export class CycleLog {
  readonly #log: Logger;
  readonly #once = new SaidOnce();
  /** Since when there have been figures unknown for that reason, ms since 1970. */
  #since: ReadonlyMap<WhyUnknown, number> = new Map();

  constructor(log: Logger) {
    this.#log = log;
  }

  write(report: CycleReport): void {
    const { startedAt } = report;
    this.#since = new Map(
      [...report.unknown.keys()].map((each) => [each, this.#since.get(each) ?? startedAt]),
    );
    const isPassing = (because: WhyUnknown) =>
      passing.has(because) && startedAt - (this.#since.get(because) ?? startedAt) < patienceMs;
    const once = (what: string, say: () => void) => this.#once.say(what, say);
    for (const failure of report.failures) {
      const { error, ...fields } = failure;
      const why = explain(error);
      const what = 'what' in failure ? failure.what : failure.type;
      once(`${what} ${why}`, () =>
        this.#log.warn({ ...fields, why, err: error }, 'failed to read object, will retry'),
      );
    }
    for (const [because, { details, ...counts }] of report.unknown) {
      const meaning = meanings[because];
      if (meaning === undefined || isPassing(because)) continue;
      once(`${because} ${details.join()}`, () =>
        this.#log.warn(
          { because, ...counts, ...(details.length > 0 && { details }), meaning },
          'figures missing for some instances',
        ),
      );
    }
    const { delivery } = report;
    if (delivery.stoppedBy !== undefined) {
      const why = explain(delivery.stoppedBy);
      // Not by its words: they tell the address of one device.
      const kind = delivery.stoppedBy instanceof MetricReportError ? delivery.stoppedBy.kind : 'no answer';
      once(`sending ${kind}`, () =>
        this.#log.error(
          { why, left: delivery.left, err: delivery.stoppedBy },
          'metric daemon unavailable, sending stopped for this cycle',
        ),
      );
    }
    for (const { value, error } of delivery.refused) {
      const why = explain(error);
      const { deviceId, definition, value: refused } = value;
      once(`${definition.name} refused`, () =>
        this.#log.warn(
          { deviceId, name: definition.name, value: refused, why, err: error },
          'metric daemon rejected a value',
        ),
      );
    }
    if (report.watchedProjects === 0 && report.failures.length === 0) {
      once('none watched', () =>
        this.#log.warn('no project is watched: user concertim has the role watcher in none'),
      );
    }
    this.#once.endRound();

    const fields = {
      instances: report.instances,
      known: report.known,
      due: report.due,
      delivered: report.delivered,
      oldestS: report.ages && Math.round(report.ages.oldestMs / 1000),
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
      this.#log.warn(fields, 'metrics cycle timed out, remaining figures not sent');
    else if (isSuccess(report)) this.#log.info(fields, 'metrics sent');
    else this.#log.warn(fields, 'metrics sent in part');
  }
}
