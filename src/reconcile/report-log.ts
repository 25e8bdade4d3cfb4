import type { Logger } from '../observability/logger.ts';
import { explain, severityOf } from '../runtime/severity.ts';
import { changeCount, isSuccess, type RunReport } from './run-report.ts';

/**
 * Says what a run did: a line for a run that changed something or failed, what a person must look at as an error, and
 * what stays as it is only once.
 */
export class ReportLog {
  readonly #log: Logger;
  #said = new Set<string>();
  /** Why the last run failed as a whole; undefined: it did not. */
  #failure: string | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** A run failed as a whole: said when it begins to, and when the reason changes. */
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
    const still = new Set<string>();
    const once = (what: string, say: () => void) => {
      still.add(what);
      if (!this.#said.has(what)) say();
    };
    for (const warning of report.warnings) once(warning, () => log.error({ warning }, 'deletions refused'));
    for (const { projectId, reason } of report.unobserved) {
      once(`${projectId} ${reason}`, () =>
        log.error({ projectId, reason }, 'failed to list the stacks of a project'),
      );
    }
    for (const { id, state } of report.unknownStates) {
      once(`${id} ${state}`, () => log.warn({ id, state }, 'unknown OpenStack state, portal status kept'));
    }
    for (const { kind, id, name, reason } of report.held) {
      once(`${kind} ${id} ${reason}`, () =>
        log.warn(
          { object: kind, id, name, reason },
          'kept in portal: missing from OpenStack, deletion not confirmed',
        ),
      );
    }
    for (const failure of report.failures) {
      if (failure.doing !== 'read') continue;
      const { object, id, name, error } = failure;
      log.warn({ object, id, name, err: error }, 'failed to read object');
    }
    for (const subject of report.drift) log.warn(subject, 'drift: OpenStack changed without a notification');
    // A targeted run sees a part: what it does not mention may still be so.
    if (report.scope === 'full') this.#said = still;
    else for (const what of still) this.#said.add(what);

    const fields = {
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
    if (!isSuccess(report)) log.warn(fields, 'reconciled with failures');
    else if (changeCount(report) > 0) log.info(fields, 'reconciled');
    else log.debug(fields, 'in step');
  }
}

function rounded(ms: RunReport['ms']): Record<string, number> {
  return Object.fromEntries(Object.entries(ms).map(([phase, time]) => [phase, Math.round(time)]));
}
