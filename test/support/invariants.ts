import type { Server } from '../../src/sandbox/cloud/compute.ts';
import { rootOf, type Stack } from '../../src/sandbox/cloud/stack.ts';
import type { DeviceRow, RackRow } from '../../src/sandbox/portal/portal.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import type { Canaries } from './canaries.ts';
import { outOfStep, templateKeyIn } from './in-step.ts';

/**
 * What holds whatever goes wrong; watched from the beginning, looked at in the end:
 *
 * - the portal shows what the cloud says, once all is quiet
 * - what was made by hand is byte for byte as it was
 * - nothing was deleted of which the cloud still had the original at that moment
 * - nothing secret was printed
 */
export class Invariants {
  readonly #sandbox: Sandbox;
  readonly #canaries: Canaries;
  readonly #foreign: readonly { readonly name: string; readonly read: () => string; readonly was: string }[];
  readonly #wrongDeletions: string[] = [];
  /** Deleted while its server is there, by the id of the server. */
  readonly #unreplaced = new Map<string, DeviceRow>();

  /** Puts things made by hand into the portal, and watches from now on. */
  constructor(sandbox: Sandbox, canaries: Canaries) {
    this.#sandbox = sandbox;
    this.#canaries = canaries;
    this.#foreign = plantForeign(sandbox).map(({ name, read }) => ({ name, read, was: read() }));
    sandbox.portal.devices.observe({
      enter: (device) => this.#judgeSuccessor(device),
      leave() {},
      removed: (device) => this.#judgeDevice(device),
    });
    sandbox.portal.racks.observe({ enter() {}, leave() {}, removed: (rack) => this.#judgeRack(rack) });
  }

  /** What was harmed so far, and cannot be mended any more. */
  harmed(printed: readonly string[] = []): string[] {
    const devices = [...this.#unreplaced.values()].map(
      ({ name }) => `device ${name} was deleted, and its server is there`,
    );
    return [...devices, ...this.#wrongDeletions, ...this.harmedByAnybody(printed)];
  }

  /**
   * What must not be harmed even where the cloud lies: who says of a server that it is in another stack has its device moved, which
   * the portal knows as a deletion and a creation.
   */
  harmedByAnybody(printed: readonly string[] = []): string[] {
    const touched = this.#foreign.filter(({ read, was }) => read() !== was);
    return [
      ...touched.map(({ name, read, was }) => `${name}, made by hand, was ${was} and is ${read()}`),
      ...this.#canaries.foundIn(printed).map((found) => `printed: ${found}`),
    ];
  }

  /** All that does not hold, once things are quiet. */
  broken(printed: readonly string[] = []): string[] {
    return [...outOfStep(this.#sandbox), ...this.harmed(printed)];
  }

  /** A device is replaced where its server has another flavor, or its stack another rack: the portal knows no other way. */
  #judgeDevice(device: DeviceRow): void {
    const { portal } = this.#sandbox;
    const id = device.metadata['openstack_instance_id'];
    if (typeof id !== 'string') return;
    if (device.kind !== 'Instance') return this.#judgeFurther(device, id);
    const site = this.#sandbox.clouds.find(({ cloud }) => cloud.compute.server(id));
    const server = site?.cloud.compute.server(id);
    if (!site || !server || server.deleted) return;
    const shows = ({ metadata }: DeviceRow) => metadata['openstack_instance_id'] === id;
    if (portal.devices.all().some(shows)) return;
    const template = portal.templates.get(device.template_id);
    if (template?.foreign_id !== templateKeyIn(this.#sandbox, site)(server.flavor)) return;
    const rack = device.rack_id === null ? undefined : portal.racks.get(device.rack_id);
    if (rack && rack.metadata['openstack_stack_id'] !== this.#rootIdOf(server)) return;
    this.#unreplaced.set(id, device);
  }

  /** A list that is stale names a former flavor: what was deleted was replaced, by a device of that one. */
  #judgeSuccessor({ metadata, template_id, rack_id }: DeviceRow): void {
    const id = String(metadata['openstack_instance_id']);
    const former = this.#unreplaced.get(id);
    if (!former || (former.template_id === template_id && former.rack_id === rack_id)) return;
    this.#unreplaced.delete(id);
  }

  /** A volume or network may leave the picture while it is there only with its stack, which may have left it behind. */
  #judgeFurther(device: DeviceRow, id: string): void {
    const { clouds, portal } = this.#sandbox;
    const isThere = clouds.some(({ cloud }) =>
      device.kind === 'Volume'
        ? cloud.blockStorage.volume(id) !== undefined
        : cloud.networking.networks.has(id),
    );
    const shows = ({ kind, metadata }: DeviceRow) =>
      kind === device.kind && metadata['openstack_instance_id'] === id;
    if (!isThere || portal.devices.all().some(shows)) return;
    const rack = device.rack_id === null ? undefined : portal.racks.get(device.rack_id);
    const stack = this.#stack(String(rack?.metadata['openstack_stack_id']));
    if (!stack || stack.deletedAt !== undefined) return;
    this.#wrongDeletions.push(`device ${device.name} was deleted, and its ${device.kind} is there`);
  }

  #judgeRack(rack: RackRow): void {
    const { portal } = this.#sandbox;
    const id = rack.metadata['openstack_stack_id'];
    if (typeof id !== 'string') return;
    const stack = this.#stack(id);
    // What is nested has no rack of its own: somebody has lied when it was made.
    if (!stack || stack.deletedAt !== undefined || stack.parent) return;
    if (portal.racks.all().some(({ metadata }) => metadata['openstack_stack_id'] === id)) return;
    this.#wrongDeletions.push(`rack ${rack.name} was deleted, and its stack is there`);
  }

  #stack(id: string): Stack | undefined {
    for (const { cloud } of this.#sandbox.clouds) {
      const stack = cloud.orchestration.stack(id);
      if (stack) return stack;
    }
    return undefined;
  }

  #rootIdOf(server: Server): string | undefined {
    for (const stack of this.#sandbox.clouds.flatMap(({ cloud }) => [...cloud.orchestration.stacks()])) {
      if (!stack.resources.some(({ physicalId }) => physicalId === server.id)) continue;
      return rootOf(stack).id;
    }
    return undefined;
  }
}

/** A rack with two devices, a template and a user that nobody but a person has made, some of them named as if they were ours. */
function plantForeign({ portal, cloud }: Sandbox): { name: string; read: () => string }[] {
  const owner = portal.users.all().find(({ root }) => !root)?.id ?? 1;
  const [stack] = cloud.orchestration.stacks();
  const [server] = cloud.compute.servers();
  const metadata = { room: 'B-12', note: 'do not touch', deep: { numbers: [1, 2.5, null] } };
  const template = portal.addTemplate({ name: 'SX-6036 switch', height: 2, description: 'by hand' });
  const named = (name = '') => name.replace(/[^A-Za-z0-9_-]/g, '-');
  const rack = portal.addRack({ user_id: owner, name: named(stack?.name) || 'by-hand', metadata });
  const inRack = { template_id: template.id, rack_id: rack.id, metadata };
  const devices = [
    portal.addDevice({ ...inRack, name: 'switch-1', start_u: 1 }),
    portal.addDevice({ ...inRack, name: named(server?.name) || 'switch-2', start_u: 40 }),
  ];
  const text = (row: unknown) => JSON.stringify(row);
  return [
    { name: `template ${template.name}`, read: () => text(portal.templates.get(template.id)) },
    { name: `rack ${rack.name}`, read: () => text(portal.racks.get(rack.id)) },
    ...devices.map(({ id, name }) => ({ name: `device ${name}`, read: () => text(portal.devices.get(id)) })),
  ];
}
