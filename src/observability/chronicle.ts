import { isoTime } from '../runtime/clock.ts';
import { explain } from '../runtime/severity.ts';
import type { CycleRecord, History, RunLine, RunRecord } from './history.ts';
import type { CountedCloud, CountedCycle, CountedRun } from './instruments.ts';

/** A run with the details that the history shows. */
export interface ToldRun extends CountedRun {
  readonly runId: string;
  /** Of the portal. */
  readonly release: string;
  readonly made: readonly {
    readonly object: string;
    readonly name: string;
    readonly change: string;
    readonly why: string;
    readonly fields: readonly string[];
  }[];
  readonly failures: readonly {
    readonly object: string;
    readonly name: string;
    readonly doing: string;
    readonly error: unknown;
  }[];
  readonly skipped: readonly { readonly object: string; readonly name: string; readonly because: string }[];
  readonly contested: readonly { readonly object: string; readonly name: string }[];
  readonly untried: number;
  readonly held: readonly { readonly kind: string; readonly name: string; readonly reason: string }[];
  readonly warnings: readonly string[];
  readonly unreadable: readonly { readonly object: string; readonly problem: string }[];
  readonly unreadableRows: readonly {
    readonly object: string;
    readonly id: number | string | undefined;
    readonly name: string | undefined;
    readonly problem: string;
  }[];
  readonly unknownStates: readonly { readonly id: string; readonly state: string }[];
  readonly unobserved: readonly { readonly projectId: string; readonly reason: string }[];
  readonly drift: readonly { readonly object: string; readonly name: string }[];
  readonly clouds: readonly (CountedCloud & {
    readonly away: { readonly since: number; readonly error: unknown } | undefined;
  })[];
}

/** A cycle with when it began. */
export interface ToldCycle extends CountedCycle {
  /** ms since 1970. */
  readonly startedAt: number;
}

/** An hour of cycles, at 15 s. */
const mostCycles = 240;
const mostRuns = 40;
const mostLags = 240;
/** Of one run: the first run of a large cloud makes thousands of devices. */
const mostLines = 60;

/** Remembers what happened lately, in words and figures. Nothing in it outlives the process. */
export class Chronicle {
  readonly #runs: RunRecord[] = [];
  readonly #cycles: CycleRecord[] = [];
  readonly #lags: { at: string; ms: number }[] = [];
  /** What the last run left held, refused or unreadable: what stays as it is makes no run worth telling. */
  #standing = '[]';
  #inStep: History['inStep'] = null;

  reconciled(run: ToldRun): void {
    const lines = linesOf(run);
    const standing = lines.filter(({ kind }) => lasting.has(kind));
    const isNew = run.scope === 'full' && JSON.stringify(standing) !== this.#standing;
    if (run.scope === 'full') this.#standing = JSON.stringify(standing);
    const wrong = lines.filter(({ kind }) => isWrong(kind, run.scope));
    if (wrong.length > 0) this.outOfStep(run.startedAt, summary(wrong));
    // A targeted run sees only a part, so it cannot end the drift of the rest. Being in step counts from the
    // end of the run.
    else if (run.scope === 'full' && !this.#inStep?.is)
      this.#inStep = { is: true, since: isoTime(run.startedAt + Math.round(durationOf(run))), because: null };
    if (!isNew && lines.every(({ kind }) => lasting.has(kind))) return;
    keep(mostRuns, this.#runs, {
      runId: run.runId,
      scope: run.scope,
      startedAt: isoTime(run.startedAt),
      ms: Math.round(durationOf(run)),
      changes: run.made.length,
      lines: lines.slice(0, mostLines),
      more: Math.max(0, lines.length - mostLines),
    });
  }

  /** @param at ms since 1970 */
  outOfStep(at: number, because: string): void {
    const since = this.#inStep?.is === false ? this.#inStep.since : isoTime(at);
    this.#inStep = { is: false, since, because };
  }

