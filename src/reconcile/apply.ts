import pLimit from 'p-limit';
import { createDevice, deleteDevice, listDevices, updateDevice } from '../concertim/devices.ts';
import { ConcertimError, isNoSuchRecord } from '../concertim/errors.ts';
import type { Device, DeviceId, Rack, RackId, Template, TemplateId } from '../concertim/model.ts';
import type { PortalProfile } from '../concertim/profile.ts';
import { createRack, deleteRack, listRacks, showRack, updateRack } from '../concertim/racks.ts';
import type { Session } from '../concertim/session.ts';
import { createTemplate, deleteTemplate, listTemplates, updateTemplate } from '../concertim/templates.ts';
import { BodyError, ConnectionError, TimeoutError } from '../http/errors.ts';
import type { Tracing } from '../observability/tracing.ts';
import {
  type Change,
  type NewDevice,
  type NewRackKey,
  type Plan,
  type RackRef,
  type TemplateRef,
  templateKey,
} from '../plan/change.ts';
import { keyOfSource, objectOfDevice, sourceOfRack } from '../plan/ownership.ts';
import type { Subject } from '../plan/subject.ts';
import type { Clock } from '../runtime/clock.ts';
import { ServiceError, severityOf } from '../runtime/severity.ts';
import { startStopwatch } from '../runtime/stopwatch.ts';
import { unreachable } from '../runtime/unreachable.ts';
import type { PortalMirror } from './mirror.ts';
import { OutageWatch } from './outage.ts';

/** What became of one change. */
export type Outcome =
  | {
      readonly kind: 'done';
      readonly change: Change;
      /** The portal's id of what was made; undefined where nothing was. */
      readonly id: RackId | DeviceId | TemplateId | undefined;
      readonly ms: number;
    }
  | { readonly kind: 'failed'; readonly change: Change; readonly error: unknown }
  /** Not tried: somebody else undoes it each time. */
  | { readonly kind: 'contested'; readonly change: Change }
  /** Not tried: what it stands on is not there. The next run plans it again. */
  | { readonly kind: 'skipped'; readonly change: Change; readonly because: string };

/** As many as one portal process has threads. */
const lanesAtOnce = 5;

/**
 * Carries out a plan: phase by phase, the lanes of a phase side by side, the changes of a lane one after the other.
 * One change's failure is its own; the rest goes on. Ends early, with what was done, when the signal is aborted or the
 * portal becomes unavailable.
 *
 * @returns how many changes were postponed because the portal is unavailable, and its last error
 */
