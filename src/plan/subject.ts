import type {
  Device,
  DeviceId,
  OwnerId,
  PortalSnapshot,
  Rack,
  RackId,
  Template,
} from '../concertim/model.ts';
import type { Kind } from '../openstack/model.ts';
import { unreachable } from '../runtime/unreachable.ts';
import {
  type Change,
  changesOf,
  type Held,
  type NewDevice,
  type NewRackKey,
  type Plan,
  templateKey,
} from './change.ts';
import { keyOfSource, objectOfDevice, sourceOfRack } from './ownership.ts';

/** What a change is about, for people, logs and programs: enough to find it in the portal and in OpenStack. */
export interface Subject {
  readonly object: 'template' | 'rack' | 'device';
  readonly name: string;
  /** The portal's id; null before the object is created. */
  readonly id: number | string | null;
  /** Name of the rack that it is or stands in; null for a template, and for a device outside any rack. */
  readonly rack: string | null;
  /** The portal's id of that rack; null before the rack is created, and where there is none. */
  readonly rackId: number | string | null;
  /** Login of the rack's owner; null where there is no rack, or its owner is unknown. */
  readonly owner: string | null;
  /** OpenStack id of what it shows; null when it shows nothing. */
  readonly openstackId: string | null;
  /** The type of that object. */
  readonly openstackKind: Kind | 'stack' | 'flavor' | null;
}

/** Describes the objects of one plan. The maps are built on first use: most runs change nothing. */
export class Subjects {
  readonly #plan: Plan;
  readonly #portal: PortalSnapshot;
  #maps: ReturnType<typeof mapsOf> | undefined;

  constructor(plan: Plan, portal: PortalSnapshot) {
    this.#plan = plan;
    this.#portal = portal;
  }

  /** What a change of the plan is about. */
  of(change: Change): Subject {
    switch (change.kind) {
      case 'create-template':
        return templateSubject(null, change.draft);
      case 'update-template':
      case 'delete-template':
        return templateSubject(change.template.id, change.template);
      case 'create-rack':
        return this.#rack(null, change.draft);
      case 'update-rack':
      case 'delete-rack':
        return this.#rack(change.rack.id, change.rack);
      case 'create-device':
        return this.#newDevice(null, change);
      case 'replace-device':
        return this.#newDevice(change.device.id, {
          ...change,
          draft: { ...change.draft, name: change.device.name },
        });
      case 'update-device':
      case 'delete-device':
        return this.#device(change.device);
      default:
        return unreachable(change);
    }
  }

  /** The object that a change was held for. */
  held({ kind, id, name }: Held): Subject {
    const { racks, devices } = this.#lookUp();
    const rack = kind === 'rack' ? racks.get(id as RackId) : undefined;
    const device = kind === 'device' ? devices.get(id as DeviceId) : undefined;
    if (rack) return this.#rack(rack.id, rack);
    if (device) return this.#device(device);
    return { ...templateSubject(id, { name, foreignId: null }), object: kind };
  }

  /** Name of the template that a new device gets. */
  templateOf({ template }: NewDevice): string {
    const { templates, newTemplates } = this.#lookUp();
    const name =
      template.kind === 'present' ? templates.get(template.id)?.name : newTemplates.get(template.key);
    return name ?? (template.kind === 'present' ? String(template.id) : template.key);
  }

  #rack(id: RackId | null, rack: Pick<Rack, 'name' | 'ownerId' | 'metadata'>): Subject {
    const source = sourceOfRack(rack);
    return {
      object: 'rack',
      name: rack.name,
      id,
      rack: rack.name,
      rackId: id,
      owner: this.#lookUp().owners.get(rack.ownerId) ?? null,
      openstackId: source ? keyOfSource(source) : null,
      openstackKind: source ? 'stack' : null,
    };
  }

  #device(device: Device): Subject {
    const rack = device.location ? this.#lookUp().racks.get(device.location.rackId) : undefined;
    return deviceSubject(device.id, device, rack && this.#rack(rack.id, rack));
  }

  #newDevice(id: DeviceId | null, { rack: ref, draft }: NewDevice): Subject {
    const { racks, newRacks } = this.#lookUp();
    if (ref.kind === 'new') {
      const rack = newRacks.get(ref.key);
      return deviceSubject(id, draft, rack && this.#rack(null, rack));
    }
    const rack = racks.get(ref.id);
    return deviceSubject(id, draft, rack && this.#rack(rack.id, rack));
  }

  #lookUp() {
    this.#maps ??= mapsOf(this.#plan, this.#portal);
    return this.#maps;
  }
}

function mapsOf(plan: Plan, { owners, racks, devices, templates }: PortalSnapshot) {
  const newRacks = new Map<NewRackKey, Pick<Rack, 'name' | 'ownerId' | 'metadata'>>();
  const newTemplates = new Map<string, string>();
  for (const change of changesOf(plan)) {
    if (change.kind === 'create-rack') newRacks.set(change.key, change.draft);
    if (change.kind === 'create-template') newTemplates.set(templateKey(change.draft), change.draft.name);
  }
  return {
    owners: new Map<OwnerId, string>(owners.map(({ id, name }) => [id, name])),
    racks: new Map(racks.map((rack) => [rack.id, rack])),
    devices: new Map(devices.map((device) => [device.id, device])),
    templates: new Map(templates.map((template) => [template.id, template])),
    newRacks,
    newTemplates,
  };
}

function templateSubject(
  id: Subject['id'],
  { name, foreignId }: Pick<Template, 'name' | 'foreignId'>,
): Subject {
  return {
    object: 'template',
    name,
    id,
    rack: null,
    rackId: null,
    owner: null,
    openstackId: foreignId,
    openstackKind: foreignId === null ? null : 'flavor',
  };
}

function deviceSubject(
  id: DeviceId | null,
  device: Pick<Device, 'name' | 'kind' | 'metadata'>,
  rack: Subject | undefined,
): Subject {
  const openstackId = objectOfDevice(device);
  return {
    object: 'device',
    name: device.name,
    id,
    rack: rack?.name ?? null,
    rackId: rack?.id ?? null,
    owner: rack?.owner ?? null,
    openstackId: openstackId ?? null,
    openstackKind: openstackId === undefined ? null : device.kind,
  };
}
