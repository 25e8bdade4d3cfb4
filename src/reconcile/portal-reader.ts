import { deviceFitsRelease, rackFitsRelease } from '../concertim/fits-release.ts';
import type { Device, PortalSnapshot, Rack, RackId } from '../concertim/model.ts';
import { readRacks, showRack } from '../concertim/racks.ts';
import type { Session } from '../concertim/session.ts';
import { type Furnishing, readFurnishing, readPortal } from '../concertim/snapshot.ts';
import { ShapeError } from '../http/errors.ts';
import type { Logger } from '../observability/logger.ts';
import { equal } from '../plan/difference.ts';
import type { Clock } from '../runtime/clock.ts';
import { explain, ServiceError } from '../runtime/severity.ts';
import { startStopwatch } from '../runtime/stopwatch.ts';
import { type AuditPace, AuditTimer } from './audit-timer.ts';
import { LaneLimit } from './lane-limit.ts';
import type { PortalMirror } from './mirror.ts';
import { isFault, isOutage } from './outage.ts';
import { editsBetween, logEdits } from './portal-edits.ts';
import { RackAudit, rackList, type Turn } from './rack-audit.ts';
import { ReadAhead } from './read-ahead.ts';

const defaultReadWholeUpTo = 150;
/** Most racks in doubt that one run reads: one second of the portal's time at four devices each. */
const mostDoubted = 40;
/** Most racks that runs leave out because the portal fails to show them. If there are more, the portal itself has failed. */
const mostUnshown = 10;

/**
 * Reads the portal for its only writer, which knows what it has written. Owners and templates are few and read in each run. Racks
 * and devices are most of the rows:
 *
 * ```
 *  the first time, after others may have written, in a small portal ──► all, in two lists
 *  racks where a write has failed or the list shows a change ──► with the next run
 *  what a plan would change ──► before it is changed; where a server has changed, already while the cloud is read
 *  all the others ──► rack by rack between runs, so that each is read within the interval
 *
 *  the list of racks ──► in its turn like a rack, and before one is made
 * ```
 *
 * A row that a run does not read counts as it was last read or written.
 */
