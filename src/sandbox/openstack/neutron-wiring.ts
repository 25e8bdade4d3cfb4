import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { FloatingIp, Port, Router } from '../cloud/network.ts';
import type { Call } from './call.ts';
import { Refusal } from './refusal.ts';
import { type Answer, type Site, withToken } from './service.ts';

/** Networking (Neutron) v2.0: ports, routers, floating IPs, and deleting networks. Complements `addNeutron`. */
export function addNeutronWiring(app: FastifyInstance, site: Site): void {
  const { networking } = site.cloud;
  const route = (method: 'GET' | 'PUT' | 'DELETE', url: string, answer: Answer) =>
    app.route({ method, url: `/v2.0${url}`, handler: withToken(site, answer) });

  route('GET', '/ports', (call) => listed(call, 'ports', networking.ports, portBody));
  route('GET', '/routers', (call) => listed(call, 'routers', networking.routers, routerBody));
  route('GET', '/floatingips', (call) => listed(call, 'floatingips', networking.floatingIps, floatingIpBody));
  route('GET', '/quotas/:id', () =>
    JSON.stringify({ quota: { network: 100, subnet: 100, port: 500, router: 10, floatingip: 50 } }),
  );
  route('DELETE', '/ports/:id', (call) => {
    networking.ports.delete(found(call, networking.ports, 'Port').id);
    return gone(call);
  });
  route('DELETE', '/networks/:id', (call) => {
    const { id } = found(call, networking.networks, 'Network');
    const ports = [...networking.ports.values()].filter(({ networkId }) => networkId === id);
    const inUse = ports.filter(({ deviceOwner }) => !goesWithItsNetwork.has(deviceOwner));
    if (inUse.length > 0) {
      throw new Refusal(
        409,
        `Unable to complete operation on network ${id}. There are one or more ports still in use on the network, id for these ports is: ${inUse.map((port) => port.id).join(',')}.`,
        { type: 'NetworkInUse' },
      );
    }
    for (const port of ports) networking.ports.delete(port.id);
    networking.deleteNetwork(id);
    return gone(call);
  });
  route('PUT', '/routers/:id/remove_router_interface', (call) => {
    const router = found(call, networking.routers, 'Router');
    const { port_id: portId } = z.object({ port_id: z.string() }).parse(call.body);
    const port = networking.ports.get(portId);
    if (port?.deviceId !== router.id) {
      throw new Refusal(404, `Router ${router.id} does not have an interface with id ${portId}`, {
        type: 'RouterInterfaceNotFound',
      });
    }
    const floating = [...networking.floatingIps.values()].find(
      ({ routerId, portId: fixed }) =>
        routerId === router.id && networking.ports.get(fixed ?? '')?.networkId === port.networkId,
    );
    if (floating) {
      throw new Refusal(
        409,
        `Router interface for subnet on router ${router.id} cannot be deleted, as it is required by one or more floating IPs.`,
        { type: 'RouterInterfaceInUseByFloatingIP' },
      );
    }
    networking.ports.delete(portId);
    return JSON.stringify({ id: router.id, port_id: portId, tenant_id: router.projectId });
  });
}

/** Neutron's own ports, which it takes away with the network. */
const goesWithItsNetwork: ReadonlySet<string> = new Set(['network:dhcp', 'network:distributed']);

interface Owned {
  readonly id: string;
  readonly projectId: string;
}

function listed<T extends Owned>(
  call: Call,
  field: string,
  all: ReadonlyMap<string, T>,
  body: (item: T) => Record<string, unknown>,
): string {
  const filters = [...call.query].filter(([name]) => name !== 'limit' && name !== 'fields');
  const rows = [...all.values()]
    .filter((item) => isVisible(call, item))
    .map(body)
    .filter((row) => filters.every(([name, value]) => String(row[name]) === value));
  return JSON.stringify({ [field]: rows });
}

function found<T extends Owned>(call: Call, all: ReadonlyMap<string, T>, what: string): T {
  const id = call.parameter('id');
  const item = all.get(id);
  const isShared = item !== undefined && 'isShared' in item && item.isShared === true;
  if (item && (isShared || isVisible(call, item))) return item;
  throw new Refusal(404, `${what} ${id} could not be found.`, { type: `${what}NotFound` });
}

function isVisible({ isAdmin, project }: Call, { projectId }: Owned): boolean {
  return isAdmin || project?.id === projectId;
}

function gone(call: Call): undefined {
  call.reply.code(204);
  return undefined;
}

function portBody({ id, projectId, networkId, deviceOwner, deviceId, name, addresses }: Port) {
  return {
    id,
    name,
    network_id: networkId,
    project_id: projectId,
    tenant_id: projectId,
    device_owner: deviceOwner,
    device_id: deviceId,
    status: 'ACTIVE',
    fixed_ips: addresses.map((address) => ({ ip_address: address })),
  };
}

function routerBody({ id, projectId, name }: Router) {
  return { id, name, project_id: projectId, tenant_id: projectId, status: 'ACTIVE' };
}

function floatingIpBody({ id, projectId, address, portId, routerId }: FloatingIp) {
  return {
    id,
    floating_ip_address: address,
    port_id: portId,
    router_id: routerId,
    project_id: projectId,
    tenant_id: projectId,
  };
}
