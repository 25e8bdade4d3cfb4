import type { Logger } from '../observability/logger.ts';
import type { SaidOnce } from '../observability/said-once.ts';
import type { Tracing } from '../observability/tracing.ts';
import type { Change, ChangeKind, NewRackKey } from '../plan/change.ts';
import { fieldsOf } from '../plan/field-change.ts';
import type { Subject } from '../plan/subject.ts';
import { explain } from '../runtime/severity.ts';
import type { Outcome } from './outcome.ts';
import type { Failure, RunReport } from './run-report.ts';

/**
 * Notes what became of each change of a run: a log line, an event of the trace, and its row in the report. A change that fails
 * in every run, and for the same reason, has one line.
 */
export class ChangeRecord {
  readonly done: Change[] = [];
  readonly made: RunReport['made'][number][] = [];
  readonly failures: Failure[] = [];
  readonly skipped: RunReport['skipped'][number][] = [];
  readonly contested: RunReport['contested'][number][] = [];
  /** Racks that this run has created, with their ids. */
  readonly #racks = new Map<NewRackKey, Subject['id']>();
  readonly #counts: Partial<Record<ChangeKind, number>> = {};
  readonly #subjectOf: (change: Change) => Subject;
  readonly #log: Logger;
  readonly #said: SaidOnce;
  readonly #tracing: Tracing;

  constructor(options: {
    readonly subjectOf: (change: Change) => Subject;
    readonly log: Logger;
    /** Failures that the last run logged. */
    readonly said: SaidOnce;
    readonly tracing: Tracing;
  }) {
    this.#subjectOf = options.subjectOf;
    this.#log = options.log;
    this.#said = options.said;
    this.#tracing = options.tracing;
  }

  /** Changes carried out, by kind. */
  get counts(): Readonly<Partial<Record<ChangeKind, number>>> {
    return this.#counts;
  }

  note(outcome: Outcome): void {
    const { change } = outcome;
    const subject = this.#subjectAfter(outcome);
    const { reason: why, reasonCode } = change;
    const fields = { ...subject, change: change.kind, why, reasonCode };
    switch (outcome.kind) {
      case 'done': {
        const changed = fieldsOf(change).map(({ field }) => field);
        this.done.push(change);
        this.made.push({ ...fields, fields: changed });
        this.#counts[change.kind] = (this.#counts[change.kind] ?? 0) + 1;
        this.#tracing.event('changed', fields);
        this.#log.info({ ...fields, fields: changed, ms: Math.round(outcome.ms) }, 'changed');
        return;
      }
      case 'failed':
        this.failures.push({ ...subject, doing: change.kind, error: outcome.error });
        this.#tracing.event('change failed', {
          ...fields,
          error: explain(outcome.error),
        });
        this.#once(subject, change.kind, explain(outcome.error), () =>
          this.#log.warn({ ...fields, err: outcome.error }, 'change of the portal failed, will retry'),
        );
        return;
      case 'contested':
        this.contested.push({ ...subject, change: change.kind });
        this.#tracing.event('change contested', fields);
        return;
      case 'skipped':
        this.skipped.push({ ...subject, because: outcome.because });
        this.#tracing.event('change skipped', {
          ...fields,
          because: outcome.because,
        });
        this.#once(subject, change.kind, outcome.because, () =>
          this.#log.warn(
            { ...fields, because: outcome.because },
            'change skipped: it depends on one that failed',
          ),
        );
    }
  }

  /** The subject of a change, with the ids that the portal has given in this run. */
  #subjectAfter(outcome: Outcome): Subject {
    const { change } = outcome;
    const subject = this.#subjectOf(change);
    const id = (outcome.kind === 'done' ? outcome.id : undefined) ?? subject.id;
    if (change.kind === 'create-rack') {
      if (id !== null) this.#racks.set(change.key, id);
      return { ...subject, id, rackId: id };
    }
    const isInNewRack = 'rack' in change && 'kind' in change.rack && change.rack.kind === 'new';
    return isInNewRack
      ? { ...subject, id, rackId: this.#racks.get(change.rack.key) ?? null }
      : { ...subject, id };
  }

  #once({ object, id, openstackId, name }: Subject, change: ChangeKind, why: string, say: () => void): void {
    this.#said.say([change, object, id ?? openstackId ?? name, why].join(' '), say);
  }
}
