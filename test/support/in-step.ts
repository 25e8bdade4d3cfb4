import type { Flavor, Server } from '../../src/sandbox/cloud/compute.ts';
import { statusOf } from '../../src/sandbox/cloud/stack.ts';
import type { DeviceRow, RackRow } from '../../src/sandbox/portal/portal.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import type { SandboxCloud } from '../../src/sandbox/sandbox-cloud.ts';
import { furtherObjects, furtherProblems } from './in-step-kinds.ts';

/**
 * What of the sandbox's portal does not show what the sandbox's clouds say it should; nothing when they are in step.
 * Written from the mapping, not from the product's code.
 *
 * @param clouds those that are looked at. Default: all
 */
export function outOfStep(sandbox: Sandbox, clouds: readonly SandboxCloud[] = sandbox.clouds): string[] {
  const { portal } = sandbox;
  const wrong: string[] = [];
  const isSeveral = sandbox.clouds.length > 1;
  const isOfThese = ({ metadata }: RackRow | DeviceRow) =>
    clouds.some(({ name }) => !isSeveral || name === metadata['openstack_cloud']);
  const racksOfStack = groupBy(portal.racks.all().filter(isOfThese), ({ metadata }) =>
    text(metadata, 'openstack_stack_id'),
  );
  const devicesOfObject = groupBy(portal.devices.all().filter(isOfThese), ({ metadata }) =>
    text(metadata, 'openstack_instance_id'),
  );
  const expectedObjects = new Set<string>();
  const expectedStacks = new Set<string>();

  for (const site of clouds) {
    const { cloud } = site;
    const keyOf = templateKeyIn(sandbox, site);
    for (const user of portal.users.all()) {
      if (user.root || !user.project_id) continue;
      for (const stack of cloud.orchestration.stacks(user.project_id)) {
        if (stack.parent) continue;
        expectedStacks.add(stack.id);
        const racks = racksOfStack.get(stack.id) ?? [];
        if (racks.length === 0) wrong.push(`stack ${stack.name} has no rack`);
        for (const rack of racks) {
          if (rack.user_id !== user.id) wrong.push(`rack ${rack.name} belongs to user ${rack.user_id}`);
          const status = expectedRackStatus(statusOf(stack));
          if (status && rack.status !== status)
            wrong.push(`rack ${rack.name} is ${rack.status}, not ${status}`);
        }
        for (const server of cloud.orchestration.serversOf(stack)) {
          expectedObjects.add(server.id);
          const devices = devicesOfObject.get(server.id) ?? [];
          wrong.push(...deviceProblems(server, { racks, devices, portal, template: keyOf(server.flavor) }));
        }
        for (const object of furtherObjects(stack, site, sandbox)) {
          expectedObjects.add(object.id);
          wrong.push(...furtherProblems(object, racks, devicesOfObject.get(object.id) ?? []));
        }
      }
    }
    for (const flavor of cloud.compute.flavors.values()) {
      const templates = portal.templates.all().filter(({ foreign_id }) => foreign_id === keyOf(flavor));
      if (templates.length !== 1) wrong.push(`flavor ${flavor.name} has ${templates.length} templates`);
    }
  }
  for (const [id, racks] of racksOfStack) {
    if (id && !expectedStacks.has(id))
      wrong.push(`rack ${racks[0]?.name} shows stack ${id}, which is not there`);
  }
  for (const [id, devices] of devicesOfObject) {
    if (id && !expectedObjects.has(id))
      wrong.push(`device ${devices[0]?.name} shows ${id}, which is not there`);
  }
  return [...wrong, ...overlaps(portal.devices.all())];
}

/** The key of a flavor's template: flavors of different clouds may have the same id. */
export function templateKeyIn(
  sandbox: Sandbox,
  { name }: SandboxCloud,
): (flavor: Pick<Flavor, 'id'>) => string {
  const isFirst = sandbox.clouds[0].name === name;
  return ({ id }) => (isFirst ? id : `${name}:${id}`);
}

