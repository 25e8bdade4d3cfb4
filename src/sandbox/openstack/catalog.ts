import type { Ids } from '../cloud/ids.ts';

export interface CatalogService {
  /** Official, such as `compute`. */
  readonly type: string;
  readonly name: string;
  readonly port: number;
  /** Default: the region that Keystone's bootstrap makes. */
  readonly region?: string | undefined;
  /** Of its endpoint, the version included; where the project stands in it, by the project. */
  readonly path: (projectId: string) => string;
}

/** Keystone's catalogue: where the services answer, by whatever name the caller reached Keystone. */
export class Catalog {
  readonly #ids: Ids;
  readonly #endpoints: (CatalogService & { readonly id: string; readonly endpointIds: readonly string[] })[] =
    [];

  constructor(ids: Ids) {
    this.#ids = ids;
  }

  /** A service of a further region has the id of the same service elsewhere. */
  add(service: CatalogService): void {
    const endpointIds = interfaces.map(() => this.#ids.hex(32));
    const known = this.#endpoints.find(({ type }) => type === service.type);
    this.#endpoints.push({ ...service, id: known?.id ?? this.#ids.hex(32), endpointIds });
  }

  /** Where the service of that type answers; '' when there is none. */
  url(type: string, hostname: string, projectId = ''): string {
    const service = this.#endpoints.find((service) => service.type === type);
    return service ? urlOf(service, hostname, projectId) : '';
  }

  /** As a v3 token holds it. */
  v3(hostname: string, projectId: string) {
    return this.#services().map(([service, regions]) => ({
      endpoints: regions.flatMap((endpoint) =>
        interfaces.map((kind, index) => ({
          id: endpoint.endpointIds[index],
          interface: kind,
          region_id: endpoint.region ?? defaultRegion,
          url: urlOf(endpoint, hostname, projectId),
          region: endpoint.region ?? defaultRegion,
        })),
      ),
      id: service.id,
      type: service.type,
      name: service.name,
    }));
  }

  /** As a v2.0 token holds it. */
  v2(hostname: string, projectId: string) {
    return this.#services().map(([service, regions]) => ({
      endpoints: regions.map((endpoint) => {
        const url = urlOf(endpoint, hostname, projectId);
        const { region = defaultRegion } = endpoint;
        return { adminURL: url, region, internalURL: url, id: endpoint.endpointIds[0], publicURL: url };
      }),
      endpoints_links: [],
      type: service.type,
      name: service.name,
    }));
  }

  /** Each service with its endpoints, a region each. */
  #services() {
    const byType = Map.groupBy(this.#endpoints, ({ type }) => type);
    return [...byType.values()].flatMap((regions) =>
      regions.slice(0, 1).map((first) => [first, regions] as const),
    );
  }
}

const defaultRegion = 'RegionOne';
const interfaces = ['public', 'internal', 'admin'] as const;

function urlOf(service: CatalogService, hostname: string, projectId: string): string {
  return `http://${hostname}:${service.port}${service.path(projectId)}`;
}
