import { MetricReportError } from '../concertim/metric-reporting.ts';
import type { Logger } from '../observability/logger.ts';
import { SaidOnce } from '../observability/said-once.ts';
import { explain } from '../runtime/severity.ts';
import { type CloudReport, type CycleReport, isSuccess, reportsOf, type WhyUnknown } from './cycle-report.ts';

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
  /** By cloud and reason, since when there have been figures unknown for it, ms since 1970. */
  #since: ReadonlyMap<string, number> = new Map();

  constructor(log: Logger) {
    this.#log = log;
  }

  write(report: CycleReport): void {
    const parts = reportsOf(report);
    this.#since = new Map(
      parts.flatMap(({ cloud, report: { unknown, startedAt } }) =>
        [...unknown.keys()]
          .map((because) => `${cloud} ${because}`)
          .map((key) => [key, this.#since.get(key) ?? startedAt] as const),
      ),
    );
    for (const part of parts) this.#complain(part);
    this.#once.endRound();
    this.#sum(report);
  }

  /** What is wrong with the figures of a cloud. */
  #complain({ cloud, report }: CloudReport): void {
    const { startedAt } = report;
    const of = cloud !== undefined && { cloud };
    const isPassing = (because: WhyUnknown) =>
      passing.has(because) && startedAt - (this.#since.get(`${cloud} ${because}`) ?? startedAt) < patienceMs;
    const once = (what: string, say: () => void) => this.#once.say(`${cloud} ${what}`, say);
    for (const failure of report.failures) {
      const { error, ...fields } = failure;
      const why = explain(error);
      const what = 'what' in failure ? failure.what : failure.type;
      once(`${what} ${why}`, () =>
        this.#log.warn({ ...of, ...fields, why, err: error }, 'failed to read object, will retry'),
      );
    }
    for (const [because, { details, ...counts }] of report.unknown) {
      const meaning = meanings[because];
      if (meaning === undefined || isPassing(because)) continue;
      once(`${because} ${details.join()}`, () =>
        this.#log.warn(
          { ...of, because, ...counts, ...(details.length > 0 && { details }), meaning },
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
          { ...of, why, left: delivery.left, err: delivery.stoppedBy },
          'metric daemon unavailable, sending stopped for this cycle',
        ),
      );
    }
    for (const { value, error } of delivery.refused) {
      const why = explain(error);
      const { deviceId, definition, value: refused } = value;
      once(`${definition.name} refused`, () =>
        this.#log.warn(
          { ...of, deviceId, name: definition.name, value: refused, why, err: error },
          'metric daemon rejected a value',
        ),
      );
    }
    if (report.watchedProjects === 0 && report.failures.length === 0) {
      once('none watched', () =>
        this.#log.warn({ ...of }, 'no project is watched: user concertim has the role watcher in none'),
      );
    }
  }

  #sum(report: CycleReport): void {
    const { delivery, clouds } = report;
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
      ...(clouds && {
        clouds: Object.fromEntries(
          clouds.map(({ cloud, report: { instances, known, due, delivered } }) => [
            cloud,
            { instances, known, due, delivered },
          ]),
        ),
      }),
    };
    if (delivery.left > 0 && delivery.stoppedBy === undefined)
      this.#log.warn(fields, 'metrics cycle timed out, remaining figures not sent');
    else if (isSuccess(report)) this.#log.info(fields, 'metrics sent');
    else this.#log.warn(fields, 'metrics sent in part');
  }
}
