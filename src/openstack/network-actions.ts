/**
 * Network (Neutron) v2.0: the ports and floating IPs that keep a network in use, and the deletion of
 * networks.
 */
import { parseRows } from '../http/body.ts';
import { assertNotFound } from './errors.ts';
import type { NetworkId, ProjectId } from './model.ts';
import type { Session, SessionRequest } from './session.ts';
import * as wire from './wire/network-actions.ts';

/** Network (Neutron): a port, with the fields that say what keeps a network in use. */
export interface Port {
  readonly id: string;
  readonly projectId: ProjectId;
  readonly networkId: NetworkId;
  /** `compute:nova`, `network:dhcp`, `network:router_interface`; '' for an unattached port. */
  readonly deviceOwner: string;
  /** Id of the server or router; '' for none. */
  readonly deviceId: string;
}

/** Network (Neutron): a floating IP. */
export interface FloatingIp {
  readonly address: string;
  /** The port that it leads to; null for none. */
  readonly portId: string | null;
}

/** The ports of a network that the session may see. */
export async function listPorts(
  session: Session,
  { networkId }: { readonly networkId: NetworkId },
): Promise<Port[]> {
  const response = await list(session, '/ports', { network_id: networkId });
  return parseRows(response, { field: 'ports', row: wire.Port }).map((row) => ({
    id: row.id,
    projectId: row.project_id as ProjectId,
    networkId: row.network_id as NetworkId,
    deviceOwner: row.device_owner,
    deviceId: row.device_id,
  }));
}

/** The floating IPs that the session may see. */
export async function listFloatingIps(session: Session): Promise<FloatingIp[]> {
  const response = await list(session, '/floatingips', {});
  const floatingips = parseRows(response, { field: 'floatingips', row: wire.FloatingIp });
  return floatingips.map((row) => ({ address: row.floating_ip_address, portId: row.port_id ?? null }));
}

/** One that is gone already counts as removed. @throws {OpenStackError} 409: floating IPs need it */
export async function removeRouterInterface(
  session: Session,
  { routerId, portId }: { readonly routerId: string; readonly portId: string },
): Promise<void> {
  const response = await session.request('network', {
    method: 'PUT',
    path: `/routers/${encodeURIComponent(routerId)}/remove_router_interface`,
    route: '/routers/{id}/remove_router_interface',
    body: { port_id: portId },
    accept: [404],
  });
  if (response.status === 404) assertNotFound(response);
}

/** One that is gone already counts as deleted. */
export async function deletePort(session: Session, id: string): Promise<void> {
  await remove(session, `/ports/${encodeURIComponent(id)}`, '/ports/{id}');
}

/** One that is gone already counts as deleted. @throws {OpenStackError} 409: something is plugged into it */
export async function deleteNetwork(session: Session, id: NetworkId): Promise<void> {
  await remove(session, `/networks/${encodeURIComponent(id)}`, '/networks/{id}');
}

async function list(session: Session, path: string, query: NonNullable<SessionRequest['query']>) {
  return session.request('network', { method: 'GET', path, route: path, query });
}

async function remove(session: Session, path: string, route: string): Promise<void> {
  const response = await session.request('network', { method: 'DELETE', path, route, accept: [404] });
  if (response.status === 404) assertNotFound(response);
}