/** The ids of all that must have a device in this release: what stacks are made of, whose project has an owner. */
export function objectsShown(sandbox: Sandbox): string[] {
  const { cloud, portal } = sandbox;
  const projects = portal.users.all().flatMap(({ root, project_id: id }) => (root || !id ? [] : [id]));
  const roots = projects.flatMap((id) => [...cloud.orchestration.stacks(id)].filter(({ parent }) => !parent));
  return roots
    .flatMap((stack) => [...cloud.orchestration.serversOf(stack), ...furtherObjects(stack, sandbox, sandbox)])
    .map(({ id }) => id);
}

function deviceProblems(
  server: Server,
  shown: {
    readonly racks: readonly RackRow[];
    readonly devices: readonly DeviceRow[];
    readonly portal: Sandbox['portal'];
    /** Key of the one that it should have. */
    readonly template: string;
  },
): string[] {
  const { racks, devices, portal } = shown;
  const [device] = devices;
  if (!device) return [`server ${server.name} has no device`];
  const wrong: string[] = [];
  const say = (what: string) => wrong.push(`device ${device.name}: ${what}`);
  if (devices.length > 1) say(`one of ${devices.length} of its server`);
  if (!racks.some(({ id }) => id === device.rack_id)) say(`stands in rack ${device.rack_id}`);
  const isBare = portal.rules.devices === 'bare';
  const known = expectedDeviceStatus(server);
  const status = isBare && known === 'SUSPENDED' ? 'STOPPED' : known;
  if (status && device.status !== status) say(`is ${device.status}, not ${status}`);
  const template = portal.templates.get(device.template_id);
  if (template?.foreign_id !== shown.template)
    say(`has template ${template?.name}, not ${server.flavor.name}`);
  if (isBare) return wrong;
  const addresses = [...(device.public_ips ?? '').split(', '), ...(device.private_ips ?? '').split(', ')]
    .filter((address) => address !== '')
    .sort();
  const expected = server.addresses.map(({ network, address }) => `${network}:${address}`).sort();
  if (addresses.join() !== expected.join()) say(`has addresses ${addresses.join()}, not ${expected.join()}`);
  return wrong;
}

function overlaps(devices: readonly DeviceRow[]): string[] {
  const wrong: string[] = [];
  const taken = new Map<string, DeviceRow>();
  for (const device of devices) {
    for (let u = device.start_u; u <= device.end_u; u++) {
      const other = taken.get(`${device.rack_id}/${u}`);
      if (other) wrong.push(`devices ${other.name} and ${device.name} share U${u} of rack ${device.rack_id}`);
      taken.set(`${device.rack_id}/${u}`, device);
    }
  }
  return wrong;
}

/** undefined: a state that the portal knows nothing for. */
function expectedDeviceStatus({ vmState, taskState }: Server): string | undefined {
  if (vmState === 'error') return 'FAILED';
  if (vmState === 'building' || taskState !== null) return 'IN_PROGRESS';
  const statuses: Record<string, string> = {
    active: 'ACTIVE',
    resized: 'ACTIVE',
    rescued: 'ACTIVE',
    paused: 'SUSPENDED',
    suspended: 'SUSPENDED',
    stopped: 'STOPPED',
    shelved: 'STOPPED',
    shelved_offloaded: 'STOPPED',
    'soft-delete': 'STOPPED',
  };
  return statuses[vmState];
}

function expectedRackStatus(status: string): string | undefined {
  if (status.endsWith('_IN_PROGRESS')) return 'IN_PROGRESS';
  if (status.endsWith('_FAILED') || status === 'ROLLBACK_COMPLETE') return 'FAILED';
  if (status === 'SUSPEND_COMPLETE') return 'STOPPED';
  return status.endsWith('_COMPLETE') ? 'ACTIVE' : undefined;
}

function text(metadata: object, key: string): string | undefined {
  const value = (metadata as Record<string, unknown>)[key];
  return typeof value === 'string' ? value : undefined;
}

function groupBy<T>(
  items: readonly T[],
  keyOf: (item: T) => string | undefined,
): Map<string | undefined, T[]> {
  const groups = new Map<string | undefined, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}
