import type { Ids } from '../cloud/ids.ts';

export interface CatalogService {
  /** Official, such as `compute`. */
  readonly type: string;
  readonly name: string;
  readonly port: number;
  /** Of its endpoint, the version included; where the project stands in it, by the project. */
  readonly path: (projectId: string) => string;
}

/** Keystone's catalogue: where the services answer, by whatever name the caller reached Keystone. */
export class Catalog {
  readonly #ids: Ids;
  readonly #services: (CatalogService & { readonly id: string; readonly endpointIds: readonly string[] })[] =
    [];

  constructor(ids: Ids) {
    this.#ids = ids;
  }

  add(service: CatalogService): void {
    const endpointIds = interfaces.map(() => this.#ids.hex(32));
    this.#services.push({ ...service, id: this.#ids.hex(32), endpointIds });
  }

  /** Where the service of that type answers; '' when there is none. */
  url(type: string, hostname: string, projectId = ''): string {
    const service = this.#services.find((service) => service.type === type);
    return service ? urlOf(service, hostname, projectId) : '';
  }

  /** As a v3 token holds it. */
  v3(hostname: string, projectId: string) {
    return this.#services.map((service) => ({
      endpoints: interfaces.map((kind, index) => ({
        id: service.endpointIds[index],
        interface: kind,
        region_id: region,
        url: urlOf(service, hostname, projectId),
        region,
      })),
      id: service.id,
      type: service.type,
      name: service.name,
    }));
  }

  /** As a v2.0 token holds it. */
  v2(hostname: string, projectId: string) {
    return this.#services.map((service) => {
      const url = urlOf(service, hostname, projectId);
      return {
        endpoints: [{ adminURL: url, region, internalURL: url, id: service.endpointIds[0], publicURL: url }],
        endpoints_links: [],
        type: service.type,
        name: service.name,
      };
    });
  }
}

const region = 'RegionOne';
const interfaces = ['public', 'internal', 'admin'] as const;

function urlOf(service: CatalogService, hostname: string, projectId: string): string {
  return `http://${hostname}:${service.port}${service.path(projectId)}`;
}
