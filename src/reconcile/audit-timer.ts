import type { Logger } from '../observability/logger.ts';
import { ageOf, type Clock } from '../runtime/clock.ts';

/** How often everything in the portal is looked at. */
export interface AuditPace {
  /** In no longer than this each rack is read, and what was found is put right. */
  readonly withinMs: number;
  /** From one full run to the next. */
  readonly runEveryMs: number;
  /** A portal of no more devices and no more racks is read whole in each run. Default 150: a second of its time, at 6 ms a device. */
  readonly readWholeUpTo?: number;
}

/** Of the time there is, for a round of all turns: the rest is for what runs take themselves. */
const roundShare = 0.9;
/** After a turn nothing is read for so many times as long: a tenth of one thread, a fiftieth of five. */
const restShare = 9;

/** When the next turn of an audit is due. */
export class AuditTimer {
  readonly #clock: Clock;
  readonly #log: Logger;
  /** So long after that moment. */
  #next = { since: 0, ms: 0 };
  #isLate = false;

  constructor({ clock, log }: { readonly clock: Clock; readonly log: Logger }) {
    this.#clock = clock;
    this.#log = log;
  }

  /** How long until then, ms. */
  get untilMs(): number {
    const { since, ms } = this.#next;
    return Math.max(0, ms - ageOf(since, this.#clock.now()));
  }

  /**
   * A turn is over: so much time has each, that what is found is put right by the run that follows within the interval.
   *
   * @param tookMs how long the portal took
   */
  rest({ withinMs, runEveryMs }: AuditPace, turns: number, tookMs = 0): void {
    const turnMs = (roundShare * (withinMs - runEveryMs)) / turns;
    // In whole milliseconds, as clocks go.
    this.#next = { since: this.#clock.now(), ms: Math.ceil(Math.max(turnMs, restShare * tookMs)) };
  }

  /** Warns once when what had its turn has waited longer for it than the interval. */
  noteAge({ withinMs }: AuditPace, turns: number, knownAt: number): void {
    const isLate = ageOf(knownAt, this.#clock.now()) > withinMs;
    if (isLate && !this.#isLate) {
      this.#log.warn(
        { racks: turns, intervalS: withinMs / 1_000 },
        'portal answers too slowly to be read within updates.audit_interval',
      );
    }
    this.#isLate = isLate;
  }
}
