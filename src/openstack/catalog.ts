import { ServiceError } from '../runtime/severity.ts';
import type { ProjectId } from './model.ts';

/** The official types of the services that are used (https://service-types.openstack.org). */
export type ServiceType =
  | 'identity'
  | 'compute'
  | 'orchestration'
  | 'metric'
  | 'network'
  | 'block-storage'
  | 'placement'
  | 'rating'
  | 'rating-v1';

/** Which of a service's addresses in Keystone's catalogue is used. */
export type Interface = 'public' | 'internal' | 'admin';

interface Service {
  /** How people call it. */
  readonly name: string;
  /** The types under which catalogs have it, best first. */
  readonly types: readonly string[];
  /**
   * The version to add to an endpoint that names none; undefined: the service has no version in its paths.
   */
  readonly version: string | undefined;
  /** Whether every path has the project after the version. */
  readonly projectInPath: boolean;
}

export const services: Readonly<Record<ServiceType, Service>> = {
  identity: { name: 'Keystone', types: ['identity'], version: 'v3', projectInPath: false },
  compute: { name: 'Nova', types: ['compute'], version: 'v2.1', projectInPath: false },
  orchestration: { name: 'Heat', types: ['orchestration'], version: 'v1', projectInPath: true },
  metric: { name: 'Gnocchi', types: ['metric'], version: 'v1', projectInPath: false },
  network: { name: 'Neutron', types: ['network'], version: 'v2.0', projectInPath: false },
  rating: { name: 'CloudKitty', types: ['rating'], version: 'v2', projectInPath: false },
  'rating-v1': { name: 'CloudKitty', types: ['rating'], version: 'v1', projectInPath: false },
  'block-storage': {
    name: 'Cinder',
    types: ['block-storage', 'volumev3', 'block-store'],
    version: 'v3',
    projectInPath: true,
  },
  placement: { name: 'Placement', types: ['placement'], version: undefined, projectInPath: false },
};

/** One address of one service, as Keystone's catalog has it. */
export interface CatalogEntry {
  readonly type: string;
  readonly interface: Interface;
  readonly region: string;
  readonly url: string;
}

/** The catalog has no endpoint that fits, or several. */
export class CatalogError extends ServiceError {
  override readonly name = 'CatalogError';
  readonly service: ServiceType;

  constructor(service: ServiceType, problem: string, hint: string) {
    super(problem, { severity: 'fatal', hint });
    this.service = service;
  }
}

/** Where a service answers. */
export interface Endpoint {
  /** Up to and including the version, without a slash at the end: `http://heat:8004/v1`. */
  readonly root: string;
  /** Whether `/{project}` comes next. */
  readonly projectInPath: boolean;
}

/**
 * The service's endpoint of that interface and region; of the only region there is when none is given.
 *
 * @throws {CatalogError}
 */
export function findEndpoint(
  catalog: readonly CatalogEntry[],
  wanted: {
    readonly service: ServiceType;
    readonly interface: Interface;
    readonly region: string | undefined;
    readonly projectId: ProjectId | undefined;
  },
): Endpoint {
  const { name, types } = services[wanted.service];
  const ofType =
    types.map((type) => catalog.filter((entry) => entry.type === type)).find((found) => found.length > 0) ??
    [];
  const fitting = ofType.filter(
    (entry) =>
      entry.interface === wanted.interface && (wanted.region === undefined || entry.region === wanted.region),
  );
  const regions = new Set(fitting.map((entry) => entry.region));
  const [entry] = fitting;
  if (!entry) {
    const where = wanted.region === undefined ? '' : ` in region ${wanted.region}`;
    throw new CatalogError(
      wanted.service,
      `Keystone's catalog has no ${wanted.interface} endpoint of type ${wanted.service} (${name})${where}.`,
      whatThereIs(ofType, catalog),
    );
  }
  if (regions.size > 1) {
    throw new CatalogError(
      wanted.service,
      `Keystone's catalog has ${wanted.service} (${name}) in several regions: ${[...regions].join(', ')}.`,
      'Choose one by openstack.region_name.',
    );
  }
  return readEndpoint(entry.url, wanted.service, wanted.projectId);
}

/** Whether there is a service of that type, in that region where one is given. */
export function isListed(
  catalog: readonly CatalogEntry[],
  { service, region }: { readonly service: ServiceType; readonly region: string | undefined },
): boolean {
  const { types } = services[service];
  return catalog.some(
    (entry) => types.includes(entry.type) && (region === undefined || entry.region === region),
  );
}

/**
 * What a service's own link says below the version: of `http://inside:8774/v2.1/servers?marker=7` the part from
 * `/servers` on. undefined when the link does not have the version that `root` ends with.
 */
export function belowRoot(root: string, link: string): string | undefined {
  if (!URL.canParse(link)) return undefined;
  const { pathname, search } = new URL(link);
  const { pathname: rootPath } = new URL(root);
  if (pathname.startsWith(`${rootPath}/`)) return pathname.slice(rootPath.length) + search;
  // A proxy gave the root another path. The first match, because a stack may be named `v1` too.
  const version = rootPath.slice(rootPath.lastIndexOf('/'));
  const start = `${pathname}/`.indexOf(`${version}/`);
  return start < 0 ? undefined : pathname.slice(start + version.length) + search;
}

function readEndpoint(text: string, type: ServiceType, projectId: ProjectId | undefined): Endpoint {
  const service = services[type];
  const url = text.replace(/\/+$/, '');
  const { origin, pathname } = new URL(url);
  const end = versionEnd(pathname);
  if (end === undefined) {
    const root = service.version === undefined ? url : `${url}/${service.version}`;
    return { root, projectInPath: service.projectInPath };
  }
  const rest = pathname.slice(end);
  return {
    root: origin + pathname.slice(0, end),
    projectInPath: service.projectInPath || (projectId !== undefined && rest.endsWith(projectId)),
  };
}

/** Where the last segment that is a version, such as `/v2.1`, ends. */
function versionEnd(pathname: string): number | undefined {
  const version = [...pathname.matchAll(/\/v\d+(\.\d+)?(?=\/|$)/g)].at(-1);
  return version && version.index + version[0].length;
}

function whatThereIs(ofType: readonly CatalogEntry[], catalog: readonly CatalogEntry[]): string {
  if (catalog.length === 0) return 'It is empty: has the user a role in its project?';
  if (ofType.length === 0) return `It has: ${[...new Set(catalog.map((entry) => entry.type))].join(', ')}.`;
  const places = ofType.map((entry) => `${entry.interface} in ${entry.region}`);
  return `It has: ${places.join(', ')}. Check openstack.interface and openstack.region_name.`;
}
