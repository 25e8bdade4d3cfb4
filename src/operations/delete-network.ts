import type { NetworkId, ProjectId, StackId } from '../openstack/model.ts';
import { showNetwork } from '../openstack/network.ts';
import {
  deleteNetwork as deleteInNeutron,
  deletePort,
  listFloatingIps,
  listPorts,
  type Port,
  removeRouterInterface,
} from '../openstack/network-actions.ts';
import { readResourceIds } from '../openstack/orchestration.ts';
import type { Session } from '../openstack/session.ts';
import { readProjectStacks } from '../openstack/stack-list.ts';
import { OperationError } from './operation-error.ts';

/** Ports that Neutron made for the network itself, and takes away with it. */
const ofNeutron: ReadonlySet<string> = new Set(['network:dhcp', 'network:distributed']);
const ofRouter = /^network:(router_interface|ha_router_replicated_interface)/;

/**
 * Deletes a network on which nothing stands but what belongs to it: Neutron's own ports, the interfaces of a router that is
 * of the same stack, or like the network of none, and ports of the same stack that nothing is plugged into.
 *
 * @throws {OperationError} not-found: there is none; conflict: names what is in the way; forbidden: it is another project's
 */
export async function deleteNetwork(session: Session, id: NetworkId): Promise<void> {
  const network = await showNetwork(session, id);
  if (!network) throw new OperationError('not-found', `Neutron has no network ${id}.`);
  const { projectId } = await session.token();
  if (network.kind === 'network' && network.projectId !== projectId) {
    throw new OperationError('forbidden', `Network ${network.name || id} is another project's.`);
  }
  const ports = (await listPorts(session, { networkId: id })).filter(
    ({ deviceOwner }) => !ofNeutron.has(deviceOwner),
  );
  const stacks = await new StackFinder(session, projectId).find([
    id,
    ...ports.map((port) => belongsBy(port)),
  ]);
  const stackId = stacks.get(id);
  const isOurs = (port: Port) => {
    if (ofRouter.test(port.deviceOwner)) return stacks.get(port.deviceId) === stackId;
    return port.deviceOwner === '' && stackId !== undefined && stacks.get(port.id) === stackId;
  };
  const blocking = ports.filter((port) => !isOurs(port));
  const floating = (await listFloatingIps(session)).filter(({ portId }) =>
    ports.some((port) => port.id === portId),
  );
  if (blocking.length > 0 || floating.length > 0) {
    const name = network.kind === 'network' ? network.name || id : id;
    const inTheWay = [...blocking.map(describe), ...floating.map(({ address }) => `floating IP ${address}`)];
    throw new OperationError('conflict', `Network ${name} is in use: ${some(inTheWay)}. Remove these first.`);
  }
  for (const port of ports) {
    if (port.deviceOwner === '') await deletePort(session, port.id);
    else await removeRouterInterface(session, { routerId: port.deviceId, portId: port.id });
  }
  await deleteInNeutron(session, id);
}

/** What says which stack a port is of: for a router's interface the router. */
function belongsBy({ id, deviceOwner, deviceId }: Port): string {
  return ofRouter.test(deviceOwner) ? deviceId : id;
}

function describe({ id, deviceOwner, deviceId }: Port): string {
  if (deviceOwner.startsWith('compute:')) return `instance ${deviceId}`;
  if (ofRouter.test(deviceOwner)) return `router ${deviceId}`;
  return deviceOwner === '' ? `port ${id}` : `port ${id} (${deviceOwner})`;
}

/** So many are named. */
const mostNamed = 5;

function some(things: readonly string[]): string {
  const unique = [...new Set(things)];
  const more = unique.length > mostNamed ? ` and ${unique.length - mostNamed} more` : '';
  return unique.slice(0, mostNamed).join(', ') + more;
}

/** Finds the stacks of a project that things are resources of: Neutron does not know. */
class StackFinder {
  readonly #session: Session;
  readonly #projectId: ProjectId | undefined;

  constructor(session: Session, projectId: ProjectId | undefined) {
    this.#session = session;
    this.#projectId = projectId;
  }

  /** The root stack by the id of each thing that is in one. */
  async find(ids: readonly string[]): Promise<ReadonlyMap<string, StackId>> {
    const found = new Map<string, StackId>();
    if (this.#projectId === undefined) return found;
    const { stacks, unreadable } = await readProjectStacks(this.#session, this.#projectId);
    for (const stack of stacks.filter(({ parentId }) => parentId === null)) {
      if (ids.every((id) => found.has(id))) break;
      const resources = await readResourceIds(this.#session, stack);
      for (const id of ids) if (resources.has(id)) found.set(id, stack.id);
    }
    const [odd] = unreadable;
    if (odd && !ids.every((id) => found.has(id))) {
      throw new OperationError(
        'cloud-failed',
        `Heat lists stack ${odd.id} in a way that is not understood (${odd.problem}), so what is in it is not known. Nothing was deleted.`,
      );
    }
    return found;
  }
}
