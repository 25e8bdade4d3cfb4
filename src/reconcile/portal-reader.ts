import pLimit from 'p-limit';
import { readDevices } from '../concertim/devices.ts';
import type { Device, PortalSnapshot, Rack, RackId } from '../concertim/model.ts';
import { showRack } from '../concertim/racks.ts';
import type { Session } from '../concertim/session.ts';
import { isDeviceOf, readPortal } from '../concertim/snapshot.ts';
import { ShapeError } from '../http/errors.ts';
import type { Logger } from '../observability/logger.ts';
import { equal } from '../plan/difference.ts';
import { ageOf, type Clock } from '../runtime/clock.ts';
import { ServiceError } from '../runtime/severity.ts';
import { startStopwatch } from '../runtime/stopwatch.ts';
import type { PortalMirror } from './mirror.ts';
import { isOutage } from './outage.ts';
import { editsBetween, logEdits } from './portal-edits.ts';
import { RackAudit } from './rack-audit.ts';

/** How often what stands in each rack is looked at. */
export interface AuditPace {
  /** In no longer than this each is read, and what was found is put right. */
  readonly withinMs: number;
  /** From one full run to the next. */
  readonly runEveryMs: number;
  /** A portal of no more devices and no more racks is read whole in each run. Default 150: a second of its time, at 6 ms a device. */
  readonly readWholeUpTo?: number;
}

const defaultReadWholeUpTo = 150;
/** Racks in doubt that one run reads: a second of the portal's time, at four devices each. */
const mostDoubted = 40;
/** The portal's users keep the other three of its five threads. */
const readsAtOnce = 2;
/** Of the time there is, for a round of all racks: the rest is for what runs take themselves. */
const roundShare = 0.9;
/** After a rack was read nothing is read for so many times as long: a tenth of one thread, a fiftieth of five. */
const restShare = 9;

/**
 * Reads the portal for its one writer, who knows what it has written. Owners, racks and templates cost little and are read in each
 * run; devices are most of what there is, and of them
 *
 * ```
 *  the first time, after others may have written, in a small portal ──► all, in one list
 *  in racks that look otherwise than they are known, or where a write has failed ──► with the next run
 *  what a plan would change ──► before it is changed
 *  all the others ──► rack by rack between runs, so that each is looked at within the interval
 * ```
 *
 * A row that was not read in a run is as it is known: what was last read or written.
 */
export class PortalReader {
  readonly #session: Session;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #pace: AuditPace | undefined;
  readonly #audit = new RackAudit();
  #isWholeDue = true;
  /** Racks whose devices were read in this run. */
  #read: ReadonlySet<RackId> | 'all' = 'all';
  /** The next rack is due: so long after that moment. */
  #nextAudit = { since: 0, ms: 0 };
  #isAllReadInRuns = true;
  #isLate = false;

  /** @param options.pace undefined: every run reads all */
  constructor(options: {
    readonly session: Session;
    readonly clock: Clock;
    readonly log: Logger;
    readonly pace: AuditPace | undefined;
  }) {
    this.#session = options.session;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#pace = options.pace;
  }

  /** Somebody else may have written since: the next run reads all. */
  forget(): void {
    this.#isWholeDue = true;
  }

  /** What stands in it is not certain: the next run reads it. */
  doubt(rack: RackId): void {
    this.#audit.doubt(rack);
  }

