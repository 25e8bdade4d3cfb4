/** Network (Neutron) v2.0. */
import { z } from 'zod';
import { parseBody } from '../http/body.ts';
import { memoryOfEach } from '../http/row-memory.ts';
import { assertNotFound } from './errors.ts';
import type { Network, NetworkId, ProjectId, Unreadable } from './model.ts';
import { type PagedShape, readPages } from './paging.ts';
import { rowOrUnreadable } from './row.ts';
import type { Session } from './session.ts';
import * as wire from './wire/network.ts';

const pageSize = 1000;

/** All that is read of a network. Neutron passes over those that it does not know. */
const fields = Object.keys(wire.Network.shape);

const names = { field: 'networks', row: wire.NetworkName, links: 'networks_links' };

const NetworkRow = rowOrUnreadable<Network, NetworkId>(wire.Network.transform(toNetwork), 'a network');

const networks: PagedShape<Network | Unreadable<NetworkId>> = {
  field: 'networks',
  row: NetworkRow,
  links: 'networks_links',
};

/** The networks of the whole cloud, as each session saw them last. */
const memoryOf = memoryOfEach<Network | Unreadable<NetworkId>>();

/** Names of all networks that lead out of the cloud. */
export async function listExternalNetworks(session: Session, signal?: AbortSignal): Promise<string[]> {
  const query = { 'router:external': true, limit: pageSize };
  const request = { method: 'GET', path: '/networks', route: '/networks', query, signal } as const;
  const { rows } = await readPages(session, 'network', request, names);
  return rows.map(({ name }) => name);
}

/**
 * The networks of all projects, or of one. Who is no administrator gets those of the session's own project from Neutron,
 * and shared ones, without a word.
 *
 * @throws {CatalogError} the cloud has no Neutron
 */
export async function listNetworks(
  session: Session,
  options: { projectId?: ProjectId } = {},
  signal?: AbortSignal,
): Promise<(Network | Unreadable<NetworkId>)[]> {
  const { projectId } = options;
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
