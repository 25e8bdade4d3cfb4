import fc from 'fast-check';
import type { Device, DeviceId, OwnerId, PortalSnapshot, Rack, RackId } from '../../src/concertim/model.ts';
import { objectOfDevice, sourceOfRack } from '../../src/plan/ownership.ts';
import { PaperPortal, PortalRefusal } from './paper-portal.ts';

/** Something done to a portal by hand; as it was when the portal refuses, or when there is nothing to do it to. */
export type ByHand = (before: PortalSnapshot) => PortalSnapshot;

/** What an act is done to, and with. */
interface Draw {
  readonly at: number;
  readonly name: string;
  readonly startU: number;
}

const names = ['a', 'a-b', 'a-2', 'a-b-00000', 'a-b-55555', 'b', 'standalone', 'stack', 'server', 'm1'];

/** Acts that the portal knows, and may refuse. */
const requests: Readonly<Record<string, (portal: PaperPortal, draw: Draw) => void>> = {
  'make a rack': (portal, { at, name }) => {
    portal.createRack({
      ownerId: (1 + (at % 4)) as OwnerId,
      name,
      height: 10,
      status: 'ACTIVE',
      creationOutput: '',
      networkDetails: {},
      metadata: { room: 'B' },
      orderId: `by-hand-${name}`,
      createdAt: '2026-11-22T12:00:00Z',
      clusterType: undefined,
    });
  },
  'make a device': (portal, { at, name, startU }) => {
    const { racks, templates } = portal.snapshot();
    const rack = drawn(racks, at);
    const template = drawn(templates, at);
    if (!rack || !template) return;
    portal.createDevice({
      name,
      kind: 'server',
      createdAt: '2026-11-22T12:00:00Z',
      templateId: template.id,
      description: 'a switch',
      status: 'ACTIVE',
      location: { rackId: rack.id, startU, facing: 'f' },
      publicIps: '',
      privateIps: '',
      sshKey: '',
      loginUser: '',
      volumeDetails: {},
      metadata: { model: 'SX-6036' },
    });
  },
  'make a template': (portal, { name }) => {
    portal.createTemplate({
      name,
      description: 'a switch',
      height: 2,
      foreignId: null,
      vcpus: null,
      ram: null,
      disk: null,
    });
  },
  'rename a rack': (portal, { at, name }) => {
    const rack = drawn(portal.snapshot().racks, at);
    if (rack) portal.updateRack(rack.id, { name });
  },
  'rename a device': (portal, { at, name }) => {
    const device = drawn(portal.snapshot().devices, at);
    if (device) portal.updateDevice(device.id, { name });
  },
  'rename a template': (portal, { at, name }) => {
    const template = drawn(portal.snapshot().templates, at);
    if (template) portal.updateTemplate(template.id, { name });
  },
  'edit a device': (portal, { at }) => {
    const device = drawn(portal.snapshot().devices, at);
    const login = { loginUser: 'root', sshKey: 'mine' };
    if (device) portal.updateDevice(device.id, { status: 'STOPPED', ...(device.kind === 'server' && login) });
  },
  'add to the metadata of a device': (portal, { at }) => {
    const device = drawn(portal.snapshot().devices, at);
    if (!device) return;
    portal.updateDevice(device.id, { metadata: { ...device.metadata, note: 'do not touch' } });
  },
  'heighten a rack': (portal, { at }) => {
    const rack = drawn(portal.snapshot().racks, at);
    if (rack) portal.updateRack(rack.id, { height: rack.height + 3 });
  },
  'empty the metadata of a rack': (portal, { at }) => {
    const rack = drawn(portal.snapshot().racks, at);
    if (rack) portal.updateRack(rack.id, { metadata: {} });
  },
  'note in a rack what 1.0.0 believed': (portal, { at }) => {
    const rack = drawn(portal.snapshot().racks, at);
    if (!rack) return;
    const observed = {
      revision: '1',
      servers: portal.snapshot().devices.map(objectOfDevice),
      server_groups: [],
    };
    portal.updateRack(rack.id, { metadata: { ...rack.metadata, openstack_stack_observed: observed } });
  },
  'change the outputs of a rack': (portal, { at }) => {
    const rack = drawn(portal.snapshot().racks, at);
    if (rack) portal.updateRack(rack.id, { creationOutput: 'mine=1' });
  },
  'empty the metadata of a device': (portal, { at }) => {
    const device = drawn(portal.snapshot().devices, at);
    if (device) portal.updateDevice(device.id, { metadata: {} });
  },
  'delete a device': (portal, { at }) => {
    const device = drawn(portal.snapshot().devices, at);
    if (device) portal.deleteDevice(device.id);
  },
  'delete a rack': (portal, { at }) => {
    const rack = drawn(portal.snapshot().racks, at);
    if (rack) portal.deleteRack(rack.id);
  },
};