export async function applyPlan(
  plan: Plan,
  portal: { readonly session: Session; readonly mirror: PortalMirror },
  options: {
    readonly onOutcome: (outcome: Outcome) => void;
    /** Whether somebody else undoes this change each time. */
    readonly isContested: (change: Change) => boolean;
    /** Names a change, for the trace. */
    readonly subjectOf: (change: Change) => Subject;
    readonly tracing: Tracing;
    readonly clock: Clock;
    /** The plan's rows were read in this run; others are read again before they are deleted. */
    readonly isFresh: boolean;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<{ readonly untried: number; readonly because: unknown }> {
  const probe = () => listTemplates(portal.session, { signal: options.signal });
  const watch = new OutageWatch(options.clock, { probe });
  const { profile } = portal.mirror.snapshot();
  const writer = new PlanWriter({ ...portal, watch, isFresh: options.isFresh, signal: options.signal });
  let untried = 0;
  const limit = pLimit(lanesAtOnce);
  for (const lanes of plan.phases) {
    await Promise.all(
      lanes.map((lane) =>
        limit(async () => {
          for (const change of lane.changes) {
            if (options.signal?.aborted) return;
            if (watch.isAway) {
              untried++;
              continue;
            }
            if (options.isContested(change)) {
              options.onOutcome({ kind: 'contested', change });
              continue;
            }
            const fields = { ...options.subjectOf(change), why: change.reason };
            const outcome = await options.tracing.work(change.kind, { fields }, () =>
              writer.write(change, lane.name),
            );
            options.onOutcome(outcome);
            if (outcome.kind === 'failed' && isRefusal(outcome.error))
              await noticeUpgrade(portal.session, profile, watch, options.signal);
          }
        }),
      ),
    );
  }
  return { untried, because: watch.because };
}

/** What a portal of another release would not have taken either. */
function isRefusal(error: unknown): boolean {
  return error instanceof ConcertimError && (error.status === 404 || error.status === 422);
}

/** The portal is of another release than the plan was made for: it has other owners, ids and racks. */
export class PortalUpgraded extends ServiceError {
  override readonly name = 'PortalUpgraded';

  constructor(planned: PortalProfile, found: PortalProfile) {
    super(
      `The portal was upgraded from release ${planned.release} to ${found.release} while changes were made.`,
      { severity: 'transient', hint: 'Nothing needs to be done: the next run reads it again.' },
    );
  }
}

/** Gives up when the portal is of another release than the plan, or of none that is served. */
async function noticeUpgrade(
  session: Session,
  planned: PortalProfile,
  watch: OutageWatch,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    const found = await session.profile(signal);
    if (found !== planned) watch.giveUp(new PortalUpgraded(planned, found));
  } catch (error) {
    if (severityOf(error) === 'fatal') watch.giveUp(error);
  }
}

/** What a device stands on and is made from. */
interface Ground {
  readonly rackId: RackId;
  readonly templateId: TemplateId;
}

/** A change cannot be tried because an earlier one failed. */
class Obstacle extends Error {}

/** Writes the changes of one plan, and knows what the earlier ones have made. */
class PlanWriter {
  readonly #session: Session;
  readonly #mirror: PortalMirror;
  readonly #watch: OutageWatch;
  readonly #isFresh: boolean;
  readonly #signal: AbortSignal | undefined;
  readonly #racks = new Map<NewRackKey, RackId>();
  readonly #templates = new Map<string, TemplateId>();
  /** Racks that a device could not be taken out of. */
  readonly #occupied = new Set<RackId>();

  constructor(options: {
    readonly session: Session;
    readonly mirror: PortalMirror;
    readonly watch: OutageWatch;
    readonly isFresh: boolean;
    readonly signal: AbortSignal | undefined;
  }) {
    this.#session = options.session;
    this.#mirror = options.mirror;
    this.#watch = options.watch;
    this.#isFresh = options.isFresh;
    this.#signal = options.signal;
  }

  async write(change: Change, lane: string): Promise<Outcome> {
    const elapsed = startStopwatch();
    try {
      const id = await this.#watch.ask(() => this.#carryOut(change, lane));
      return { kind: 'done', change, id, ms: elapsed() };
    } catch (error) {
      if (error instanceof Obstacle) return { kind: 'skipped', change, because: error.message };
      this.#noteFailure(change, error);
      return { kind: 'failed', change, error };
    }
  }

  /**
   * @returns the portal's id of what was made; undefined where nothing was
   * @throws {Obstacle} when it was not tried
   */
  async #carryOut(change: Change, lane: string): Promise<RackId | DeviceId | TemplateId | undefined> {
    const session = this.#session;
    const mirror = this.#mirror;
    const signal = this.#signal;
    switch (change.kind) {
      case 'create-template': {
        const { draft } = change;
        const template = await this.#create(
          () => createTemplate(session, draft, signal),
          async () =>
            (await listTemplates(session, { signal })).find(({ foreignId, tag }) =>
              draft.tag ? tag === draft.tag : foreignId === draft.foreignId,
            ),
        );
        mirror.setTemplate(template);
        this.#templates.set(templateKey(draft), template.id);
        return template.id;
      }
      case 'update-template':
        mirror.setTemplate(await updateTemplate(session, change.template.id, change.patch, signal));
        return undefined;
      case 'delete-template':
        await deleteTemplate(session, change.template.id, signal);
        mirror.deleteTemplate(change.template.id);
        return undefined;
      case 'create-rack': {
        const { draft } = change;
        const rack = await this.#create(
          () => createRack(session, draft, signal),
          async () => (await listRacks(session, { signal })).find((r) => isRackOf(r, lane, draft)),
        );
        mirror.setRack(rack);
        this.#racks.set(change.key, rack.id);
        return rack.id;
      }
      case 'update-rack':
        mirror.setRack(await updateRack(session, change.rack.id, change.patch, signal));
        return undefined;
      case 'delete-rack':
        if (this.#occupied.has(change.rack.id)) throw new Obstacle('a device could not be taken out of it');
        await this.#confirmRack(change.rack);
        await deleteRack(session, change.rack.id, signal);
        mirror.deleteRack(change.rack.id);
        return undefined;
      case 'update-device':
        mirror.setDevice(await updateDevice(session, change.device, change.patch, signal));
        return undefined;
      case 'delete-device':
        await this.#confirmDevice(change.device);
        await this.#deleteDevice(change.device);
        return undefined;
      case 'create-device':
        return this.#createDevice(change, this.#ground(change));
      case 'replace-device': {
        const ground = this.#ground(change);
        await this.#confirmDevice(change.device);
        await this.#deleteDevice(change.device);
        return this.#createDevice(change, ground);
      }
      default:
        return unreachable(change);
    }
  }

  /**
   * An id is remembered; what has it may be another rack by now. One that is gone counts as deleted.
   *
   * @throws {Obstacle} when the row makes another claim than the one that the plan was made for
   */
  async #confirmRack(rack: Rack): Promise<void> {
    if (this.#isFresh) return;
    const found = (await showRack(this.#session, rack.id, this.#signal))?.rack;
    if (!found || (claimOfRack(found) === claimOfRack(rack) && found.ownerId === rack.ownerId)) return;
    this.#mirror.setRack(found);
    throw new Obstacle('its row in the portal has changed since it was read');
  }

  /** The same of a device, which must stand in the rack that it stood in, too. @throws {Obstacle} */
  async #confirmDevice(device: Device): Promise<void> {
    if (this.#isFresh) return;
    const found = await this.#find(device);
    if (found && isOfSameObject(found, device)) return;
    if (found) this.#mirror.setDevice(found);
    else this.#mirror.deleteDevice(device.id);
    throw new Obstacle('its row in the portal has changed since it was read');
  }

  async #find({ id, location }: Device): Promise<Device | undefined> {
    const devices = location
      ? (await showRack(this.#session, location.rackId, this.#signal))?.devices
      : await listDevices(this.#session, { signal: this.#signal });
    return devices?.find((each) => each.id === id);
  }

  async #deleteDevice({ id }: Device): Promise<void> {
    await deleteDevice(this.#session, id, this.#signal);
    this.#mirror.deleteDevice(id);
  }

  async #createDevice({ draft, startU }: NewDevice, { rackId, templateId }: Ground): Promise<DeviceId> {
    const location = { rackId, startU, facing: 'f' as const };
    const device = await this.#create(
      () => createDevice(this.#session, { ...draft, templateId, location }, this.#signal),
      async () => {
        const rack = await showRack(this.#session, rackId, this.#signal);
        return rack?.devices.find((other) => isOfSameObject(other, draft));
      },
    );
    this.#mirror.setDevice(device);
    return device.id;
  }

  #ground({ rack, template }: NewDevice): Ground {
    const rackId = this.#rackId(rack);
    if (rackId === undefined) throw new Obstacle('its rack could not be made');
    const templateId = this.#templateId(template);
    if (templateId === undefined) throw new Obstacle('its template could not be made');
    return { rackId, templateId };
  }

  #rackId(rack: RackRef): RackId | undefined {
    return rack.kind === 'present' ? rack.id : this.#racks.get(rack.key);
  }

  #templateId(template: TemplateRef): TemplateId | undefined {
    return template.kind === 'present' ? template.id : this.#templates.get(template.key);
  }

  /**
   * A create is never repeated blindly: the portal would make a second object. When it is not certain that nothing
   * was made, what was meant is looked for; if it is not there, the next run, which reads the portal first, tries again.
   */
  async #create<T extends Rack | Device | Template>(
    create: () => Promise<T>,
    find: () => Promise<T | undefined>,
  ): Promise<T> {
    try {
      return await create();
    } catch (error) {
      if (!mayHaveBeenCarriedOut(error) || this.#signal?.aborted) throw error;
      const found = await find();
      if (found) return found;
      throw error;
    }
  }

  /** What the portal does not have any more, the next run plans again. */
  #noteFailure(change: Change, error: unknown): void {
    if (change.kind === 'delete-device' && change.device.location) {
      this.#occupied.add(change.device.location.rackId);
    }
    if (!isNoSuchRecord(error)) return;
    if (change.kind === 'update-device') this.#mirror.deleteDevice(change.device.id);
    if (change.kind === 'update-rack') this.#mirror.deleteRack(change.rack.id);
    if (change.kind === 'update-template') this.#mirror.deleteTemplate(change.template.id);
  }
}

/** No answer, one that cannot be read, or one of a proxy that has given up waiting. */
function mayHaveBeenCarriedOut(error: unknown): boolean {
  if (error instanceof ConnectionError) return error.maybeCarriedOut;
  if (error instanceof TimeoutError || error instanceof BodyError) return true;
  return error instanceof ConcertimError && error.status >= 500;
}

/** Whatever somebody else's rack claims, it is not the one that we made. */
function isRackOf(rack: Rack, lane: string, { name, ownerId }: Pick<Rack, 'name' | 'ownerId'>): boolean {
  return claimOfRack(rack) === lane && rack.name === name && rack.ownerId === ownerId;
}

function isOfSameObject(a: Pick<Device, 'kind' | 'metadata'>, b: Pick<Device, 'kind' | 'metadata'>): boolean {
  return a.kind === b.kind && objectOfDevice(a) === objectOfDevice(b);
}

function claimOfRack(rack: Rack): string | undefined {
  const source = sourceOfRack(rack);
  return source && keyOfSource(source);
}
