import type {
  Device,
  DeviceId,
  Owner,
  PortalSnapshot,
  Rack,
  RackId,
  Template,
  TemplateId,
  UnreadableRow,
} from '../concertim/model.ts';
import type { PortalProfile } from '../concertim/profile.ts';
import { indexPortal } from '../plan/portal-index.ts';
import { type Edit, editsBetween } from './portal-edits.ts';

/**
 * The portal as its one writer knows it: read whole by each full run, kept current by the writer's own writes, so that a
 * targeted run need not read it again; in between, what stands in one rack after the other is read.
 */
export class PortalMirror {
  readonly #profile: PortalProfile;
  #owners: readonly Owner[];
  readonly #racks: Map<RackId, Rack>;
  readonly #devices: Map<DeviceId, Device>;
  readonly #templates: Map<TemplateId, Template>;
  /** Devices that were read as others have made them since, as they were known before; undefined: not. */
  readonly #edited = new Map<DeviceId, Device | undefined>();
  /** As of the full run: what they may be stays unmade until the next one. */
  readonly #unreadable: readonly UnreadableRow[];
  /** undefined: something was written since it was made. */
  #snapshot: PortalSnapshot | undefined;

  constructor(snapshot: PortalSnapshot) {
    this.#profile = snapshot.profile;
    this.#owners = snapshot.owners;
    this.#racks = new Map(snapshot.racks.map((rack) => [rack.id, rack]));
    this.#devices = new Map(snapshot.devices.map((device) => [device.id, device]));
    this.#unreadable = snapshot.unreadable ?? [];
    this.#templates = new Map(snapshot.templates.map((template) => [template.id, template]));
  }

  snapshot(): PortalSnapshot {
    this.#snapshot ??= {
      profile: this.#profile,
      owners: this.#owners,
      racks: [...this.#racks.values()],
      devices: [...this.#devices.values()],
      templates: [...this.#templates.values()],
      unreadable: this.#unreadable,
    };
    return this.#snapshot;
  }

  /** As it would be if nobody else had written to it since it was made. */
  unedited(): PortalSnapshot {
    const devices = new Map(this.#devices);
    for (const [id, before] of this.#edited) {
      if (before) devices.set(id, before);
      else devices.delete(id);
    }
    return { ...this.snapshot(), devices: [...devices.values()] };
  }

  /** What stands in a rack, as it was just read. @returns what others have done to it */
  setRead(rackId: RackId, devices: readonly Device[]): Edit[] {
    const known = indexPortal(this.snapshot()).devicesOfRack.get(rackId) ?? [];
    const edits = editsBetween(known, devices);
    for (const { before, after } of edits) {
      const id = (before ?? after)?.id as DeviceId;
      if (!this.#edited.has(id)) this.#edited.set(id, before);
      if (after) this.#devices.set(id, after);
      else this.#devices.delete(id);
    }
    if (edits.length > 0) this.#snapshot = undefined;
    return edits;
  }

  setOwners(owners: readonly Owner[]): void {
    this.#snapshot = undefined;
    this.#owners = owners;
  }

  setRack(rack: Rack): void {
    this.#snapshot = undefined;
    this.#racks.set(rack.id, rack);
  }

  deleteRack(id: RackId): void {
    this.#snapshot = undefined;
    this.#racks.delete(id);
  }

  setDevice(device: Device): void {
    this.#snapshot = undefined;
    this.#edited.delete(device.id);
    this.#devices.set(device.id, device);
  }

  deleteDevice(id: DeviceId): void {
    this.#snapshot = undefined;
    this.#edited.delete(id);
    this.#devices.delete(id);
  }

  setTemplate(template: Template): void {
    this.#snapshot = undefined;
    this.#templates.set(template.id, template);
  }

  deleteTemplate(id: TemplateId): void {
    this.#snapshot = undefined;
    this.#templates.delete(id);
  }
}