  notified(at: number, lagMs: number): void {
    keep(mostLags, this.#lags, { at: isoTime(at), ms: Math.max(0, Math.round(lagMs)) });
  }

  cycled({ startedAt, ms, instances, due, delivered, delivery, unknown, failures }: ToldCycle): void {
    keep(mostCycles, this.#cycles, {
      startedAt: isoTime(startedAt),
      ms: Math.round(Object.values(ms).reduce((sum, phase) => sum + phase, 0)),
      instances,
      sent: delivery.sent,
      unknown: [...unknown.values()].reduce((sum, { figures }) => sum + figures, 0),
      failed: failures.length + delivery.refused.length,
      left: delivery.left,
      due,
      delivered,
    });
  }

  read(): History {
    return {
      inStep: this.#inStep,
      runs: [...this.#runs],
      lags: [...this.#lags],
      cycles: [...this.#cycles],
    };
  }
}

/** Ms. */
function durationOf({ ms }: ToldRun): number {
  return ms.observe + ms.plan + ms.apply;
}

const lasting: ReadonlySet<RunLine['kind']> = new Set(['held', 'refused', 'unreadable']);

/**
 * Whether it puts the portal out of step, as `plan` judges. A notification comes before a deletion is complete, so only what a
 * full run holds counts.
 */
function isWrong(kind: RunLine['kind'], scope: ToldRun['scope']): boolean {
  return kind === 'held' ? scope === 'full' : kind !== 'change' && kind !== 'drift';
}

/** What is wrong first. */
function linesOf(run: ToldRun): RunLine[] {
  const line = (kind: RunLine['kind']) => (text: string) => ({ kind, text });
  return [
    ...run.warnings.map(line('refused')),
    ...run.unobserved
      .map(({ projectId, reason }) => `project ${projectId} cannot be read: ${reason}`)
      .map(line('unreadable')),
    ...[
      ...Map.groupBy(
        run.unreadable,
        ({ object, problem }) => `${object}s: details not available: ${problem}`,
      ),
    ]
      .map(([trouble, rows]) => `${rows.length} ${trouble}`)
      .map(line('unreadable')),
    ...run.unreadableRows
      .map(
        ({ object, id, name, problem }) =>
          `${object} ${name ?? id ?? 'without an id'} in Concertim: ${problem}`,
      )
      .map(line('unreadable')),
    ...run.unknownStates
      .map(({ id, state }) => `${id}: unknown state ${state}, portal status kept`)
      .map(line('unreadable')),
    ...run.failures
      .map(({ object, name, doing, error }) => `${object} ${name}: ${failed(doing)}: ${explain(error)}`)
      .map(line('failure')),
    ...run.skipped
      .map(({ object, name, because }) => `${object} ${name}: not tried: ${because}`)
      .map(line('skipped')),
    ...run.contested
      .map(({ object, name }) => `${object} ${name}: skipped: another writer undoes it each time`)
      .map(line('skipped')),
    ...(run.untried > 0 ? [`${run.untried} more changes: postponed: the portal stopped responding`] : []).map(
      line('skipped'),
    ),
    ...run.held
      .map(({ kind, name, reason }) => `${kind} ${name}: kept in portal: ${reason}`)
      .map(line('held')),
    ...run.drift
      .map(({ object, name }) => `${object} ${name}: changed in the cloud, and nothing announced it`)
      .map(line('drift')),
    ...run.made
      .map(({ object, name, change, why, fields }) =>
        [`${object} ${name} ${done(change)}: ${why}`, ...(fields.length > 0 ? [fields.join(', ')] : [])].join(
          ': ',
        ),
      )
      .map(line('change')),
  ];
}

const pasts: Readonly<Record<string, string>> = {
  create: 'made',
  update: 'changed',
  replace: 'recreated',
  delete: 'deleted',
};

/** `create-device` → `made` */
function done(change: string): string {
  return pasts[change.split('-')[0] ?? ''] ?? change;
}

function failed(doing: string): string {
  return doing === 'read' ? 'failed to read object, will retry' : `not ${done(doing)}`;
}

function summary(wrong: readonly RunLine[]): string {
  const [first] = wrong;
  return wrong.length === 1 || !first ? (first?.text ?? '') : `${first.text} (and ${wrong.length - 1} more)`;
}

function keep<T>(most: number, list: T[], item: T): void {
  list.push(item);
  if (list.length > most) list.shift();
}
