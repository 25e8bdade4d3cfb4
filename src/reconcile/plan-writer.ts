import { createDevice, deleteDevice, updateDevice } from '../concertim/devices.ts';
import { isNoSuchRecord } from '../concertim/errors.ts';
import type { Device, DeviceId, Rack, RackId, TemplateId } from '../concertim/model.ts';
import { createRack, deleteRack, listRacks, showRack, updateRack } from '../concertim/racks.ts';
import type { Session } from '../concertim/session.ts';
import { createTemplate, deleteTemplate, listTemplates, updateTemplate } from '../concertim/templates.ts';
import {
  type Change,
  type NewDevice,
  type NewRackKey,
  type RackRef,
  type TemplateRef,
  templateKey,
} from '../plan/change.ts';
import { startStopwatch } from '../runtime/stopwatch.ts';
import { unreachable } from '../runtime/unreachable.ts';
import { claimOfRack, isOfSameObject } from './claim-of-row.ts';
import { confirmDevice, confirmRack, Obstacle } from './confirm-rows.ts';
import { createOnce } from './create-once.ts';
import type { PortalMirror } from './mirror.ts';
import type { OutageWatch } from './outage.ts';
import type { Outcome } from './outcome.ts';

/** The rack and the template of a new device. */
interface Footing {
  readonly rackId: RackId;
  readonly templateId: TemplateId;
}

/** Whether a row was read in this run. One that was not is read before it is deleted, and must still make the same claim. */
export type IsRead = (row: Device | Rack) => boolean;

/** Writes the changes of one plan, and knows what the earlier ones have made. */
export class PlanWriter {
  readonly #session: Session;
  readonly #mirror: PortalMirror;
  readonly #watch: OutageWatch;
  readonly #isRead: IsRead;
  readonly #signal: AbortSignal | undefined;
  readonly #racks = new Map<NewRackKey, RackId>();
  readonly #templates = new Map<string, TemplateId>();
  /** Racks that are not empty because the deletion of a device failed. */
  readonly #occupied = new Set<RackId>();

  constructor(options: {
    readonly session: Session;
    readonly mirror: PortalMirror;
    readonly watch: OutageWatch;
    readonly isRead: IsRead;
    readonly signal: AbortSignal | undefined;
  }) {
    this.#session = options.session;
    this.#mirror = options.mirror;
    this.#watch = options.watch;
    this.#isRead = options.isRead;
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
        const template = await createOnce(
          () => createTemplate(session, draft, signal),
          async () =>
            (await listTemplates(session, { signal })).find(({ foreignId, tag }) =>
              draft.tag ? tag === draft.tag : foreignId === draft.foreignId,
            ),
          signal,
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
        const rack = await createOnce(
          () => createRack(session, draft, signal),
          async () => (await listRacks(session, { signal })).find((r) => isRackOf(r, lane, draft)),
          signal,
        );
        mirror.setRack(rack);
        this.#racks.set(change.key, rack.id);
        return rack.id;
      }
      case 'update-rack':
        mirror.setRack(await updateRack(session, change.rack.id, change.patch, signal));
        return undefined;
      case 'delete-rack':
        if (this.#occupied.has(change.rack.id)) throw new Obstacle('a device in it could not be removed');
        if (!this.#isRead(change.rack)) await confirmRack({ session, mirror }, change.rack, signal);
        await deleteRack(session, change.rack.id, signal);
        mirror.deleteRack(change.rack.id);
        return undefined;
      case 'update-device':
        mirror.setDevice(await updateDevice(session, change.device, change.patch, signal));
        return undefined;
      case 'delete-device':
        if (!this.#isRead(change.device)) await confirmDevice({ session, mirror }, change.device, signal);
        await this.#deleteDevice(change.device);
        return undefined;
      case 'create-device':
        return this.#createDevice(change, this.#footing(change));
      case 'replace-device': {
        const footing = this.#footing(change);
        if (!this.#isRead(change.device)) await confirmDevice({ session, mirror }, change.device, signal);
        await this.#deleteDevice(change.device);
        return this.#createDevice(change, footing);
      }
      default:
        return unreachable(change);
    }
  }

  async #deleteDevice({ id }: Device): Promise<void> {
    await deleteDevice(this.#session, id, this.#signal);
    this.#mirror.deleteDevice(id);
  }

  async #createDevice({ draft, startU }: NewDevice, { rackId, templateId }: Footing): Promise<DeviceId> {
    const location = { rackId, startU, facing: 'f' as const };
    const device = await createOnce(
      () => createDevice(this.#session, { ...draft, templateId, location }, this.#signal),
      async () => {
        const rack = await showRack(this.#session, rackId, this.#signal);
        return rack?.devices.find((other) => isOfSameObject(other, draft));
      },
      this.#signal,
    );
    this.#mirror.setDevice(device);
    return device.id;
  }

  #footing({ rack, template }: NewDevice): Footing {
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

  /** Notes what a failed change leaves behind for the changes after it. */
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

/** Compares owner and name too: a rack of another owner may claim the same source, but this service did not create it. */
function isRackOf(rack: Rack, lane: string, { name, ownerId }: Pick<Rack, 'name' | 'ownerId'>): boolean {
  return claimOfRack(rack) === lane && rack.name === name && rack.ownerId === ownerId;
}