/** What no request can do: an older portal, and creations that raced. */
const accidents: Readonly<Record<string, (before: PortalSnapshot, draw: Draw) => PortalSnapshot>> = {
  'a rack never had outputs': (before, { at }) => {
    const rack = drawn(before.racks, at);
    return rack ? withRack(before, { ...rack, creationOutput: null }) : before;
  },
  'a device stands in no rack': (before, { at }) => {
    const device = drawn(before.devices, at);
    return device ? withDevice(before, { ...device, location: null }) : before;
  },
  'a rack is there twice': (before, { at }) => {
    const rack = drawn(before.racks.filter(isOurs), at);
    return rack ? withRack(before, { ...rack, id: freeId(before) as RackId }) : before;
  },
  'a device is there twice': (before, { at }) => {
    const device = drawn(before.devices.filter(isOurs), at);
    return (device && withDouble(before, device)) ?? before;
  },
};

export const byHand: fc.Arbitrary<ByHand> = fc
  .record({
    act: fc.constantFrom(...Object.keys(requests), ...Object.keys(accidents)),
    at: fc.nat(30),
    name: fc.constantFrom(...names),
    startU: fc.integer({ min: 1, max: 72 }),
  })
  .map(({ act, ...draw }) => (before) => {
    const accident = accidents[act];
    if (accident) return accident(before, draw);
    const portal = new PaperPortal(before);
    try {
      requests[act]?.(portal, draw);
    } catch (error) {
      if (error instanceof PortalRefusal) return before;
      throw error;
    }
    return portal.snapshot();
  });

function drawn<T>(items: readonly T[], at: number): T | undefined {
  return items[at % (items.length || 1)];
}

/**
 * The portal would refuse every later change of two foreign objects with one name. Only ids make an object ours, not what
 * 1.0.0 noted in a rack.
 */
function isOurs(object: Rack | Device): boolean {
  return 'ownerId' in object ? sourceOfRack(object) !== undefined : objectOfDevice(object) !== undefined;
}

/** With the device a second time, in the lowest units of its rack that are free; undefined when none are. */
function withDouble(portal: PortalSnapshot, device: Device): PortalSnapshot | undefined {
  const { location } = device;
  const rack = portal.racks.find(({ id }) => id === location?.rackId);
  if (!location || !rack) return undefined;
  const others = portal.devices.flatMap((other) =>
    other.location?.rackId === rack.id ? [other.location] : [],
  );
  const above = location.endU - location.startU;
  for (let startU = 1; startU + above <= rack.height; startU++) {
    const endU = startU + above;
    if (others.some((other) => other.startU <= endU && startU <= other.endU)) continue;
    const id = freeId(portal) as DeviceId;
    return withDevice(portal, { ...device, id, location: { ...location, startU, endU } });
  }
  return undefined;
}

function withRack(portal: PortalSnapshot, rack: Rack): PortalSnapshot {
  return { ...portal, racks: [...portal.racks.filter(({ id }) => id !== rack.id), rack] };
}

function withDevice(portal: PortalSnapshot, device: Device): PortalSnapshot {
  return { ...portal, devices: [...portal.devices.filter(({ id }) => id !== device.id), device] };
}

function freeId({ racks, devices, templates }: PortalSnapshot): number {
  return 1 + Math.max(0, ...[...racks, ...devices, ...templates].map(({ id }) => Number(id)));
}
