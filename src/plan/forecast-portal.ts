import type {
  Device,
  OwnerId,
  PortalSnapshot,
  Rack,
  RackId,
  Template,
  TemplateId,
} from '../concertim/model.ts';
import { rowRules } from '../concertim/row-rules.ts';
import { unreachable } from '../runtime/unreachable.ts';
import { type Change, type NewDevice, type NewRackKey, templateKey } from './change.ts';

/** A rack as it will be when the changes so far are made. */
export interface ForecastRack extends Pick<Rack, 'ownerId' | 'name' | 'height' | 'status' | 'orderId'> {
  /** By device id; a new device by its change object, since it has no id yet. */
  readonly devices: Map<unknown, Standing>;
}

interface Standing {
  readonly name: string;
  readonly startU: number;
  readonly endU: number;
}

type ForecastTemplate = Pick<Template, 'name' | 'height' | 'tag'>;

/** The portal after each change of a plan, with the fields that its validations use. */
export class ForecastPortal {
  readonly profile: PortalSnapshot['profile'];
  readonly #owners: ReadonlySet<OwnerId>;
  readonly #racks = new Map<RackId | NewRackKey, ForecastRack>();
  readonly #rackNames = new Map<string, number>();
  readonly #orders = new Set<string>();
  readonly #templates = new Map<TemplateId | string, ForecastTemplate>();
  readonly #templateNames = new Map<string, number>();
  readonly #uses = new Map<TemplateId, number>();

  constructor(portal: PortalSnapshot) {
    this.profile = portal.profile;
    this.#owners = new Set(portal.owners.map(({ id }) => id));
    for (const rack of portal.racks) this.#addRack(rack.id, rack);
    for (const device of portal.devices) this.#addDevice(device);
    for (const name of rowRules.template.reservedNames) count(this.#templateNames, name, 1);
    for (const template of portal.templates) this.#addTemplate(template.id, template);
    // Rows that cannot be read take names and units too, as far as those are known.
    for (const { object, id, name, ownerId, location } of portal.unreadable ?? []) {
      if (object === 'device' && location)
        this.#racks.get(location.rackId)?.devices.set(id ?? location, { name: name ?? '', ...location });
      if (name === undefined) continue;
      if (object === 'template') count(this.#templateNames, name, 1);
      if (object === 'rack' && ownerId !== undefined) count(this.#rackNames, rackName(ownerId, name), 1);
    }
  }

  hasOwner(id: OwnerId): boolean {
    return this.#owners.has(id);
  }

  rack(id: RackId | NewRackKey): ForecastRack | undefined {
    return this.#racks.get(id);
  }

  template(id: TemplateId | string): ForecastTemplate | undefined {
    return this.#templates.get(id);
  }

  racksNamed(owner: OwnerId, name: string): number {
    return this.#rackNames.get(rackName(owner, name)) ?? 0;
  }

  /** The portal saves the rack with every change of a device, and refuses it when another rack of the owner has its name. */
  isSavable({ ownerId, name }: ForecastRack): boolean {
    return this.racksNamed(ownerId, name) === 1;
  }

  hasOrder(order: string): boolean {
    return this.#orders.has(order);
  }

  hasTemplateNamed(name: string): boolean {
    return (this.#templateNames.get(name) ?? 0) > 0;
  }

  /** Whether a device is made from a template. */
  isUsed(template: TemplateId): boolean {
    return (this.#uses.get(template) ?? 0) > 0;
  }

  /** The same portal without a device: to replace one, it is deleted first. */
  without(device: Device): this {
    if (device.location) this.#racks.get(device.location.rackId)?.devices.delete(device.id);
    count(this.#uses, device.templateId, -1);
    return this;
  }

  /** Makes a change that is not refused. */
  apply(change: Change): void {
    switch (change.kind) {
      case 'create-template':
        return this.#addTemplate(templateKey(change.draft), change.draft);
      case 'update-template': {
        const { id, name } = change.template;
        count(this.#templateNames, this.#templates.get(id)?.name ?? name, -1);
        return this.#addTemplate(id, { ...change.template, ...change.patch });
      }
      case 'delete-template':
        count(this.#templateNames, this.#templates.get(change.template.id)?.name, -1);
        this.#templates.delete(change.template.id);
        return;
      case 'create-rack':
        return this.#addRack(change.key, change.draft);
      case 'update-rack': {
        const { id } = change.rack;
        const present = this.#removeRack(id);
        return this.#addRack(id, { ...(present ?? change.rack), ...change.patch }, present?.devices);
      }
      case 'delete-rack':
        this.#removeRack(change.rack.id);
        return;
      case 'create-device':
        return this.#addNewDevice(change);
      case 'update-device': {
        const { device, patch } = change;
        const rack = device.location ? this.#racks.get(device.location.rackId) : undefined;
        const standing = rack?.devices.get(device.id);
        if (standing) rack?.devices.set(device.id, { ...standing, name: patch.name ?? standing.name });
        return;
      }
      case 'replace-device':
        // The old device was already removed when the change was judged.
        return this.#addNewDevice(change);
      case 'delete-device':
        this.without(change.device);
        return;
      default:
        return unreachable(change);
    }
  }

  #addRack(id: RackId | NewRackKey, rack: RackColumns, devices = new Map<unknown, Standing>()): void {
    this.#racks.set(id, { ...rack, devices });
    count(this.#rackNames, rackName(rack.ownerId, rack.name), 1);
    if (rack.orderId !== undefined) this.#orders.add(rack.orderId);
  }

  #removeRack(id: RackId): ForecastRack | undefined {
    const rack = this.#racks.get(id);
    if (!rack) return undefined;
    this.#racks.delete(id);
    count(this.#rackNames, rackName(rack.ownerId, rack.name), -1);
    if (rack.orderId !== undefined) this.#orders.delete(rack.orderId);
    return rack;
  }

  #addDevice({ id, name, location, templateId }: Device): void {
    count(this.#uses, templateId, 1);
    if (location) this.#racks.get(location.rackId)?.devices.set(id, { name, ...location });
  }

  #addNewDevice(change: NewDevice): void {
    const { rack, template, startU, draft } = change;
    const { height } = this.template(template.kind === 'new' ? template.key : template.id) ?? { height: 1 };
    const place = { name: draft.name, startU, endU: startU + height - 1 };
    this.#racks.get(rack.kind === 'new' ? rack.key : rack.id)?.devices.set(change, place);
    if (template.kind === 'present') count(this.#uses, template.id, 1);
  }

  #addTemplate(id: TemplateId | string, template: ForecastTemplate): void {
    this.#templates.set(id, template);
    count(this.#templateNames, template.name, 1);
  }
}

type RackColumns = Omit<ForecastRack, 'devices'>;

function rackName(owner: OwnerId, name: string): string {
  return `${owner}/${name}`;
}

function count<Key>(counts: Map<Key, number>, key: Key | undefined, by: 1 | -1): void {
  if (key !== undefined) counts.set(key, (counts.get(key) ?? 0) + by);
}
