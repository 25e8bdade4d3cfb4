/** Network (Neutron) v2.0. */
import { z } from 'zod';
import { parseBody } from '../http/body.ts';
import type { ListOptions } from '../http/list-options.ts';
import { memoryOfEach } from '../http/row-memory.ts';
import { assertNotFound } from './errors.ts';
import type { ExternalNetworks, Network, NetworkId, ProjectId, ServerId, Unreadable } from './model.ts';
import { type PagedShape, readPages } from './paging.ts';
import { rowOrUnreadable } from './row.ts';
import type { Session, SessionRequest } from './session.ts';
import * as wire from './wire/network.ts';

const pageSize = 1000;

/** All that is read of a network. Neutron passes over those that it does not know. */
const fields = Object.keys(wire.Network.shape);

const names = { field: 'networks', row: wire.NetworkName, links: 'networks_links' };
const ports = { field: 'ports', row: wire.AddressedPort, links: 'ports_links' };
/** Their names are in the address of a request. */
const namesAtOnce = 20;

const NetworkRow = rowOrUnreadable<Network, NetworkId>(wire.Network.transform(toNetwork), 'a network');

const networks: PagedShape<Network | Unreadable<NetworkId>> = {
  field: 'networks',
  row: NetworkRow,
  links: 'networks_links',
};

/** The networks of the whole cloud, as each session saw them last. */
const memoryOf = memoryOfEach<Network | Unreadable<NetworkId>>();

/** Names of all networks that lead out of the cloud: an internal network may have the name of one. */
export async function listExternalNetworks(
  session: Session,
  { signal }: ListOptions = {},
): Promise<string[]> {
  return (await listNames(session, { 'router:external': true }, signal)).map(({ name }) => name);
}

/**
 * All networks that lead out of the cloud. Their ports are read only where an internal network has the name of one.
 *
 * @throws {CatalogError} the cloud has no Neutron
 */
export async function readExternalNetworks(
  session: Session,
  signal?: AbortSignal,
): Promise<ExternalNetworks> {
  const external = await listNames(session, { 'router:external': true }, signal);
  const byName = Map.groupBy(external, ({ name }) => name);
  const internal = new Set<string>();
  const known = [...byName.keys()];
  for (let at = 0; at < known.length; at += namesAtOnce) {
    const name = known.slice(at, at + namesAtOnce);
    const query = { 'router:external': false, fields: ['id', 'name'], name };
    for (const namesake of await listNames(session, query, signal)) internal.add(namesake.name);
  }
  const addresses = new Map<ServerId, ReadonlySet<string>>();
  for (const { id } of external.filter(({ name }) => internal.has(name))) {
    const query = { network_id: id, fields: ['id', 'device_id', 'fixed_ips'], limit: pageSize };
    const request = { method: 'GET', path: '/ports', route: '/ports', query, signal } as const;
    const { rows } = await readPages(session, 'network', request, ports);
    for (const port of rows) {
      const server = port.device_id as ServerId;
      const fixed = port.fixed_ips.map(({ ip_address }) => ip_address);
      addresses.set(server, new Set([...(addresses.get(server) ?? []), ...fixed]));
    }
  }
  return { names: new Set(known.filter((name) => !internal.has(name))), addresses };
}

async function listNames(
  session: Session,
  filters: NonNullable<SessionRequest['query']>,
  signal: AbortSignal | undefined,
): Promise<wire.NetworkName[]> {
  const query = { ...filters, limit: pageSize };
  const request = { method: 'GET', path: '/networks', route: '/networks', query, signal } as const;
  return (await readPages(session, 'network', request, names)).rows;
}

/**
 * The networks of all projects, or of one. Who is no administrator gets those of the session's own project from Neutron,
 * and shared ones, without a word.
 *
 * @throws {CatalogError} the cloud has no Neutron
 */
export async function listNetworks(
  session: Session,
  { projectId, signal }: ListOptions & { readonly projectId?: ProjectId | undefined } = {},
): Promise<(Network | Unreadable<NetworkId>)[]> {
  const query = { fields, limit: pageSize, project_id: projectId };
  const request = { method: 'GET', path: '/networks', route: '/networks', query, signal } as const;
  // A list of one project must not have the others' rows forgotten.
  const memory = projectId === undefined ? memoryOf(session) : undefined;
  const { rows } = await readPages(session, 'network', request, networks, memory);
  return rows;
}

/** One network; undefined when it is not there any more. */
export async function showNetwork(
  session: Session,
  id: NetworkId,
  signal?: AbortSignal,
): Promise<Network | Unreadable<NetworkId> | undefined> {
  const response = await session.request('network', {
    method: 'GET',
    path: `/networks/${encodeURIComponent(id)}`,
    route: '/networks/{id}',
    query: { fields },
    accept: [404],
    signal,
  });
  if (response.status === 404) {
    assertNotFound(response);
    return undefined;
  }
  return parseBody(response, z.object({ network: NetworkRow })).network;
}

function toNetwork(row: wire.Network): Network {
  return {
    kind: 'network',
    id: row.id as NetworkId,
    name: row.name ?? '',
    projectId: row.project_id as ProjectId,
    status: row.status,
    adminStateUp: row.admin_state_up,
    shared: row.shared,
    external: row['router:external'],
    mtu: row.mtu ?? null,
    portSecurityEnabled: row.port_security_enabled ?? null,
    l2Adjacency: row.l2_adjacency ?? null,
    dnsDomain: row.dns_domain ?? null,
    qosPolicyId: row.qos_policy_id ?? null,
    createdAt: row.created_at ?? null,
  };
}
