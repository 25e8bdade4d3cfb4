import { type Clock, isoTime } from '../runtime/clock.ts';
import { explain } from '../runtime/severity.ts';
import { version } from '../runtime/version.ts';
import { Chronicle, type ToldCycle, type ToldRun } from './chronicle.ts';
import type { CountedExchange, LiveState } from './instruments.ts';
import { launchCredits, type MoneyReport } from './money-report.ts';
import type { RunStatus, Status } from './status.ts';

interface Source {
  readonly service: string;
  readonly cloud: string | undefined;
  answeredAt: number | undefined;
  failedAt: number | undefined;
  failure: string | undefined;
}

/** How many owners without credits are named. */
const mostNamed = 20;

/** Remembers the latest of each thing, for `status`. */
export class StatusBoard {
  readonly #clock: Clock;
  readonly #state: LiveState;
  readonly #startedAt: number;
  readonly #chronicle = new Chronicle();
  readonly #sources = new Map<string, Source>();
  #lastFull: RunStatus | null = null;
  #lastTargeted: RunStatus | null = null;
  #release: string | null = null;
  #clouds: NonNullable<Status['updates']>['clouds'] = [];
  #contested: readonly string[] = [];
  #failure: { at: string; why: string } | null = null;
  #notifications = {
    received: 0,
    lastAt: undefined as number | undefined,
    lagMs: undefined as number | undefined,
  };
  #metrics: Status['metrics'] = null;
  #money: Status['money'] = null;

  constructor(state: LiveState, clock: Clock) {
    this.#state = state;
    this.#clock = clock;
    this.#startedAt = clock.now();
  }

  exchanged({ service, cloud, outcome }: CountedExchange): void {
    const key = `${service} ${cloud ?? ''}`;
    let source = this.#sources.get(key);
    if (!source) {
      source = { service, cloud, answeredAt: undefined, failedAt: undefined, failure: undefined };
      this.#sources.set(key, source);
    }
    if (typeof outcome === 'number' && outcome < 500) source.answeredAt = this.#clock.now();
    else {
      source.failedAt = this.#clock.now();
      source.failure = String(outcome);
    }
  }

  /** Systems whose last request failed, in a few words; undefined: none. */
  silence(): string | undefined {
    const silent = [...this.#sources.values()].filter(
      ({ answeredAt = Number.NEGATIVE_INFINITY, failedAt }) =>
        failedAt !== undefined && failedAt > answeredAt,
    );
    if (silent.length === 0) return undefined;
    return silent
      .map(({ service, cloud, answeredAt, failure }) => {
        const since = answeredAt === undefined ? 'at all' : `since ${isoTime(answeredAt)}`;
        return `${service}${cloud === undefined ? '' : ` of ${cloud}`} has not answered ${since} (${failure})`;
      })
      .join(', ');
  }

  reconciled(run: ToldRun): void {
    this.#chronicle.reconciled(run);
    this.#release = run.release;
    this.#clouds = run.clouds.map(({ name, away }) => ({
      name,
      away: away ? { since: isoTime(away.since), why: explain(away.error) } : null,
    }));
    if (run.scope === 'full') this.#contested = run.contested.map(({ object, name }) => `${object} ${name}`);
    const status: RunStatus = {
      startedAt: isoTime(run.startedAt),
      ms: Math.round(run.ms.observe + run.ms.plan + run.ms.apply),
      changes: Object.values(run.changes).reduce<number>((sum, count) => sum + (count ?? 0), 0),
      failures: run.failures.length + run.skipped.length,
      held: run.held.length,
      drift: run.drift.length,
      deletionsRefused: run.warnings.length,
    };
    if (run.scope === 'targeted') this.#lastTargeted = status;
    else {
      this.#lastFull = status;
      this.#failure = null;
    }
  }

  notReconciled(why: string): void {
    const now = this.#clock.now();
    this.#chronicle.outOfStep(now, why);
    this.#failure = { at: isoTime(now), why };
  }

  accounted({ platform, owners, usage }: MoneyReport): void {
    const sum = (of: 'cost' | 'unbilled') => {
      const known = owners.flatMap((owner) => owner[of] ?? []);
      return known.length === 0 ? null : known.reduce((total, amount) => total + amount, 0);
    };
    const low = owners.flatMap(({ owner, cost = 0, credits }) =>
      credits !== undefined && credits < launchCredits && cost > 0 ? [{ owner, credits }] : [],
    );
    this.#money = {
      platform,
      owners: owners.length,
      cost: sum('cost'),
      lowCredits: low.toSorted((a, b) => a.credits - b.credits).slice(0, mostNamed),
      unbilled: usage ? (sum('unbilled') ?? 0) : null,
      usage: usage ? { left: usage.left, over: usage.over, completeAt: timeOrNull(usage.completeAt) } : null,
    };
  }

  notified(lagMs: number | undefined): void {
    const now = this.#clock.now();
    this.#notifications = { received: this.#notifications.received + 1, lastAt: now, lagMs };
    if (lagMs !== undefined) this.#chronicle.notified(now, lagMs);
  }

  cycled(cycle: ToldCycle): void {
    const { ms, instances, kept, unknown, due, delivered, ages, delivery, failures } = cycle;
    this.#chronicle.cycled(cycle);
    this.#metrics = {
      instances,
      kept,
      sent: delivery.sent,
      unknown: [...unknown.values()].reduce((sum, { figures }) => sum + figures, 0),
      failed: failures.length + delivery.refused.length,
      left: delivery.left,
      due,
      delivered,
      oldestMs: ages?.oldestMs ?? null,
      reasons: Object.fromEntries([...unknown].map(([because, { figures }]) => [because, figures])),
      ms: Math.round(Object.values(ms).reduce((sum, phase) => sum + phase, 0)),
    };
  }

  read(): Status {
    const { healths, backlog, isWriting, hearing } = this.#state;
    const paused = this.#state.paused();
    const writer = isWriting();
    const listening = hearing()?.every(({ isListening }) => isListening);
    const { received, lastAt, lagMs } = this.#notifications;
    return {
      version,
      pid: process.pid,
      startedAt: isoTime(this.#startedAt),
      components: healths().map(
        ({ component, ready, starting, failing, status, continuous, lastSuccessAt }) => ({
          component,
          ready,
          starting,
          failing,
          status,
          continuous,
          lastSuccessAt: timeOrNull(lastSuccessAt),
        }),
      ),
      updates:
        writer === undefined
          ? null
          : {
              writer,
              paused: paused ? { since: isoTime(paused.since), reason: paused.reason ?? null } : null,
              backlog: backlog() ?? 0,
              contested: [...this.#contested],
              release: this.#release,
              clouds: [...this.#clouds],
              lastFull: this.#lastFull,
              lastTargeted: this.#lastTargeted,
              failure: this.#failure,
            },
      notifications:
        listening === undefined
          ? null
          : { listening, received, lastAt: timeOrNull(lastAt), lagMs: lagMs ?? null },
      metrics: this.#metrics,
      money: this.#money,
      sources: [...this.#sources.values()].map(({ service, cloud, answeredAt, failedAt, failure }) => ({
        service,
        cloud: cloud ?? null,
        answeredAt: timeOrNull(answeredAt),
        failedAt: timeOrNull(failedAt),
        failure: failure ?? null,
      })),
      history: this.#chronicle.read(),
    };
  }
}

function timeOrNull(ms: number | undefined): string | null {
  return ms === undefined ? null : isoTime(ms);
}
