import {
  type Device,
  type DeviceDraft,
  type DeviceId,
  type DevicePatch,
  type PortalSnapshot,
  type Rack,
  type RackDraft,
  type RackId,
  type RackPatch,
  type Template,
  type TemplateId,
  type TemplatePatch,
} from '../../src/concertim/model.ts';
import { rackStatuses } from '../../src/concertim/statuses.ts';
import {
  type Change,
  type NewDevice,
  type NewRackKey,
  type RackRef,
  type TemplateRef,
  templateKey,
} from '../../src/plan/change.ts';
import { unreachable } from '../../src/runtime/unreachable.ts';

/** The portal says no; the message is what it would answer. */
export class PortalRefusal extends Error {
  override readonly name = 'PortalRefusal';
}

/**
 * A portal of values, of the release whose profile it has. It carries out what the real one does and refuses what the real
 * one refuses (contracts/concertim.md, sections 2 and 7), its gaps included: of a device's units it checks the lowest alone.
 * It knows nothing of who owns what in the cloud.
 */
export class PaperPortal {
  readonly #profile: PortalSnapshot['profile'];
  readonly #owners: PortalSnapshot['owners'];
  readonly #racks = new Map<RackId, Rack>();
  readonly #devices = new Map<DeviceId, Device>();
  readonly #templates = new Map<TemplateId, Template>();
  #lastId = 0;

  constructor({ profile, owners, racks, devices, templates }: PortalSnapshot) {
    this.#profile = profile;
    this.#owners = owners;
    for (const rack of racks) this.#racks.set(rack.id, rack);
    for (const device of devices) this.#devices.set(device.id, device);
    for (const template of templates) this.#templates.set(template.id, template);
    for (const { id } of [...racks, ...devices, ...templates])
      this.#lastId = Math.max(this.#lastId, Number(id));
  }

