import type { FastifyInstance } from 'fastify';
import type { Network } from '../cloud/network.ts';
import { titles } from './refusal.ts';
import { addManners, type Site, webObNotFound, withToken } from './service.ts';
import { seconds } from './times.ts';

/** Networking (Neutron) v2.0: the networks. */
export function addNeutron(app: FastifyInstance, site: Site): void {
  addManners(app, site.cloud, {
    requestIdHeaders: ['x-openstack-request-id'],
    refusalBody: ({ status, message, type }) =>
      status === 401
        ? { error: { code: 401, title: titles[401], message } }
        : { NeutronError: { type, message, detail: '' } },
    noSuchRoute: webObNotFound,
  });
  app.get(
    '/v2.0/networks',
    withToken(site, ({ cloud, query, isAdmin, project }) => {
      const external = query.get('router:external')?.toLowerCase();
      const wantsExternal = external === undefined ? undefined : ['true', '1'].includes(external);
      const seen = [...cloud.networking.networks.values()].filter(
        (network) =>
          (isAdmin || network.isShared || network.isExternal || network.projectId === project?.id) &&
          (wantsExternal === undefined || network.isExternal === wantsExternal) &&
          (query.get('name') ?? network.name) === network.name,
      );
      const marker = query.get('marker');
      const start = marker === null ? 0 : seen.findIndex(({ id }) => id === marker) + 1;
      const limit = Number(query.get('limit') ?? seen.length);
      return JSON.stringify({ networks: seen.slice(start, start + limit).map(networkBody) });
    }),
  );
}

function networkBody(network: Network) {
  const at = seconds(network.createdAt);
  return {
    id: network.id,
    name: network.name,
    tenant_id: network.projectId,
    admin_state_up: true,
    mtu: network.isExternal ? 1500 : 1450,
    status: 'ACTIVE',
    subnets: [network.subnetId],
    shared: network.isShared,
    availability_zone_hints: [],
    availability_zones: [],
    ipv4_address_scope: null,
    ipv6_address_scope: null,
    'router:external': network.isExternal,
    description: '',
    port_security_enabled: true,
    ...(network.isExternal ? { is_default: false } : {}),
    tags: [],
    created_at: at,
    updated_at: at,
    revision_number: 2,
    project_id: network.projectId,
  };
}
