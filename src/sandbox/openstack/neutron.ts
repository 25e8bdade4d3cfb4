import type { FastifyInstance } from 'fastify';
import type { Network } from '../cloud/network.ts';
import type { Call } from './call.ts';
import { Refusal, titles } from './refusal.ts';
import { addManners, listBody, nextLink, type Site, withToken } from './service.ts';
import { seconds } from './times.ts';

/** Networking (Neutron) v2.0: the networks, without the extensions for names, QoS and L2 adjacency. */
export function addNeutron(app: FastifyInstance, site: Site): void {
  addManners(app, site.cloud, {
    requestIdHeaders: ['x-openstack-request-id'],
    refusalBody: ({ status, message, type }) =>
      status === 401
        ? { error: { code: 401, title: titles[401], message } }
        : { NeutronError: { type, message, detail: '' } },
    noSuchRoute: {
      type: 'application/json',
      body: JSON.stringify({
        NeutronError: { type: 'HTTPNotFound', message: 'The resource could not be found.', detail: '' },
      }),
    },
  });
  app.get(
    '/v2.0/networks',
    withToken(site, (call) => {
      const { query } = call;
      for (const name of query.keys()) {
        if (!filters.has(name)) throw new Refusal(400, `['${name}'] is invalid attribute for filtering`);
      }
      const all = [...call.cloud.networking.networks.values()];
      const seen = all
        .filter((network) => isVisible(call, network) && isWanted(query, network))
        .sort((a, b) => (a.id < b.id ? -1 : 1));
      const marker = query.get('marker');
      const at = seen.findIndex(({ id }) => id === marker);
      if (marker !== null && at < 0) {
        throw new Refusal(404, `Network ${marker} could not be found.`, { type: 'NetworkNotFound' });
      }
      const limit = Number(query.get('limit') ?? seen.length);
      const page = seen.slice(at + 1, at + 1 + limit);
      const networks = page.map((network) => JSON.stringify(networkBody(call, network)));
      return listBody(
        'networks',
        networks,
        query.has('limit') ? { networks_links: links(call, page, limit) } : {},
      );
    }),
  );
  app.get(
    '/v2.0/networks/:id',
    withToken(site, (call) => {
      const id = call.parameter('id');
      const network = call.cloud.networking.networks.get(id);
      if (network && isVisible(call, network)) return JSON.stringify({ network: networkBody(call, network) });
      throw new Refusal(404, `Network ${id} could not be found.`, { type: 'NetworkNotFound' });
    }),
  );
}

const filters = new Set([
  'fields',
  'limit',
  'marker',
  'name',
  'project_id',
  'router:external',
  'status',
  'tenant_id',
]);

function isVisible({ isAdmin, project }: Call, network: Network): boolean {
  return isAdmin || network.isShared || network.isExternal || network.projectId === project?.id;
}

function isWanted(query: URLSearchParams, network: Network): boolean {
  const external = query.get('router:external')?.toLowerCase();
  const isExternal = external === undefined || ['true', '1'].includes(external) === network.isExternal;
  const has = (filter: string, value: string) => !query.has(filter) || query.getAll(filter).includes(value);
  return (
    isExternal &&
    has('name', network.name) &&
    has('status', network.status) &&
    has('project_id', network.projectId) &&
    has('tenant_id', network.projectId)
  );
}

/** A request with a limit gets links to the pages on both sides, even to empty ones. */
function links(call: Call, page: readonly Network[], limit: number) {
  const next = page.length === limit ? page.at(-1) : undefined;
  const [first] = page;
  const previous = first && nextLink(call, '/v2.0/networks', first.id);
  return [
    ...(next ? [nextLink(call, '/v2.0/networks', next.id)] : []),
    ...(previous ? [{ rel: 'previous', href: `${previous.href}&page_reverse=True` }] : []),
  ];
}

/** Only the requested fields; a field that does not exist is ignored. */
function networkBody(call: Call, network: Network) {
  const body = wholeNetwork(network, call.isAdmin);
  const fields = call.query.getAll('fields');
  if (fields.length === 0) return body;
  return Object.fromEntries(Object.entries(body).filter(([name]) => fields.includes(name)));
}

function wholeNetwork(network: Network, isAdmin: boolean) {
  return {
    id: network.id,
    name: network.name,
    tenant_id: network.projectId,
    admin_state_up: network.adminStateUp,
    mtu: network.mtu,
    status: network.status,
    subnets: [network.subnetId],
    shared: network.isShared,
    availability_zone_hints: [],
    availability_zones: [],
    ipv4_address_scope: null,
    ipv6_address_scope: null,
    'router:external': network.isExternal,
    description: '',
    port_security_enabled: network.portSecurityEnabled,
    ...(network.isExternal ? { is_default: false } : {}),
    tags: [],
    created_at: seconds(network.createdAt),
    updated_at: seconds(network.updatedAt),
    revision_number: 2,
    project_id: network.projectId,
    ...(isAdmin
      ? {
          'provider:network_type': network.isExternal ? 'flat' : 'vxlan',
          'provider:physical_network': network.isExternal ? 'external' : null,
          'provider:segmentation_id': network.isExternal ? null : 1,
        }
      : {}),
  };
}
