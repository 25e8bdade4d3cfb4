import type { Release } from '../concertim/profile.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { Cloud } from './cloud/cloud.ts';
import { Ids, randomFor } from './cloud/ids.ts';
import { addControl } from './control.ts';
import { Faults } from './faults.ts';
import { HttpService } from './http-service.ts';
import { KillBillState } from './killbill/killbill.ts';
import { addKillBill } from './killbill/routes.ts';
import { Catalog } from './openstack/catalog.ts';
import { Telemetry } from './openstack/gnocchi-telemetry.ts';
import type { Site } from './openstack/service.ts';
import { openStackServices } from './openstack/services.ts';
import { Population, password } from './population.ts';
import { MetricDaemon } from './portal/metric-daemon.ts';
import { createOutbound } from './portal/outbound/outbound.ts';
import { addOutboundActions } from './portal/outbound/outbound-actions.ts';
import type { OutboundContext } from './portal/outbound/outbound-context.ts';
import { Portal } from './portal/portal.ts';
import { PortalSpeed } from './portal/speed.ts';
import { startPortal } from './portal/start-portal.ts';
import { upgrade } from './portal/upgrade.ts';
import { Story } from './story.ts';
import { addCloudActions } from './view/cloud-actions.ts';
import { Feed } from './view/feed.ts';
import { addView } from './view/view.ts';

/** What a sandbox is filled with, and how it behaves. */
export interface SandboxOptions {
  /** The same seed gives the same ids, names and story. Default 1. */
  readonly seed?: number;
  /** The portal's release. Default main. */
  readonly release?: Release;
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
  /** Called with each step of the story, in a few words. */
  readonly onStep?: (told: string) => void;
  /** How long things take, as a multiple of what they take on a small real cloud; 0: no time. Default 1. */
  readonly pace?: number;
  /** Added to every exchange. */
  readonly latencyMs?: number | { readonly cloud?: number; readonly portal?: number };
  /** `real`: the portal takes as long as a real one, by the machine's clock. Default: no longer than this process needs. */
  readonly portalSpeed?: 'real' | undefined;
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

/** What listens on a port of its own. */
export type ServiceName = (typeof openStackServices)[number]['name'] | 'concertim' | 'killbill' | 'control';

/** An OpenStack and a Concertim, filled and running, in this process. */
export interface Sandbox {
  readonly cloud: Cloud;
  /** What is measured of the servers. */
  readonly telemetry: Telemetry;
  readonly portal: Portal;
  /** What takes the portal its time, where `portalSpeed` says so. */
  readonly portalSpeed: PortalSpeed | undefined;
  /** What the portal asks its companion with, its background jobs among it. */
  readonly outbound: OutboundContext;
  /** What takes figures for the portal. */
  readonly metricDaemon: MetricDaemon;
  /** A billing platform, for who wants one. */
  readonly killBill: KillBillState;
  readonly population: Population;
  readonly faults: Faults;
  readonly services: Readonly<Record<ServiceName, HttpService>>;
  /** What the product's config.yaml has to say to run on it. */
  readonly config: {
    readonly openstack: Readonly<Record<OpenStackKey, string>>;
    readonly concertim: Readonly<
      Record<'concertim_url' | 'concertim_username' | 'concertim_password', string>
    > & { readonly default_cluster_type?: string };
  };
  /**
   * Takes the portal down, has its database migrated, and brings it back at its address; `whileDown` runs before the migration.
   *
   * @throws {MigrationError} the migration stopped: the portal is there again, of its old release, without what was destroyed
   */
  readonly upgradePortal: (release: Release, whileDown?: () => Promise<void>) => Promise<void>;
  /** Has the next steps of the story happen now; what they were. */
  readonly tick: (steps?: number) => string[];
  /** Carries out what is due; for a sandbox whose clock is moved by hand. Every request to the cloud does so too. */
  readonly advance: () => void;
  /** Stops listening. */
  readonly close: () => Promise<void>;
  /** `close`, at the end of a block. */
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
  const { seed = 1, projects = 3, servers = 4, clock = systemClock } = options;
  const stacks = options.stacks ?? projects * 2;
  const cloud = new Cloud({
    clock,
    seed,
    pace: options.pace ?? 1,
    tokenLifetimeS: options.tokenLifetimeS ?? 3_600,
    stackSchedulerHints: options.stackSchedulerHints ?? false,
    maxNestedStackDepth: options.maxNestedStackDepth ?? 5,
    heatGlobalIndex: options.heatGlobalIndex ?? false,
    adminContext: options.adminContext ?? true,
    rating: options.rating,
    microversion: options.microversion ?? '2.100',
    keepDeletedMs: options.keepDeletedMs,
  });
  const population = new Population(cloud, { projects, stacks, servers }, randomFor(seed, 'population'));
  const portal = new Portal({
    clock,
    random: randomFor(seed, 'portal'),
    ...(options.release && { release: options.release }),
  });
  population.introduceTo(portal);
  const telemetry = new Telemetry(cloud);
  const metricDaemon = new MetricDaemon(portal);
  const killBill = new KillBillState(new Ids(randomFor(seed, 'killbill')), clock);
  const story = new Story(population, { random: randomFor(seed, 'story'), stacks, servers });
  const feed = new Feed({ cloud, portal, metricDaemon, clock });
  const tell = () => {
    const told = story.step();
    options.onStep?.(told);
    feed.tell(told);
    return told;
  };
  const tick = (steps = 1) => Array.from({ length: steps }, tell);