  /**
   * The portal at the beginning of a full run. What was read in part the mirror knows at once, so that it is not lost where the
   * run fails; what was read as a whole is to be confirmed by `keep`.
   *
   * @param mirror the portal as it was known until now
   */
  async read(mirror: PortalMirror | undefined, signal?: AbortSignal): Promise<PortalSnapshot> {
    const known = mirror?.snapshot();
    this.#read = 'all';
    const portal = await readPortal(this.#session, signal, async ({ profile, racks }) => {
      this.#audit.retain(new Set(racks.map(({ id }) => id)), this.#clock.now());
      if (mirror && known?.profile === profile && !this.#isWholeDue && !this.#isSmall(known, racks)) {
        const rows = await this.#readDoubted(mirror, racks, signal).catch(unlessOddRow);
        if (rows) return { rows, unreadable: [] };
      }
      const devices = await readDevices(this.#session, { signal });
      this.#read = 'all';
      for (const { id } of racks) this.#audit.note(id, this.#clock.now());
      return devices;
    });
    if (this.#read === 'all' && known?.profile === portal.profile)
      logEdits(editsBetween(known.devices, portal.devices), this.#log);
    this.#isAllReadInRuns = this.#isSmall(portal, portal.racks);
    return portal;
  }

  /** The run goes on with what was read: from now on that is what is known. */
  keep(): void {
    if (this.#read === 'all') this.#isWholeDue = false;
  }

  /**
   * The same portal with what stands in these racks as it is now, where it was not read in this run; the very same where
   * nothing is otherwise than it was known.
   */
  async readAlso(
    portal: PortalSnapshot,
    racks: ReadonlySet<RackId>,
    mirror: PortalMirror | undefined,
    signal?: AbortSignal,
  ): Promise<PortalSnapshot> {
    const read = this.#read;
    if (read === 'all' || !mirror) return portal;
    const unread = new Set([...racks].filter((id) => !read.has(id)));
    const edits = await this.#readRacks(unread, mirror, signal);
    this.#read = new Set([...read, ...unread]);
    return edits === 0 ? portal : { ...portal, devices: devicesIn(portal.racks, mirror) };
  }

  /** Whether this run has read a row. All racks were; a device is with what stands in its rack, or with all. */
  hasRead(row: Device | Rack): boolean {
    if (!('location' in row) || this.#read === 'all') return true;
    return row.location !== null && this.#read.has(row.location.rackId);
  }

  /** How long until the next rack is to be read, ms. */
  get untilAuditMs(): number {
    const { since, ms } = this.#nextAudit;
    if (this.#isAllReadInRuns) return Number.POSITIVE_INFINITY;
    return Math.max(0, ms - ageOf(since, this.#clock.now()));
  }

  /** Reads what stands in the rack that has waited longest. @throws when the portal does not answer */
  async audit(mirror: PortalMirror, signal?: AbortSignal): Promise<void> {
    const turn = this.#audit.next();
    this.#rest(this.#turnMs);
    if (!turn) return;
    const elapsed = startStopwatch();
    try {
      await this.#readRack(turn.id, mirror, signal);
    } catch (error) {
      // One that cannot be read must not keep the others from their turn.
      if (!isOutage(error)) this.#audit.note(turn.id, this.#clock.now());
      throw error;
    }
    this.#rest(Math.max(this.#turnMs, restShare * elapsed()));
    this.#noteAge(turn.knownAt);
  }

  #isSmall({ devices, unreadable }: PortalSnapshot, racks: readonly Rack[]): boolean {
    const pace = this.#pace;
    if (!pace || pace.withinMs <= pace.runEveryMs) return true;
    // A rack cannot tell of a row in it that is not understood: the list can.
    if (unreadable?.some(({ object }) => object === 'device')) return true;
    const { readWholeUpTo = defaultReadWholeUpTo } = pace;
    return devices.length <= readWholeUpTo && racks.length <= readWholeUpTo;
  }

  /** So much for each rack, what is found is put right by the run that follows within the interval. */
  get #turnMs(): number {
    if (!this.#pace || this.#isAllReadInRuns || this.#audit.size === 0) return Number.POSITIVE_INFINITY;
    return (roundShare * (this.#pace.withinMs - this.#pace.runEveryMs)) / this.#audit.size;
  }

  #rest(ms: number): void {
    // In whole milliseconds, as clocks go.
    this.#nextAudit = { since: this.#clock.now(), ms: Math.ceil(ms) };
  }

  async #readDoubted(
    mirror: PortalMirror,
    racks: readonly Rack[],
    signal: AbortSignal | undefined,
  ): Promise<readonly Device[]> {
    const known = new Map(mirror.snapshot().racks.map((rack) => [rack.id, rack]));
    for (const rack of racks) if (!equal(known.get(rack.id), rack)) this.#audit.doubt(rack.id);
    const doubted = new Set(this.#audit.doubted.slice(0, mostDoubted));
    await this.#readRacks(doubted, mirror, signal);
    this.#read = doubted;
    return devicesIn(racks, mirror);
  }

  /** @returns how many devices in them are otherwise than they were known */
  async #readRacks(
    racks: ReadonlySet<RackId>,
    mirror: PortalMirror,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    const edits = await pLimit(readsAtOnce).map([...racks], (id) => this.#readRack(id, mirror, signal));
    return edits.reduce((sum, count) => sum + count, 0);
  }

  async #readRack(id: RackId, mirror: PortalMirror, signal: AbortSignal | undefined): Promise<number> {
    const devices = (await this.#showRack(id, signal))?.devices ?? [];
    // Of another release: the portal was upgraded, and nothing is known of it.
    if (!devices.every((device) => isDeviceOf(mirror.snapshot().profile, device))) {
      this.#session.doubtProfile();
      throw new ServiceError(`Rack ${id} has devices of another release of Concertim than was recognized.`, {
        severity: 'transient',
        hint: 'Nothing needs to be done: the next run recognizes the release again.',
      });
    }
    this.#audit.note(id, this.#clock.now());
    const edits = mirror.setRead(id, devices);
    logEdits(edits, this.#log);
    return edits.length;
  }

  /** Where a row in it is not understood, the next run reads the list, in which the others are. */
  async #showRack(id: RackId, signal: AbortSignal | undefined) {
    try {
      return await showRack(this.#session, id, signal);
    } catch (error) {
      if (error instanceof ShapeError) this.forget();
      throw error;
    }
  }

  #noteAge(knownAt: number): void {
    if (!this.#pace) return;
    const isLate = ageOf(knownAt, this.#clock.now()) > this.#pace.withinMs;
    if (isLate && !this.#isLate) {
      this.#log.warn(
        { racks: this.#audit.size, intervalS: this.#pace.withinMs / 1_000 },
        'portal answers too slowly to be read within updates.audit_interval',
      );
    }
    this.#isLate = isLate;
  }
}

/** @throws everything else */
function unlessOddRow(error: unknown): undefined {
  if (!(error instanceof ShapeError)) throw error;
}

/** What is known to stand in these racks, and in none. */
function devicesIn(racks: readonly Rack[], mirror: PortalMirror): Device[] {
  const listed = new Set(racks.map(({ id }) => id));
  return mirror.snapshot().devices.filter(({ location }) => !location || listed.has(location.rackId));
}