export class PortalReader {
  readonly #session: Session;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #pace: AuditPace | undefined;
  readonly #audit = new RackAudit();
  readonly #timer: AuditTimer;
  readonly #limit = new LaneLimit();
  /** Racks that the portal failed to show, with the error. Each run tries again. */
  readonly #unshown = new Map<RackId, string>();
  #isWholeDue = true;
  #isRackListDue = false;
  /** What was read in this run. */
  #read: Set<Turn> | 'all' = 'all';
  /** The mirror when the run's snapshot of the portal was last made of it. */
  #shown: PortalSnapshot | undefined;
  /** undefined: racks are read only where a plan needs them. */
  #ahead: ReadAhead | undefined;
  #isAllReadInRuns = true;

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
    this.#timer = new AuditTimer(options);
  }

  /** Another process may have written since: the next run reads everything. */
  forget(): void {
    this.#isWholeDue = true;
  }

  /** The known state of a rack, or of the list, is uncertain: the next run reads it. */
  doubt(turn: Turn): void {
    if (turn === rackList) this.#isRackListDue = true;
    else this.#audit.doubt(turn);
  }

  /**
   * The portal at the beginning of a full run. Parts enter the mirror as they are read, so that they are not lost if the run fails;
   * a portal that was read whole becomes the known state only with `keep`.
   *
   * @param mirror the portal as it was known until now
   * @returns the mirror's own snapshot if all is as known
   */
  async read(mirror: PortalMirror | undefined, signal?: AbortSignal): Promise<PortalSnapshot> {
    const known = mirror?.snapshot();
    const portal = await readPortal(this.#session, signal, async (profile) => {
      this.#read = 'all';
      if (mirror && known?.profile === profile && !this.#isWholeDue && !this.#isSmall(known)) {
        const part = await this.#readPart(mirror, signal).catch(unlessOddRow);
        if (part) return part;
      }
      return this.#readWhole(signal);
    }).catch((error: unknown) => {
      // Racks may have changed during the outage.
      if (isOutage(error)) this.#isRackListDue = true;
      throw error;
    });
    if (this.#read === 'all') {
      if (known?.profile === portal.profile) logEdits(editsBetween(known.devices, portal.devices), this.#log);
      this.#isAllReadInRuns = this.#isSmall(portal);
      return portal;
    }
    this.#isAllReadInRuns = false;
    if (!known || !mirror) return portal;
    // The portal deletes neither while something belongs to it: so it was emptied, or replaced by another one.
    if (hasLostTemplates(known, portal)) {
      this.forget();
      return this.read(mirror, signal);
    }
    // Not measured: this process is busy with the lists of the cloud, and answers seem to take longer than they do.
    this.#ahead = new ReadAhead((id) => this.#limit.run(() => this.#readIfShown(id, mirror, signal)));
    const isListed = this.#read.has(rackList);
    return hasLostOwners(known, portal) && !isListed
      ? this.readAlso(portal, new Set([rackList]), mirror, signal)
      : asKnown(known, portal);
  }

  /** Confirms a whole read: from now on it is the known state. */
  keep(): void {
    if (this.#read !== 'all') return;
    this.#isWholeDue = false;
    this.#isRackListDue = false;
  }

  /** Begins to read racks that a plan will probably need: the portal has nothing else to do while the cloud is read. */
  readAhead(racks: readonly RackId[]): void {
    const read = this.#read;
    if (read !== 'all') this.#ahead?.begin(racks.filter((id) => !read.has(id)));
  }

  /** Waits for what `readAhead` has begun, which must not be mixed with writes. */
  async endAhead(): Promise<void> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    const racks = (await ahead?.end()) ?? [];
    if (this.#read !== 'all') for (const id of racks) this.#read.add(id);
  }

  /** Reads the parts at stake that this run has not read yet. @returns the same snapshot object if all of them are as known */
  async readAlso(
    portal: PortalSnapshot,
    stake: ReadonlySet<Turn>,
    mirror: PortalMirror | undefined,
    signal?: AbortSignal,
  ): Promise<PortalSnapshot> {
    const read = this.#read;
    if (read === 'all' || !mirror) return portal;
    const unread = [...stake].filter((turn) => !read.has(turn));
    if (unread.includes(rackList)) await this.#readRackList(mirror, signal);
    const racks = unread.filter((turn): turn is RackId => turn !== rackList);
    await this.#readRacks(racks, mirror, signal);
    for (const turn of unread) read.add(turn);
    if (mirror.snapshot() === this.#shown) return portal;
    const others = (portal.unreadable ?? []).filter(({ object }) => object !== 'rack');
    const furnishing = this.#furnishingOf(mirror);
    return { ...portal, ...furnishing, unreadable: [...others, ...furnishing.unreadable] };
  }

  /** Whether this run has read a row: a device is read with its rack, or with all. */
  hasRead(row: Device | Rack): boolean {
    if (this.#read === 'all') return true;
    if (!('location' in row)) return this.#read.has(row.id);
    return row.location !== null && this.#read.has(row.location.rackId);
  }

  /** How long until the next turn is due, ms. */
  get untilAuditMs(): number {
    return this.#isAllReadInRuns ? Number.POSITIVE_INFINITY : this.#timer.untilMs;
  }

  /** Reads what has waited longest. @throws when the portal does not answer */
  async audit(mirror: PortalMirror, signal?: AbortSignal): Promise<void> {
    const next = this.#audit.next();
    if (!next || !this.#pace) return;
    const { turn, knownAt } = next;
    this.#timer.rest(this.#pace, this.#audit.size);
    const elapsed = startStopwatch();
    try {
      if (turn === rackList) await this.#readRackList(mirror, signal);
      else await this.#readRack(turn, mirror, signal);
    } catch (error) {
      // A rack that cannot be read must not block the turns of the others.
      if (!isOutage(error)) this.#audit.note(turn, this.#clock.now());
      if (isFault(error)) this.doubt(turn);
      throw error;
    }
    this.#timer.rest(this.#pace, this.#audit.size, elapsed());
    this.#timer.noteAge(this.#pace, this.#audit.size, knownAt);
  }

  #isSmall({ racks, devices, unreadable }: PortalSnapshot): boolean {
    const pace = this.#pace;
    if (!pace || pace.withinMs <= pace.runEveryMs) return true;
    // Only the list of devices shows which of its rows cannot be read; a rack shown by itself does not.
    if (unreadable?.some(({ object }) => object === 'device')) return true;
    const { readWholeUpTo = defaultReadWholeUpTo } = pace;
    return devices.length <= readWholeUpTo && racks.length <= readWholeUpTo;
  }

  async #readWhole(signal: AbortSignal | undefined): Promise<Furnishing> {
    const whole = await readFurnishing(this.#session, signal);
    this.#unshown.clear();
    this.#retain(whole.racks);
    for (const turn of [rackList, ...whole.racks.map(({ id }) => id)] as Turn[])
      this.#audit.note(turn, this.#clock.now());
    return whole;
  }

  async #readPart(mirror: PortalMirror, signal: AbortSignal | undefined): Promise<Furnishing> {
    const isListed = this.#isRackListDue;
    if (isListed) await this.#readRackList(mirror, signal);
    this.#retain(mirror.snapshot().racks);
    const doubted = [...new Set([...this.#unshown.keys(), ...this.#audit.doubted])].slice(0, mostDoubted);
    await this.#readRacks(doubted, mirror, signal);
    this.#read = new Set<Turn>(isListed ? [rackList, ...doubted] : doubted);
    return this.#furnishingOf(mirror);
  }

  /** The known racks and devices, including devices in unreadable racks or in none. */
  #furnishingOf(mirror: PortalMirror): Furnishing {
    this.#shown = mirror.snapshot();
    const { racks, devices, unreadable = [] } = this.#shown;
    return { racks, devices, unreadable: unreadable.filter(({ object }) => object === 'rack') };
  }

  #retain(racks: PortalSnapshot['racks']): void {
    this.#audit.retain(new Set(racks.map(({ id }) => id)), this.#clock.now());
  }

  async #readRackList(mirror: PortalMirror, signal: AbortSignal | undefined): Promise<void> {
    const racks = await readRacks(this.#session, { signal });
    const { profile } = mirror.snapshot();
    if (!racks.rows.every((rack) => rackFitsRelease(profile, rack)))
      this.#throwUpgraded('The list of racks is');
    const { changed, edits } = mirror.setListed(racks);
    logEdits(edits, this.#log);
    this.#retain(mirror.snapshot().racks);
    for (const id of changed) this.#audit.doubt(id);
    // The list has these racks, but the portal still failed to show them.
    for (const [id, problem] of this.#unshown) mirror.setUnshown(id, problem);
    this.#audit.note(rackList, this.#clock.now());
    this.#isRackListDue = false;
  }

  async #readRacks(
    racks: readonly RackId[],
    mirror: PortalMirror,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const read = async (id: RackId) => {
      const elapsed = startStopwatch();
      if (await this.#readIfShown(id, mirror, signal)) this.#limit.note('read-rack', elapsed());
    };
    await Promise.all(racks.map((id) => this.#limit.run(() => read(id))));
  }

  /** @returns false where the portal failed to show it */
  async #readIfShown(id: RackId, mirror: PortalMirror, signal: AbortSignal | undefined): Promise<boolean> {
    try {
      await this.#readRack(id, mirror, signal);
      return true;
    } catch (error) {
      if (!isFault(error)) throw error;
      if (!this.#unshown.has(id) && this.#unshown.size >= mostUnshown) throw error;
      this.#unshown.set(id, explain(error));
      mirror.setUnshown(id, explain(error));
      return false;
    }
  }

  async #readRack(id: RackId, mirror: PortalMirror, signal: AbortSignal | undefined): Promise<void> {
    const read = await this.#showRack(id, signal);
    const { profile } = mirror.snapshot();
    const fits =
      !read ||
      (rackFitsRelease(profile, read.rack) &&
        read.devices.every((device) => deviceFitsRelease(profile, device)));
    if (!fits) this.#throwUpgraded(`Rack ${id} is`);
    this.#unshown.delete(id);
    this.#audit.note(id, this.#clock.now());
    logEdits(mirror.setRead(id, read), this.#log);
  }

  /** Ends the run: what was read does not fit the release that was recognized. */
  #throwUpgraded(whatIs: string): never {
    this.#session.doubtProfile();
    throw new ServiceError(`${whatIs} of another release of Concertim than was recognized.`, {
      severity: 'transient',
      hint: 'Nothing needs to be done: the next run recognizes the release again.',
    });
  }

  /** Reads one rack. If one of its rows cannot be read, the next run reads the list of devices, which has the others. */
  async #showRack(id: RackId, signal: AbortSignal | undefined) {
    try {
      return await showRack(this.#session, id, signal);
    } catch (error) {
      if (error instanceof ShapeError) this.forget();
      throw error;
    }
  }
}

/** @throws everything else */
function unlessOddRow(error: unknown): undefined {
  if (!(error instanceof ShapeError)) throw error;
}

function asKnown(known: PortalSnapshot, portal: PortalSnapshot): PortalSnapshot {
  const { racks, devices, owners, templates, unreadable = [] } = portal;
  const isSame =
    racks === known.racks &&
    devices === known.devices &&
    equal(owners, known.owners) &&
    equal(templates, known.templates) &&
    equal(unreadable, known.unreadable ?? []);
  return isSame ? known : portal;
}

/** Whether templates no longer exist that devices were made from. */
function hasLostTemplates(known: PortalSnapshot, { templates, unreadable = [] }: PortalSnapshot): boolean {
  if (unreadable.some(({ object }) => object === 'template')) return false;
  const left = new Set(templates.map(({ id }) => id));
  const gone = new Set<Device['templateId']>(
    known.templates.filter(({ id }) => !left.has(id)).map(({ id }) => id),
  );
  return gone.size > 0 && known.devices.some(({ templateId }) => gone.has(templateId));
}

/** Whether owners no longer exist who had racks. */
function hasLostOwners(known: PortalSnapshot, { owners, racks }: PortalSnapshot): boolean {
  const left = new Set(owners.map(({ id }) => id));
  const gone = new Set(known.owners.filter(({ id }) => !left.has(id)).map(({ id }) => id));
  return gone.size > 0 && racks.some(({ ownerId }) => gone.has(ownerId));
}