  const portalSpeed = options.portalSpeed === 'real' ? new PortalSpeed() : undefined;
  const faults = new Faults();
  const site: Site = { cloud, catalog: new Catalog(new Ids(randomFor(seed, 'catalog'))), telemetry };
  const { cloud: cloudMs = 0, portal: portalMs = 0 } =
    typeof options.latencyMs === 'number'
      ? { cloud: options.latencyMs, portal: options.latencyMs }
      : (options.latencyMs ?? {});
  const listenAs = (name: ServiceName, latencyMs: number) => ({
    name,
    port: options.ports?.[name] ?? 0,
    host: options.host ?? '127.0.0.1',
    faults,
    latencyMs,
    clock,
  });
  const started: Partial<Record<ServiceName, HttpService>> = {};
  const upgradePortal = async (release: Release, whileDown?: () => Promise<void>) =>
    started.concertim?.restart(async () => {
      await whileDown?.();
      upgrade(portal, release);
    });
  const authUrl = () => `${started.keystone?.url}/v3`;
  const outbound = createOutbound({
    portal,
    admin: () => ({
      auth_url: authUrl(),
      user_id: population.concertim.id,
      password,
      project_id: population.admin.id,
    }),
    makeStack: async (owner) => population.addCluster(population.accountOf(owner), { servers }),
  });
  const ended = new AbortController();
  const close = async () => {
    ended.abort();
    await outbound.jobs.close();
    await Promise.all(Object.values(started).map((service) => service.close()));
  };
  try {
    for (const { name, type, path, routes } of openStackServices) {
      const service = await HttpService.start({
        ...listenAs(name, cloudMs),
        routes: (app) => routes.forEach((add) => add(app, site)),
      });
      started[name] = service;
      if (name === 'cinder' && options.cinder === false) continue;
      if (name === 'cloudkitty' && !options.rating) continue;
      site.catalog.add({ name, type, path, port: service.port });
    }
    const { name: _, ...portalListens } = listenAs('concertim', portalMs);
    started.concertim = await startPortal({
      ...portalListens,
      portal,
      metricDaemon,
      speed: portalSpeed,
      more: (app) => addView(app, { portal, outbound, population, feed }),
    });
    started.killbill = await HttpService.start({
      ...listenAs('killbill', portalMs),
      routes: (app) => addKillBill(app, killBill),
    });
    started.control = await HttpService.start({
      ...listenAs('control', 0),
      routes: (app) => {
        addControl(app, {
          faults,
          tick,
          revokeTokens: () => cloud.identity.revokeAllTokens(),
          upgradePortal: (release) => upgradePortal(release),
          describe: () => ({
            services: Object.fromEntries(Object.values(started).map(({ name, url }) => [name, url])),
            servers: cloud.compute.serverCount,
            racks: portal.racks.all().length,
          }),
        });
        addCloudActions(app, population);
        addOutboundActions(app, outbound);
      },
    });
  } catch (error) {
    await close();
    throw error;
  }
  if (options.story) playStory();
  const services = started as Record<ServiceName, HttpService>;
  return {
    cloud,
    telemetry,
    portal,
    portalSpeed,
    outbound,
    metricDaemon,
    killBill,
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
      },
      concertim: {
        concertim_url: services.concertim.url,
        concertim_username: 'admin',
        concertim_password: 'admin',
        // Stacks that were made by hand name no cluster type.
        ...(portal.rules.clusterTypes && { default_cluster_type: 'slurm-standalone' }),
      },
    },
    upgradePortal,
    tick,
    advance: () => cloud.advance(),
    close,
    [Symbol.asyncDispose]: close,
  };

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