  /** Its lists, in the order in which the rows were last written. */
  snapshot(): PortalSnapshot {
    return {
      profile: this.#profile,
      owners: this.#owners,
      racks: [...this.#racks.values()],
      devices: [...this.#devices.values()],
      templates: [...this.#templates.values()],
    };
  }

  /** Carries out changes of one plan. @throws {PortalRefusal} at the first that the real portal would refuse */
  apply(changes: readonly Change[]): void {
    const made: Made = { racks: new Map(), templates: new Map() };
    for (const change of changes) this.#carryOut(change, made);
  }

  #carryOut(change: Change, made: Made): void {
    switch (change.kind) {
      case 'create-template':
        made.templates.set(templateKey(change.draft), this.createTemplate(change.draft));
        return;
      case 'update-template':
        return this.updateTemplate(change.template.id, change.patch);
      case 'delete-template':
        return this.deleteTemplate(change.template.id);
      case 'create-rack':
        made.racks.set(change.key, this.createRack(change.draft));
        return;
      case 'update-rack':
        return this.updateRack(change.rack.id, change.patch);
      case 'delete-rack':
        return this.deleteRack(change.rack.id);
      case 'create-device':
        this.createDevice(placed(change, made));
        return;
      case 'update-device':
        return this.updateDevice(change.device.id, change.patch);
      case 'replace-device':
        this.deleteDevice(change.device.id);
        this.createDevice(placed(change, made));
        return;
      case 'delete-device':
        return this.deleteDevice(change.device.id);
      default:
        return unreachable(change);
    }
  }

  createTemplate(draft: Omit<Template, 'id'>): TemplateId {
    const template: Template = { ...draft, id: this.#newId() as TemplateId };
    this.#checkTemplate(template);
    this.#templates.set(template.id, template);
    return template.id;
  }

  updateTemplate(id: TemplateId, patch: TemplatePatch): void {
    const template = { ...found(this.#templates, id), ...patch };
    this.#checkTemplate(template);
    rewrite(this.#templates, template);
  }

  deleteTemplate(id: TemplateId): void {
    found(this.#templates, id);
    for (const { templateId } of this.#devices.values()) {
      if (templateId === id) refuse('devices have been created from this template');
    }
    this.#templates.delete(id);
  }

  createRack(whole: RackDraft): RackId {
    const { createdAt: _, clusterType: __, ...draft } = whole;
    const rack: Rack = { ...stored(draft), id: this.#newId() as RackId };
    this.#checkRack(rack);
    this.#racks.set(rack.id, rack);
    return rack.id;
  }

  updateRack(id: RackId, patch: RackPatch): void {
    const rack = { ...found(this.#racks, id), ...stored(patch) };
    this.#checkRack(rack);
    for (const { location } of this.#devicesIn(id)) {
      if (location && location.endU > rack.height)
        refuse('u_height: must be greater than the highest occupied U');
    }
    rewrite(this.#racks, rack);
  }

  deleteRack(id: RackId): void {
    found(this.#racks, id);
    if (this.#devicesIn(id).length > 0) refuse('rack is not empty');
    this.#racks.delete(id);
  }

  createDevice(whole: DeviceDraft): DeviceId {
    const { location, createdAt: _, ...draft } = whole;
    const { height } = found(this.#templates, draft.templateId);
    const { rackId, startU, facing } = location;
    const rack = this.#racks.get(rackId) ?? refuse(`500: there is no rack ${rackId}`);
    const endU = startU + height - 1;
    if (!Number.isInteger(startU) || startU < 1 || endU > rack.height) refuse('start_u: does not fit');
    for (const { location: other } of this.#devicesIn(rackId)) {
      if (other && other.startU <= startU && startU <= other.endU) refuse(`start_u: ${startU} is occupied`);
    }
    const id = this.#newId() as DeviceId;
    const device: Device = { ...stored(draft), id, location: { rackId, startU, endU, facing } };
    this.#checkDevice(device);
    this.#devices.set(id, device);
    return id;
  }

  updateDevice(id: DeviceId, patch: DevicePatch): void {
    const device = { ...found(this.#devices, id), ...stored(patch) } as Device;
    this.#checkDevice(device);
    rewrite(this.#devices, device);
  }

  deleteDevice(id: DeviceId): void {
    found(this.#devices, id);
    this.#devices.delete(id);
  }

  #checkTemplate(template: Template): void {
    checkText('name', template.name, 255);
    if (template.name.trim() === '') refuse("name: can't be blank");
    checkText('description', template.description ?? '', 255);
    if (!(Number.isInteger(template.height) && template.height >= 1 && template.height <= 6)) {
      refuse(`height: no images for ${template.height}`);
    }
    for (const size of [template.vcpus, template.ram, template.disk]) {
      if (size !== null && !(Number.isInteger(size) && size > 0 && size < 2 ** 31)) {
        refuse(`${size}: must be greater than 0`);
      }
    }
    for (const { id, name } of this.#templates.values()) {
      if (name === template.name && id !== template.id) refuse('name: has already been taken');
    }
  }

  #checkRack(rack: Rack): void {
    if (!this.#owners.some(({ id }) => id === rack.ownerId)) refuse('user: must exist');
    checkText('name', rack.name, 255);
    if (!/^[A-Za-z0-9_-]+$/.test(rack.name)) refuse(`name: ${rack.name} is invalid`);
    if (!(Number.isInteger(rack.height) && rack.height >= 1 && rack.height <= 72))
      refuse('u_height: 1 to 72');
    if (!rackStatuses.includes(rack.status)) refuse(`status: ${rack.status}`);
    checkObject('metadata', rack.metadata);
    checkObject('network_details', rack.networkDetails);
    for (const { id, name, ownerId } of this.#racks.values()) {
      if (name === rack.name && ownerId === rack.ownerId && id !== rack.id)
        refuse('name: has already been taken');
    }
  }

  /** Saving a device saves its rack, which must therefore be valid itself. */
  #checkDevice(device: Device): void {
    const rack = device.location && this.#racks.get(device.location.rackId);
    if (rack) this.#checkRack(rack);
    checkText('name', device.name, 150);
    const { dotsInNames, statuses, deviceKinds } = this.#profile;
    const isValid = (dotsInNames ? /^[A-Za-z0-9.-]+$/ : /^[A-Za-z0-9-]+$/).test(device.name);
    if (!isValid) refuse(`name: ${device.name} is invalid`);
    checkText('description', device.description ?? '', 255);
    if (!statuses[device.kind].includes(device.status)) refuse(`status: ${device.status}`);
    const tag = this.#templates.get(device.templateId as TemplateId)?.tag ?? null;
    const isOfKind = tag === (device.kind === 'server' ? null : device.kind);
    if (deviceKinds === 'typed' && !isOfKind)
      refuse(`template: its tag is ${tag}, the device a ${device.kind}`);
    checkObject('metadata', device.metadata);
    if (device.kind === 'server') checkObject('volume_details', device.volumeDetails);
    for (const { id, name } of rack ? this.#devicesIn(rack.id) : []) {
      if (name === device.name && id !== device.id) refuse('name: taken');
    }
  }

  #devicesIn(rackId: RackId): Device[] {
    return [...this.#devices.values()].filter(({ location }) => location?.rackId === rackId);
  }

  #newId(): number {
    return ++this.#lastId;
  }
}

/** What the earlier changes of a plan have made. */
interface Made {
  readonly racks: Map<NewRackKey, RackId>;
  readonly templates: Map<string, TemplateId>;
}

function placed({ draft, rack, template, startU }: NewDevice, made: Made): DeviceDraft {
  const location = { rackId: rackIdOf(rack, made), startU, facing: 'f' as const };
  return { ...draft, templateId: templateIdOf(template, made), location };
}

function rackIdOf(ref: RackRef, { racks }: Made): RackId {
  if (ref.kind === 'present') return ref.id;
  return racks.get(ref.key) ?? refuse(`the plan has not made rack ${ref.key} yet`);
}

function templateIdOf(ref: TemplateRef, { templates }: Made): TemplateId {
  if (ref.kind === 'present') return ref.id;
  return templates.get(ref.key) ?? refuse(`the plan has not made a template for ${ref.key} yet`);
}

function found<Id, T>(table: ReadonlyMap<Id, T>, id: Id): T {
  return table.get(id) ?? refuse(`404: there is no ${String(id)}`);
}

/** PostgreSQL lists a row where it was last written. */
function rewrite<Id, T extends { readonly id: Id }>(table: Map<Id, T>, row: T): void {
  table.delete(row.id);
  table.set(row.id, row);
}

/** A PostgreSQL jsonb column keeps values, not the order of keys: shorter ones come first. */
function stored<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (_key, item: unknown) => {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return item;
    return Object.fromEntries(
      Object.entries(item).sort(([a], [b]) => a.length - b.length || (a < b ? -1 : 1)),
    );
  }) as T;
}

function checkText(field: string, text: string, maxLength: number): void {
  if (Array.from(text).length > maxLength) refuse(`${field}: is too long`);
  if (!text.isWellFormed()) refuse(`${field}: is not UTF-8`);
}

function checkObject(field: string, value: unknown): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(`${field}: dropped`);
}

function refuse(why: string): never {
  throw new PortalRefusal(why);
}
