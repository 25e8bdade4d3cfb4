import { z } from 'zod';
import { parseBody } from '../http/body.ts';
import type { Session } from './session.ts';

/** Networking (Neutron) v2. */

/** Not more to a page than any policy of `pagination_max_limit` in use allows. */
const pageSize = 1000;

/** What of a network is read. */
const NetworkPage = z.object({ networks: z.array(z.object({ id: z.string(), name: z.string() })) });

/** Names of all networks that lead out of the cloud (`router:external`). */
export async function listExternalNetworks(session: Session, signal?: AbortSignal): Promise<string[]> {
  const names: string[] = [];
  for (let marker: string | undefined; ; ) {
    const response = await session.request('network', {
      method: 'GET',
      path: '/networks',
      route: '/networks',
      query: { 'router:external': true, limit: pageSize, marker },
      signal,
    });
    const { networks } = parseBody(response, NetworkPage);
    names.push(...networks.map(({ name }) => name));
    const last = networks.at(-1);
    if (networks.length < pageSize || !last) return names;
    marker = last.id;
  }
}
