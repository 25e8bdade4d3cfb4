import { type Clock, systemClock } from '../runtime/clock.ts';
import { Cloud } from './cloud/cloud.ts';
import { Ids, randomFor } from './cloud/ids.ts';
import { addControl } from './control.ts';
import { Faults } from './faults.ts';
import { HttpService } from './http-service.ts';
import { Catalog, type CatalogService } from './openstack/catalog.ts';
import { addGrants } from './openstack/grants.ts';
import { addHeat } from './openstack/heat.ts';
import { addKeyPairs } from './openstack/key-pairs.ts';
import { addKeystone } from './openstack/keystone.ts';
import { addNeutron } from './openstack/neutron.ts';
import { addNova } from './openstack/nova.ts';
import type { Site } from './openstack/service.ts';
import { Population, password } from './population.ts';
import { Portal } from './portal/portal.ts';
import { startPortal } from './portal/start-portal.ts';
import { Story } from './story.ts';

export interface SandboxOptions {
  /** The same seed gives the same ids, names and story. Default 1. */
  readonly seed?: number;
  /** Default 3. */
  readonly projects?: number;
  /** In all. Default: two to a project. */
  readonly stacks?: number;
  /** In each stack. Default 4. */
  readonly servers?: number;
  /** Something happens by itself every `storyIntervalMs`. Default: false. */
  readonly story?: boolean;
  /** Default 5,000. */
  readonly storyIntervalMs?: number;
  /** Hears what happens in the story, in a few words. */
  readonly onStep?: (told: string) => void;
  /** How long things take, as a multiple of what they take on a small real cloud; 0: no time. Default 1. */
  readonly pace?: number;
  /** Added to every exchange. */
  readonly latencyMs?: number | { readonly cloud?: number; readonly portal?: number };
  /** Default: any free ones. */
  readonly ports?: Partial<Record<ServiceName, number>>;
  /** Where they listen. Default 127.0.0.1. */
  readonly host?: string;
  readonly clock?: Clock;
  /** Default 3,600. */
  readonly tokenLifetimeS?: number;
  /** Nova's newest. Default 2.100. */
  readonly microversion?: string;
  /** `stack_scheduler_hints` of heat.conf. Default false, as Heat's. */
  readonly stackSchedulerHints?: boolean;
  /** Whether Heat lets administrators use `global_tenant`. Default false, as Heat's policy. */
  readonly heatGlobalIndex?: boolean;
  /** Whether Heat takes an administrator's token for one of its own administrators'. Default true, as Heat's policy. */
  readonly adminContext?: boolean;
}

export type ServiceName = 'keystone' | 'nova' | 'heat' | 'neutron' | 'concertim' | 'control';

