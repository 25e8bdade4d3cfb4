import type {
  Device,
  DeviceId,
  Owner,
  PortalSnapshot,
  Rack,
  RackId,
  Template,
  TemplateId,
} from '../concertim/model.ts';
import type { PortalProfile } from '../concertim/profile.ts';

/**
 * The portal as its one writer knows it: read whole by each full run, kept current by the writer's own writes, so that a
 * targeted run need not read it again.
 */
export class PortalMirror {
  readonly #profile: PortalProfile;
  #owners: readonly Owner[];
  readonly #racks: Map<RackId, Rack>;
  readonly #devices: Map<DeviceId, Device>;
  readonly #templates: Map<TemplateId, Template>;
  /** undefined: something was written since it was made. */
  #snapshot: PortalSnapshot | undefined;

  constructor(snapshot: PortalSnapshot) {
    this.#profile = snapshot.profile;
    this.#owners = snapshot.owners;
    this.#racks = new Map(snapshot.racks.map((rack) => [rack.id, rack]));
    this.#devices = new Map(snapshot.devices.map((device) => [device.id, device]));
    this.#templates = new Map(snapshot.templates.map((template) => [template.id, template]));
  }

  snapshot(): PortalSnapshot {
    this.#snapshot ??= {
      profile: this.#profile,
      owners: this.#owners,
      racks: [...this.#racks.values()],
      devices: [...this.#devices.values()],
      templates: [...this.#templates.values()],
    };
    return this.#snapshot;
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
    this.#devices.set(device.id, device);
  }

  deleteDevice(id: DeviceId): void {
    this.#snapshot = undefined;
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
