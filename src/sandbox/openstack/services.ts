import type { FastifyInstance } from 'fastify';
import type { CatalogService } from './catalog.ts';
import { addCinder } from './cinder.ts';
import { addCloudKitty } from './cloudkitty.ts';
import { addGnocchi } from './gnocchi.ts';
import { addGrants } from './grants.ts';
import { addHeat } from './heat.ts';
import { addKeyPairs } from './key-pairs.ts';
import { addKeystone } from './keystone.ts';
import { addNeutron } from './neutron.ts';
import { addNeutronWiring } from './neutron-wiring.ts';
import { addNova } from './nova.ts';
import { addNovaUsage } from './nova-usage.ts';
import type { Site } from './service.ts';

/** A service of the cloud: what the catalog says of it, and its routes. */
export interface OpenStackService extends Omit<CatalogService, 'port'> {
  readonly routes: readonly ((app: FastifyInstance, site: Site) => void)[];
}

/** The services of the cloud, in the order of the catalog. */
export const openStackServices = [
  { name: 'keystone', type: 'identity', path: () => '/v3', routes: [addKeystone, addGrants] },
  { name: 'nova', type: 'compute', path: () => '/v2.1', routes: [addNova, addKeyPairs, addNovaUsage] },
  { name: 'heat', type: 'orchestration', path: (projectId: string) => `/v1/${projectId}`, routes: [addHeat] },
  { name: 'neutron', type: 'network', path: () => '', routes: [addNeutron, addNeutronWiring] },
  { name: 'cinder', type: 'volumev3', path: (projectId: string) => `/v3/${projectId}`, routes: [addCinder] },
  { name: 'gnocchi', type: 'metric', path: () => '', routes: [addGnocchi] },
  { name: 'cloudkitty', type: 'rating', path: () => '', routes: [addCloudKitty] },
] as const satisfies readonly OpenStackService[];
