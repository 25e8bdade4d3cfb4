import type { Logger } from '../observability/logger.ts';
import { SaidOnce } from '../observability/said-once.ts';
import { describeClaim } from '../plan/claims.ts';
import { explain, severityOf } from '../runtime/severity.ts';
import { changeCount, isSuccess, type RunReport } from './run-report.ts';

/** How many held objects are named for each reason; `plan` names all. */
const mostNamed = 20;

/**
 * Says what a run did: a line for a run that changed something or failed, what a person must look at as an error, and
 * what stays as it is only once.
 */
export class ReportLog {
  readonly #log: Logger;
  readonly #once = new SaidOnce();
  /** Why the last run failed as a whole; undefined: it did not. */
  #failure: string | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** A run failed as a whole: logged for the first failure, and when the reason changes. */
  failed(error: unknown): void {
    const why = explain(error);
    if (why === this.#failure) return;
    this.#failure = why;
    const severity = severityOf(error);
    const fields = { severity, why, err: error };
    if (severity === 'transient') this.#log.warn(fields, 'reconcile failed, will retry');
    else this.#log.error(fields, 'reconcile failed, will retry');
  }

  write(report: RunReport): void {
    if (this.#failure !== undefined) this.#log.info({ after: this.#failure }, 'reconcile works again');
    this.#failure = undefined;
    const log = this.#log.child({ runId: report.runId, scope: report.scope });
    const once = (what: string, say: () => void) => this.#once.say(what, say);
    // A warning whose figures differ from the last run is still the same warning.
    for (const warning of report.warnings)
      once(warning.replace(/\d+/g, '#'), () => log.error({ warning }, 'deletions refused'));
    for (const claim of report.foreign) {
      const { kind, id, name, owner } = claim;
      const fields = { object: kind, id, name, owner, claim: claim.claim, what: describeClaim(claim) };
      once(`${kind} ${id} ${claim.claim}`, () =>
        log.warn(fields, 'not managed: names what belongs to another project'),
      );
    }
    for (const { projectId, reason } of report.unobserved) {
      once(`${projectId} ${reason}`, () =>
        log.error({ projectId, reason }, 'failed to list the stacks of a project'),
      );
    }
    for (const { id, state } of report.unknownStates) {
      once(`${id} ${state}`, () => log.warn({ id, state }, 'unknown OpenStack state, portal status kept'));
    }
    for (const rows of Map.groupBy(
      report.unreadable,
      ({ object, problem }) => `${object} ${problem}`,
    ).values()) {
      const [{ object, problem }] = rows as [(typeof rows)[number]];
      const ids = rows.slice(0, mostNamed).map(({ id }) => id);
      once(`unreadable ${object} ${problem}`, () =>
        log.warn({ object, count: rows.length, ids, problem }, 'details not available, portal entry kept'),
      );
    }
    for (const { object, id, name, problem } of report.unreadableRows) {
      once(`row ${object} ${id} ${name} ${problem}`, () =>
        log.warn({ object, id, name, problem }, 'failed to read a row of the portal, kept as it is'),
      );
    }
    // A notification comes before the deletion is complete, so only a full run reports it as unconfirmed.
    const unconfirmed = report.scope === 'full' ? report.held : [];
    for (const [reason, held] of Map.groupBy(unconfirmed, ({ reason }) => reason)) {
      if (held.length > mostNamed) {
        const first = held.slice(0, mostNamed).map(({ kind, name, id }) => `${kind} ${name} (${id})`);
        once(`many ${reason}`, () =>
          log.warn(
            { count: held.length, first, reason },
            'kept in portal: missing from OpenStack, deletion not confirmed',
          ),
        );
        continue;
      }
      for (const { kind, id, name } of held)
        once(`${kind} ${id} ${reason}`, () =>
          log.warn(
            { object: kind, id, name, reason },
            'kept in portal: missing from OpenStack, deletion not confirmed',
          ),
        );
    }
    for (const { change, ...subject } of report.contested) {
      once(`contested ${change} ${subject.object} ${subject.openstackId ?? subject.id}`, () =>
        log.error({ ...subject, change }, 'change skipped: another writer undoes it each time'),
      );
    }
    for (const failure of report.failures) {
      if (failure.doing !== 'read') continue;
      const { object, id, name, error } = failure;
      once(`unread ${object} ${id} ${explain(error)}`, () =>
        log.warn({ object, id, name, err: error }, 'failed to read object, will retry'),
      );
    }
    for (const subject of report.drift) log.warn(subject, 'drift: OpenStack changed without a notification');
    const clouds = report.clouds.flatMap(({ name, seen }) => (seen ? [name] : []));
    const fields = {
      ...(report.clouds.length > 0 && { clouds }),
      changes: report.changes,
      failed: report.failures.length,
      skipped: report.skipped.length,
      untried: report.untried,
      held: report.held.length,
      drift: report.drift.length,
      seen: report.seen,
      requests: report.requests,
      ms: rounded(report.ms),
    };
    let isNews = changeCount(report) > 0;
    if (isSuccess(report)) {
      if (isNews) log.info(fields, 'reconciled');
      else log.debug(fields, 'in step');
    } else {
      once(`failures ${troubleOf(report)}`, () => (isNews = true));
      if (isNews) log.warn(fields, 'reconciled with failures');
    }
    // A targeted run sees only a part: problems that it does not mention may persist.
    this.#once.endRound(report.scope === 'full');
  }
}

/** All failures as a text, by which runs with the same failures are recognized. */
function troubleOf({ scope, failures, skipped, contested, untried }: RunReport): string {
  const rows = [...failures, ...skipped, ...contested].map(
    ({ object, id, name }) => `${object} ${id ?? name}`,
  );
  return `${scope} ${untried} ${rows.sort().join(', ')}`;
}

function rounded(ms: RunReport['ms']): Record<string, number> {
  return Object.fromEntries(Object.entries(ms).map(([phase, time]) => [phase, Math.round(time)]));
}
