import type {
  Device,
  DeviceId,
  Owner,
  PortalSnapshot,
  Rack,
  RackId,
  Rows,
  Template,
  TemplateId,
  UnreadableRow,
} from '../concertim/model.ts';
import type { PortalProfile } from '../concertim/profile.ts';
import { equal } from '../plan/difference.ts';
import { indexPortal } from '../plan/portal-index.ts';
import { type Edit, editsBetween } from './portal-edits.ts';

/**
 * The portal as its one writer knows it: read whole by each full run, kept current by the writer's own writes, so that a
 * targeted run need not read it again; in between, one rack after the other is read with what stands in it.
 */
export class PortalMirror {
  readonly #profile: PortalProfile;
  #owners: readonly Owner[];
  readonly #racks: Map<RackId, Rack>;
  readonly #devices: Map<DeviceId, Device>;
  readonly #templates: Map<TemplateId, Template>;
  /** The previous state of rows that others have changed; undefined: the row did not exist. */
  readonly #editedRacks = new Map<RackId, Rack | undefined>();
  readonly #edited = new Map<DeviceId, Device | undefined>();
  /** As read by the last full run (racks: by their last list). Until the next one, what they may be is not created. */
  #unreadable: readonly UnreadableRow[];
  /** undefined: something was written since it was made. */
  #snapshot: PortalSnapshot | undefined;

  constructor(snapshot: PortalSnapshot) {
    this.#profile = snapshot.profile;
    this.#owners = snapshot.owners;
    this.#racks = new Map(snapshot.racks.map((rack) => [rack.id, rack]));
    this.#devices = new Map(snapshot.devices.map((device) => [device.id, device]));
    this.#unreadable = snapshot.unreadable ?? [];
    this.#templates = new Map(snapshot.templates.map((template) => [template.id, template]));
    this.#snapshot = snapshot;
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

  /** The portal as it would be if only this service had written to it. */
  unedited(): PortalSnapshot {
    // As before most runs: a large portal is not copied for them.
    if (this.#editedRacks.size === 0 && this.#edited.size === 0) return this.snapshot();
    const racks = before(this.#racks, this.#editedRacks);
    return { ...this.snapshot(), racks, devices: before(this.#devices, this.#edited) };
  }

  /** Takes a list of all racks. @returns racks that others have changed or created, and devices that are gone with their racks */
  setListed({ rows, unreadable }: Rows<Rack>): { readonly changed: RackId[]; readonly edits: Edit[] } {
    const listed = new Map(rows.map((rack) => [rack.id, rack]));
    const isUnreadable = (id: RackId) => unreadable.some((row) => row.id === undefined || row.id === id);
    const gone = [...this.#racks.keys()].filter((id) => !listed.has(id));
    const edits = gone.flatMap((id) => (isUnreadable(id) ? [] : this.#setDevices(id, [])));
    for (const id of gone) this.#setReadRack(id, undefined);
    const changed = rows.filter((rack) => this.#setReadRack(rack.id, rack)).map(({ id }) => id);
    const others = this.#unreadable.filter(({ object }) => object !== 'rack');
    if (!equal([...others, ...unreadable], this.#unreadable)) this.#snapshot = undefined;
    this.#unreadable = [...others, ...unreadable];
    return { changed, edits };
  }

  /** Takes a rack with its devices, as just read; undefined: it does not exist. @returns what others have changed in its devices */
  setRead(
    id: RackId,
    read: { readonly rack: Rack; readonly devices: readonly Device[] } | undefined,
  ): Edit[] {
    this.#setReadRack(id, read?.rack);
    return this.#setDevices(id, read?.devices ?? []);
  }

  /** A rack that the portal fails to show counts as an unreadable row: the rack and its devices are left as they are. */
  setUnshown(id: RackId, problem: string): void {
    const rack = this.#racks.get(id);
    if (!rack) return;
    const { name, metadata, ownerId } = rack;
    const unknown = { rackId: undefined, location: undefined, templateId: undefined, foreignId: undefined };
    const row: UnreadableRow = {
      kind: 'unreadable',
      object: 'rack',
      problem,
      id,
      name,
      metadata,
      ownerId,
      ...unknown,
    };
    this.#racks.delete(id);
    this.#unreadable = [...this.#unreadable, row];
    this.#snapshot = undefined;
  }

  /** @returns whether others have changed it */
  #setReadRack(id: RackId, rack: Rack | undefined): boolean {
    const known = this.#racks.get(id);
    if (equal(known, rack)) return false;
    if (!this.#editedRacks.has(id)) this.#editedRacks.set(id, known);
    if (rack) this.#racks.set(id, rack);
    else this.#racks.delete(id);
    this.#unreadable = this.#unreadable.filter((row) => row.object !== 'rack' || row.id !== id);
    this.#snapshot = undefined;
    return true;
  }

  #setDevices(rackId: RackId, devices: readonly Device[]): Edit[] {
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
    this.#editedRacks.delete(rack.id);
    this.#racks.set(rack.id, rack);
  }

  deleteRack(id: RackId): void {
    this.#snapshot = undefined;
    this.#editedRacks.delete(id);
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

/** The rows with the previous state of those that others have edited. */
function before<Id, Row>(rows: ReadonlyMap<Id, Row>, edited: ReadonlyMap<Id, Row | undefined>): Row[] {
  const all = new Map(rows);
  for (const [id, was] of edited) {
    if (was) all.set(id, was);
    else all.delete(id);
  }
  return [...all.values()];
}
