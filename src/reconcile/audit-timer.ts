import type { Logger } from '../observability/logger.ts';
import { ageOf, type Clock } from '../runtime/clock.ts';

/** How often everything in the portal is read. */
export interface AuditPace {
  /** Within this time each rack is read and what others changed in it is corrected, ms. */
  readonly withinMs: number;
  /** Interval of full runs, ms. */
  readonly runEveryMs: number;
  /** A portal with at most this many devices, and racks, is read whole in each run. Default 150: one second at 6 ms a device. */
  readonly readWholeUpTo?: number;
}

/** Share of the available time for one round of all turns. The rest is for the runs themselves. */
const roundShare = 0.9;
/** After a turn nothing is read for this many times its duration: the audit uses a tenth of one portal thread, a fiftieth of five. */
const restShare = 9;

/** When the next turn of an audit is due. */
export class AuditTimer {
  readonly #clock: Clock;
  readonly #log: Logger;
  /** The next turn is due `ms` after `since`. */
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
   * Schedules the turn after one that is over, early enough that the following run corrects what the round finds within `withinMs`.
   *
   * @param tookMs how long the portal took
   */
  rest({ withinMs, runEveryMs }: AuditPace, turns: number, tookMs = 0): void {
    const turnMs = (roundShare * (withinMs - runEveryMs)) / turns;
    // The clock counts whole milliseconds.
    this.#next = { since: this.#clock.now(), ms: Math.ceil(Math.max(turnMs, restShare * tookMs)) };
  }

  /** Warns once when a turn came later than `withinMs` after the one before. */
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
