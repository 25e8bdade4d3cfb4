import type { Clock } from '../runtime/clock.ts';
import { Cloud } from './cloud/cloud.ts';
import { Ids, randomFor } from './cloud/ids.ts';
import type { Faults } from './faults.ts';
import { HttpService } from './http-service.ts';
import { Catalog } from './openstack/catalog.ts';
import { Telemetry } from './openstack/gnocchi-telemetry.ts';
import { openStackServices } from './openstack/services.ts';
import { Population, password } from './population.ts';
import { Story } from './story.ts';

/** What of a cloud listens on a port of its own. */
export type CloudServiceName = (typeof openStackServices)[number]['name'];

/** What a cloud is filled with, and how it behaves. */
export interface CloudSettings {
  /** Default 3. */
  readonly projects?: number;
  /** In all. Default: two to a project. */
  readonly stacks?: number;
  /** In each stack. Default 4. */
  readonly servers?: number;
  /** How long things take, as a multiple of what they take on a small real cloud; 0: no time. Default 1. */
  readonly pace?: number;
  /** Default 3,600. */
  readonly tokenLifetimeS?: number;
  /** Nova's newest. Default 2.100. */
  readonly microversion?: string;
  /** `stack_scheduler_hints` of heat.conf. Default false, as Heat's. */
  readonly stackSchedulerHints?: boolean;
  /** Whether the cloud has a Cinder: without, its catalog names none. Default true. */
  readonly cinder?: boolean;
  /** `max_nested_stack_depth` of heat.conf. Default 5, as Heat's. */
  readonly maxNestedStackDepth?: number;
  /** Whether Heat lets administrators use `global_tenant`. Default false, as Heat's policy. */
  readonly heatGlobalIndex?: boolean;
  /** The storage of its CloudKitty. Default: it has none. */
  readonly rating?: 'v2' | 'v1';
  /** Whether Heat takes an administrator's token for one of its own administrators'. Default true, as Heat's policy. */
  readonly adminContext?: boolean;
  /** How long Nova and Heat remember what is deleted. Default: an hour. */
  readonly keepDeletedMs?: number;
}

/** One OpenStack of a sandbox: its state, what fills it, and its services over real HTTP. */
export interface SandboxCloud {
  /** Unique in its sandbox. */
  readonly name: string;
  readonly cloud: Cloud;
  /** What is measured of the servers. */
  readonly telemetry: Telemetry;
  readonly population: Population;
  /** What goes wrong with its services. Regions that share a Keystone have it fail by the faults of the first one. */
  readonly faults: Faults;
  readonly services: Readonly<Record<CloudServiceName, HttpService>>;
  /** What the product's config.yaml has to say to sign in to it. */
  readonly config: { readonly openstack: Readonly<OpenStackSection> };
}

type OpenStackSection = Record<
  'auth_url' | 'username' | 'password' | 'project_name' | 'project_domain_name' | 'user_domain_name',
  string
> & { readonly region_name?: string };

/** What only the sandbox itself uses of a cloud. */
export interface StartedCloud extends SandboxCloud {
  readonly story: Story;
  readonly catalog: Catalog;
  /** Stops listening. */
  readonly close: () => Promise<void>;
}

export interface CloudStart {
  readonly name: string;
  readonly seed: number;
  readonly clock: Clock;
  readonly faults: Faults;
  readonly latencyMs: number;
  readonly host: string;
  readonly ports: Partial<Record<CloudServiceName, number>>;
  /** Stands before the logins of its users, which are unique in the portal. */
  readonly loginPrefix: string;
  /** Its region in the catalog. Default: Keystone's own. */
  readonly region?: string | undefined;
  /** Another region, whose Keystone with its users and projects is this one's too. */
  readonly sharesKeystoneOf?: StartedCloud | undefined;
}

export async function startCloud(start: CloudStart, settings: CloudSettings): Promise<StartedCloud> {
  const { name, seed, clock, faults, latencyMs, host, ports, loginPrefix, region } = start;
  const { projects = 3, servers = 4 } = settings;
  const stacks = settings.stacks ?? projects * 2;
  const other = start.sharesKeystoneOf;
  const cloud = new Cloud({
    clock,
    seed,
    identity: other?.cloud.identity,
    pace: settings.pace ?? 1,
    tokenLifetimeS: settings.tokenLifetimeS ?? 3_600,
    stackSchedulerHints: settings.stackSchedulerHints ?? false,
    maxNestedStackDepth: settings.maxNestedStackDepth ?? 5,
    heatGlobalIndex: settings.heatGlobalIndex ?? false,
    adminContext: settings.adminContext ?? true,
    rating: settings.rating,
    microversion: settings.microversion ?? '2.100',
    keepDeletedMs: settings.keepDeletedMs,
  });
  const population = new Population(cloud, { projects, stacks, servers }, randomFor(seed, 'population'), {
    loginPrefix,
    sharedWith: other?.population,
  });
  const telemetry = new Telemetry(cloud);
  const catalog = other?.catalog ?? new Catalog(new Ids(randomFor(seed, 'catalog')));
  const site = { cloud, catalog, telemetry };
  const own: HttpService[] = [];
  const close = async () => void (await Promise.all(own.map((service) => service.close())));
  const started: Partial<Record<CloudServiceName, HttpService>> = {};
  try {
    for (const { name: service, type, path, routes } of openStackServices) {
      const shared = service === 'keystone' ? other?.services.keystone : undefined;
      const listens =
        shared ??
        (await HttpService.start({
          name: service,
          port: ports[service],
          host,
          faults,
          latencyMs,
          clock,
          routes: (app) => routes.forEach((add) => add(app, site)),
        }));
      if (!shared) own.push(listens);
      started[service] = listens;
      if (service === 'cinder' && settings.cinder === false) continue;
      if (service === 'cloudkitty' && !settings.rating) continue;
      catalog.add({ name: service, type, path, port: listens.port, region });
    }
  } catch (error) {
    await close();
    throw error;
  }
  const services = started as Record<CloudServiceName, HttpService>;
  return {
    name,
    cloud,
    telemetry,
    population,
    faults,
    services,
    config: {
      openstack: {
        auth_url: `${services.keystone.url}/v3`,
        username: population.concertim.name,
        password,
        project_name: population.admin.name,
        project_domain_name: 'Default',
        user_domain_name: 'Default',
        ...(region !== undefined && { region_name: region }),
      },
    },
    story: new Story(population, { random: randomFor(seed, 'story'), stacks, servers }),
    catalog,
    close,
  };
}
