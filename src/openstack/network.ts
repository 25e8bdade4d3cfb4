/** Network (Neutron) v2.0. */
import type { ListOptions } from '../http/list-options.ts';
import type { ExternalNetworks, Network, NetworkId, ProjectId, ServerId, Unreadable } from './model.ts';
import { ObjectList, pageSize } from './object-list.ts';
import { readPages } from './paging.ts';
import { isUnreadable, rowOrUnreadable } from './row.ts';
import type { Session, SessionRequest } from './session.ts';
import * as wire from './wire/network.ts';

/** Every field that is read of a network. Neutron ignores the names that it does not know. */
const fields = Object.keys(wire.Network.shape);

const names = {
  field: 'networks',
  row: rowOrUnreadable<wire.NetworkName, NetworkId>(wire.NetworkName, 'a network'),
  links: 'networks_links',
};
const ports = { field: 'ports', row: wire.AddressedPort, links: 'ports_links' };
/** The names are in the URL of one request, whose length is limited. */
const namesAtOnce = 20;

const networks = new ObjectList<Network | Unreadable<NetworkId>>({
  service: 'network',
  path: '/networks',
  listQuery: { fields },
  query: { fields },
  shape: {
    field: 'networks',
    row: rowOrUnreadable<Network, NetworkId>(wire.Network.transform(toNetwork), 'a network'),
    links: 'networks_links',
  },
  field: 'network',
});

/** Names of all external networks. An internal network may have the same name. */
export async function listExternalNetworks(
  session: Session,
  { signal }: ListOptions = {},
): Promise<string[]> {
  const rows = await listNames(session, { 'router:external': true }, signal);
  return rows.flatMap((row) => (isUnreadable(row) ? [] : [row.name]));
}

/**
 * All external networks. The ports of one are read only where an internal network has the same name, or where
 * its name cannot be read.
 *
 * @throws {CatalogError} the cloud has no Neutron
 */
export async function readExternalNetworks(
  session: Session,
  signal?: AbortSignal,
): Promise<ExternalNetworks> {
  const external = await listNames(session, { 'router:external': true }, signal);
  const known = [...new Set(external.flatMap((row) => (isUnreadable(row) ? [] : [row.name])))];
  const internal = new Set<string>();
  for (let at = 0; at < known.length; at += namesAtOnce) {
    const name = known.slice(at, at + namesAtOnce);
    const query = { 'router:external': false, fields: ['id', 'name'], name };
    for (const namesake of await listNames(session, query, signal)) {
      // Its name is one of those that were queried.
      for (const each of isUnreadable(namesake) ? name : [namesake.name]) internal.add(each);
    }
  }
  const addresses = new Map<ServerId, ReadonlySet<string>>();
  for (const row of external) {
    if (!isUnreadable(row) && !internal.has(row.name)) continue;
    const query = { network_id: row.id, fields: ['id', 'device_id', 'fixed_ips'], limit: pageSize };
    const request = { method: 'GET', path: '/ports', route: '/ports', query, signal } as const;
    const { rows } = await readPages(session, 'network', request, ports);
    for (const port of rows) {
      if (port.device_id === '') continue;
      const server = port.device_id as ServerId;
      const fixed = port.fixed_ips.flatMap((ip) => ip?.ip_address ?? []);
      addresses.set(server, new Set([...(addresses.get(server) ?? []), ...fixed]));
    }
  }
  const [names, sharedNames] = [new Set<string>(), new Set<string>()];
  for (const name of known) (internal.has(name) ? sharedNames : names).add(name);
  return { names, sharedNames, addresses };
}

async function listNames(
  session: Session,
  filters: NonNullable<SessionRequest['query']>,
  signal: AbortSignal | undefined,
): Promise<(wire.NetworkName | Unreadable<NetworkId>)[]> {
  const query = { ...filters, limit: pageSize };
  const request = { method: 'GET', path: '/networks', route: '/networks', query, signal } as const;
  return (await readPages(session, 'network', request, names)).rows;
}

/**
 * The networks of all projects, or of one. To an account that is no administrator Neutron returns only those
 * of the session's own project and shared ones, without an error.
 *
 * @throws {CatalogError} the cloud has no Neutron
 */
export function listNetworks(
  session: Session,
  options: ListOptions & { readonly projectId?: ProjectId | undefined } = {},
): Promise<(Network | Unreadable<NetworkId>)[]> {
  return networks.read(session, options);
}

/** Some networks of all projects, or of the session's own and shared ones where Neutron shows no others: `count` of them. */
export function sampleNetworks(
  session: Session,
  count: number,
  signal?: AbortSignal,
): Promise<readonly (Network | Unreadable<NetworkId>)[]> {
  return networks.sample(session, count, signal);
}

/** One network; undefined when it is not there any more. */
export function showNetwork(
  session: Session,
  id: NetworkId,
  signal?: AbortSignal,
): Promise<Network | Unreadable<NetworkId> | undefined> {
  return networks.show(session, id, signal);
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
