/** Network (Neutron) v2.0. */
import { readPages } from './paging.ts';
import type { Session } from './session.ts';
import * as wire from './wire/network.ts';

const pageSize = 1000;

const networks = { field: 'networks', row: wire.Network, links: 'networks_links' };

/** Names of all networks that lead out of the cloud. */
export async function listExternalNetworks(session: Session, signal?: AbortSignal): Promise<string[]> {
  const query = { 'router:external': true, limit: pageSize };
  const request = { method: 'GET', path: '/networks', route: '/networks', query, signal } as const;
  const { rows } = await readPages(session, 'network', request, networks);
  return rows.map(({ name }) => name);
}
