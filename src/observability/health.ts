import { type Clock, isoTime } from '../runtime/clock.ts';

/** How a component fares. */
export interface ComponentHealth {
  readonly component: string;
  /** It does its work: lately, or all the time. */
  readonly ready: boolean;
  /** It makes progress, successful or not. If not, only a restart helps. */
  readonly alive: boolean;
  /** It works all the time, not in rounds. */
  readonly continuous: boolean;
  /** When it last did its work, or since when it does it all the time, ms since 1970; undefined: not yet. */
  readonly lastSuccessAt: number | undefined;
  /** It does its work for the first time, and nothing has failed: a first run that fills a portal takes minutes. */
  readonly starting: boolean;
  /** Its last try failed. One that works in rounds is still ready until a success is overdue. */
  readonly failing: boolean;
  /** What it does, or why it does not, in a few words. */
  readonly status: string;
}

export interface HealthOptions {
  readonly component: string;
  readonly clock: Clock;
  /** How often it works; undefined for one that works all the time: a server, a listener. */
  readonly everyMs?: number;
  /** Which of the systems that it works with does not answer; undefined: none. Shown where its work is overdue. */
  readonly silence?: () => string | undefined;
}

/** A success that is older than so many rounds is too old. */
const mostRounds = 3;
/** Beyond them, how long one may last: a first run fills a large portal. Every request has its own deadline. */
const stuckMs = 1_800_000;

/**
 * What a component says of itself, and what follows from it:
 *
 * ```
 *  nothing yet ─────────────────────► not ready
 *  succeeded, whatever it held back ► ready
 *  three rounds without a success ──► not ready; later not alive either
 *  failed ──────────────────────────► one in rounds is ready until a success is overdue, any other is not
 *  on standby ──────────────────────► ready: another process does the work
 *  paused ──────────────────────────► ready: an operator has stopped its writes
 * ```
 */
export class Health {
  readonly #options: HealthOptions;
  readonly #startedAt: number;
  #lastSuccessAt: number | undefined;
  #lastSignAt: number;
  #failure: string | undefined;
  /** Why it has nothing to do; undefined: it has work. */
  #rest: string | undefined;
  #restEndedAt = 0;
  /** What it is doing. */
  #doing: string | undefined;

  constructor(options: HealthOptions) {
    this.#options = options;
    this.#startedAt = options.clock.now();
    this.#lastSignAt = this.#startedAt;
  }

  /**
   * Its work was done; or, where it has no rounds, from now on it is done.
   *
   * @param but what a person must look at nevertheless: it counts as ready, but not as healthy
   */
  succeeded(but?: string): void {
    this.#lastSuccessAt = this.#options.clock.now();
    this.#sign(but);
  }

  /** It is working; `doing` says how far it is. */
  works(doing: string): void {
    this.#sign(undefined);
    this.#doing = doing;
  }

  /** Its work could not be done. */
  failed(why: string): void {
    this.#sign(why);
  }

  /** It is there in case the process that does the work ends. */
  standsBy(): void {
    this.rests('standby: another process writes to the portal');
  }

  /** It has nothing to do until its next report. */
  rests(why: string): void {
    this.#sign(undefined);
    this.#rest = why;
  }

  read(): ComponentHealth {
    const { component, clock, everyMs } = this.#options;
    const now = clock.now();
    const rounds = mostRounds * (everyMs ?? Number.POSITIVE_INFINITY);
    const since = Math.max(
      this.#lastSuccessAt ?? (this.#doing === undefined ? this.#startedAt : this.#lastSignAt),
      this.#restEndedAt,
    );
    const isOverdue = now - since > rounds;
    const isDone = this.#lastSuccessAt !== undefined && !isOverdue;
    return {
      component,
      ready: this.#rest !== undefined || (isDone && (everyMs !== undefined || this.#failure === undefined)),
      alive: this.#rest !== undefined || now - this.#lastSignAt <= rounds + stuckMs,
      continuous: everyMs === undefined,
      starting:
        this.#lastSuccessAt === undefined &&
        this.#failure === undefined &&
        this.#rest === undefined &&
        !isOverdue,
      failing: this.#rest === undefined && this.#failure !== undefined,
      lastSuccessAt: this.#lastSuccessAt,
      status: this.#status(isOverdue),
    };
  }

  #status(isOverdue: boolean): string {
    if (this.#rest !== undefined) return this.#rest;
    if (isOverdue) {
      const since = this.#lastSuccessAt ?? this.#startedAt;
      const reasons = [this.#failure, this.#options.silence?.()].filter((reason) => reason !== undefined);
      return [`nothing complete since ${isoTime(since)}`, ...reasons.map(withoutStop)].join('; ');
    }
    return this.#failure ?? (this.#lastSuccessAt === undefined ? (this.#doing ?? 'starting') : 'works');
  }

  #sign(failure: string | undefined): void {
    this.#lastSignAt = this.#options.clock.now();
    this.#failure = failure;
    if (this.#rest !== undefined) this.#restEndedAt = this.#lastSignAt;
    this.#rest = undefined;
    this.#doing = undefined;
  }
}

function withoutStop(sentence: string): string {
  return sentence.replace(/\.$/, '');
}

/** A component of several parts: it does its work when all do theirs. */
export function together(parts: readonly ComponentHealth[]): ComponentHealth {
  const [first] = parts;
  if (!first) throw new RangeError('a component has at least one part');
  const successes = parts.map(({ lastSuccessAt }) => lastSuccessAt).filter((at) => at !== undefined);
  const weakest =
    parts.find(({ alive }) => !alive) ??
    parts.find(({ ready }) => !ready) ??
    parts.find(({ failing }) => failing) ??
    first;
  return {
    component: first.component,
    ready: parts.every(({ ready }) => ready),
    alive: parts.every(({ alive }) => alive),
    continuous: parts.every(({ continuous }) => continuous),
    starting: weakest.starting,
    failing: parts.some(({ failing }) => failing),
    lastSuccessAt: successes.length > 0 ? Math.max(...successes) : undefined,
    status: weakest.status,
  };
}
