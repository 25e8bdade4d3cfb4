/** Network (Neutron) v2.0. */
import { parseBody } from '../http/body.ts';
import type { HttpResponse } from '../http/client.ts';
import { type Page, readPages } from './paging.ts';
import type { Session } from './session.ts';
import * as wire from './wire/network.ts';

const pageSize = 1000;

/** Names of all networks that lead out of the cloud. */
export async function listExternalNetworks(session: Session, signal?: AbortSignal): Promise<string[]> {
  const query = { 'router:external': true, limit: pageSize };
  const request = { method: 'GET', path: '/networks', route: '/networks', query, signal } as const;
  const { rows } = await readPages(session, 'network', request, readNetworks);
  return rows.map(({ name }) => name);
}

function readNetworks(response: HttpResponse): Page<{ id: string; name: string }> {
  const { networks: rows, networks_links: links } = parseBody(response, wire.NetworksBody);
  return { rows, links };
}