/** An OpenStack and a Concertim, filled and running, in this process. */
export interface Sandbox {
  readonly cloud: Cloud;
  readonly portal: Portal;
  readonly population: Population;
  readonly faults: Faults;
  readonly services: Readonly<Record<ServiceName, HttpService>>;
  /** What the product's config.yaml has to say to run on it. */
  readonly config: {
    readonly openstack: Readonly<Record<OpenStackKey, string>>;
    readonly concertim: Readonly<
      Record<'concertim_url' | 'concertim_username' | 'concertim_password', string>
    >;
  };
  /** Has the next steps of the story happen now; what they were. */
  readonly tick: (steps?: number) => string[];
  /** Carries out what is due; for a sandbox whose clock is moved by hand. Every request to the cloud does so too. */
  readonly advance: () => void;
  readonly close: () => Promise<void>;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

type OpenStackKey =
  | 'auth_url'
  | 'username'
  | 'password'
  | 'project_name'
  | 'project_domain_name'
  | 'user_domain_name';

/** Starts a sandbox. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { seed = 1, projects = 3, servers = 4, clock = systemClock, ports = {} } = options;
  const stacks = options.stacks ?? projects * 2;
  const cloud = new Cloud({
    clock,
    seed,
    pace: options.pace ?? 1,
    tokenLifetimeS: options.tokenLifetimeS ?? 3_600,
    stackSchedulerHints: options.stackSchedulerHints ?? false,
    heatGlobalIndex: options.heatGlobalIndex ?? false,
    adminContext: options.adminContext ?? true,
    microversion: options.microversion ?? '2.100',
  });
  const population = new Population(cloud, { projects, stacks, servers }, randomFor(seed, 'population'));
  const portal = new Portal({ clock, random: randomFor(seed, 'portal') });
  population.introduceTo(portal);
  const story = new Story(population, { random: randomFor(seed, 'story'), stacks, servers });
  const tell = () => {
    const told = story.step();
    options.onStep?.(told);
    return told;
  };
  const tick = (steps = 1) => Array.from({ length: steps }, tell);

  const faults = new Faults();
  const latency = typeof options.latencyMs === 'object' ? options.latencyMs : undefined;
  const latencyMs = (of: 'cloud' | 'portal') =>
    latency ? (latency[of] ?? 0) : typeof options.latencyMs === 'number' ? options.latencyMs : 0;
  const listen = (name: ServiceName, routes: Parameters<typeof HttpService.start>[0]['routes']) =>
    HttpService.start({
      name,
      port: ports[name] ?? 0,
      host: options.host ?? '127.0.0.1',
      faults,
      latencyMs: name === 'control' ? 0 : latencyMs('cloud'),
      clock,
      routes,
    });

  const site: Site = { cloud, catalog: new Catalog(new Ids(randomFor(seed, 'catalog'))) };
  const started: HttpService[] = [];
  const ended = new AbortController();
  const close = async () => {
    ended.abort();
    await Promise.all(started.map((service) => service.close()));
  };
  try {
    const start = async (
      name: ServiceName,
      routes: Parameters<typeof HttpService.start>[0]['routes'],
      entry?: Omit<CatalogService, 'name' | 'port'>,
    ) => {
      const service = await listen(name, routes);
      started.push(service);
      if (entry) site.catalog.add({ ...entry, name, port: service.port });
      return service;
    };
    const keystone = await start(
      'keystone',
      (app) => {
        addKeystone(app, site);
        addGrants(app, site);
      },
      {
        type: 'identity',
        path: () => '/v3',
      },
    );
    const nova = await start(
      'nova',
      (app) => {
        addNova(app, site);
        addKeyPairs(app, site);
      },
      { type: 'compute', path: () => '/v2.1' },
    );
    const heat = await start('heat', (app) => addHeat(app, site), {
      type: 'orchestration',
      path: (projectId) => `/v1/${projectId}`,
    });
    const neutron = await start('neutron', (app) => addNeutron(app, site), {
      type: 'network',
      path: () => '',
    });
    const concertim = await startPortal({
      portal,
      faults,
      port: ports.concertim ?? 0,
      latencyMs: latencyMs('portal'),
      clock,
    });
    started.push(concertim);
    const control = await start('control', (app) =>
      addControl(app, {
        faults,
        tick,
        revokeTokens: () => cloud.identity.revokeAllTokens(),
        describe: () => ({
          services: Object.fromEntries(started.map(({ name, url }) => [name, url])),
          servers: cloud.compute.serverCount,
          racks: portal.racks.all().length,
        }),
      }),
    );
    if (options.story) playStory();
    return {
      cloud,
      portal,
      population,
      faults,
      services: { keystone, nova, heat, neutron, concertim, control },
      config: {
        openstack: {
          auth_url: `${keystone.url}/v3`,
          username: population.concertim.name,
          password,
          project_name: population.admin.name,
          project_domain_name: 'Default',
          user_domain_name: 'Default',
        },
        concertim: {
          concertim_url: concertim.url,
          concertim_username: 'admin',
          concertim_password: 'admin',
        },
      },
      tick,
      advance: () => cloud.advance(),
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }

  /** The steps have their moments on the timeline; this only sees to it that they come also when nobody asks. */
  function playStory(): void {
    cloud.timeline.every(options.storyIntervalMs ?? 5_000, tell);
    const look = async () => {
      while (!ended.signal.aborted) {
        await clock.sleep(1_000, ended.signal);
        cloud.advance();
      }
    };
    look().catch((error: unknown) => {
      if (!ended.signal.aborted) throw error;
    });
  }
}
