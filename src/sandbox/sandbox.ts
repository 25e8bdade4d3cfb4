import type { Release } from '../concertim/profile.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import type { Cloud } from './cloud/cloud.ts';
import { Ids, randomFor } from './cloud/ids.ts';
import { addControl } from './control.ts';
import { Faults } from './faults.ts';
import { HttpService } from './http-service.ts';
import { KillBillState } from './killbill/killbill.ts';
import { addKillBill } from './killbill/routes.ts';
import type { Telemetry } from './openstack/gnocchi-telemetry.ts';
import { type Population, password } from './population.ts';
import { MetricDaemon } from './portal/metric-daemon.ts';
import { createOutbound } from './portal/outbound/outbound.ts';
import { addOutboundActions } from './portal/outbound/outbound-actions.ts';
import type { OutboundContext } from './portal/outbound/outbound-context.ts';
import { Portal } from './portal/portal.ts';
import { PortalSpeed } from './portal/speed.ts';
import { startPortal } from './portal/start-portal.ts';
import { upgrade } from './portal/upgrade.ts';
import {
  type CloudServiceName,
  type CloudSettings,
  type SandboxCloud,
  type StartedCloud,
  startCloud,
} from './sandbox-cloud.ts';
import { addCloudActions } from './view/cloud-actions.ts';
import { Feed } from './view/feed.ts';
import { addView } from './view/view.ts';

/** What a sandbox is filled with, and how it behaves. What is said of clouds is said of each. */
export interface SandboxOptions extends CloudSettings {
  /** Names of its clouds, each unique. Default: one cloud. */
  readonly clouds?: readonly string[];
  /** Whether the clouds are regions of one Keystone, with the same users and projects. Default: each has a Keystone. */
  readonly sharedKeystone?: boolean;
  /** The same seed gives the same ids, names and story. Default 1. */
  readonly seed?: number;
  /** The portal's release. Default main. */
  readonly release?: Release;
  /** Something happens by itself every `storyIntervalMs`, in each cloud. Default: false. */
  readonly story?: boolean;
  /** Default 5,000. */
  readonly storyIntervalMs?: number;
  /** Called with each step of the story, in a few words. */
  readonly onStep?: (told: string) => void;
  /** Added to every exchange. */
  readonly latencyMs?: number | { readonly cloud?: number; readonly portal?: number };
  /** `real`: the portal takes as long as a real one, by the machine's clock. Default: no longer than this process needs. */
  readonly portalSpeed?: 'real' | undefined;
  /** Default: any free ones, as always for further clouds. */
  readonly ports?: Partial<Record<ServiceName, number>>;
  /** Where they listen. Default 127.0.0.1. */
  readonly host?: string;
  readonly clock?: Clock;
}

/** What listens on a port of its own. */
export type ServiceName = CloudServiceName | 'concertim' | 'killbill' | 'control';

/** A Concertim and one or more OpenStacks, filled and running, in this process. */
export interface Sandbox {
  /** All of them. What the sandbox itself has of a cloud is the first one's. */
  readonly clouds: readonly [SandboxCloud, ...SandboxCloud[]];
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
  /** What goes wrong with the portal and with the first cloud. */
  readonly faults: Faults;
  readonly services: Readonly<Record<ServiceName, HttpService>>;
  /** What the product's config.yaml has to say to run on it, or on the first of its clouds. */
  readonly config: SandboxCloud['config'] & {
    readonly concertim: Readonly<
      Record<'concertim_url' | 'concertim_username' | 'concertim_password', string>
    > & { readonly default_cluster_type?: string };
  };
  /**
   * What config.yaml has to say to run on all of its clouds.
   *
   * @param more what it says of a cloud besides, such as its `rmq`
   */
  readonly configOfAll: (
    more?: (cloud: SandboxCloud) => Readonly<Record<string, unknown>>,
  ) => Record<string, unknown>;
  /**
   * Takes the portal down, has its database migrated, and brings it back at its address; `whileDown` runs before the migration.
   *
   * @throws {MigrationError} the migration stopped: the portal is there again, of its old release, without what was destroyed
   */
  readonly upgradePortal: (release: Release, whileDown?: () => Promise<void>) => Promise<void>;
  /** Has the next steps of the story happen now, in each cloud; what they were. */
  readonly tick: (steps?: number) => string[];
  /** Carries out what is due; for a sandbox whose clock is moved by hand. Every request to a cloud does so too. */
  readonly advance: () => void;
  /** Stops listening. */
  readonly close: () => Promise<void>;
  /** `close`, at the end of a block. */
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

/** Starts a sandbox. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { seed = 1, servers = 4, clock = systemClock, host = '127.0.0.1' } = options;
  const { cloud: cloudMs = 0, portal: portalMs = 0 } =
    typeof options.latencyMs === 'number'
      ? { cloud: options.latencyMs, portal: options.latencyMs }
      : (options.latencyMs ?? {});
  const [first, ...others] = await startClouds(options, { seed, clock, host, latencyMs: cloudMs });
  const clouds = [first, ...others] as const;
  const isSeveral = others.length > 0;
  const { faults } = first;
  const portal = new Portal({
    clock,
    random: randomFor(seed, 'portal'),
    ...(options.release && { release: options.release }),
  });
  const accounted = options.sharedKeystone ? [first] : clouds;
  for (const { population } of accounted) population.introduceTo(portal);
  const metricDaemon = new MetricDaemon(portal);
  const killBill = new KillBillState(new Ids(randomFor(seed, 'killbill')), clock);
  const feed = new Feed({ clouds, portal, metricDaemon, clock });
  const tell = ({ name, story }: StartedCloud) => {
    const step = story.step();
    const told = isSeveral ? `${name}: ${step}` : step;
    options.onStep?.(told);
    feed.tell(told);
    return told;
  };
  const tick = (steps = 1) => Array.from({ length: steps }, () => clouds.map(tell)).flat();
  const advance = () => {
    for (const { cloud } of clouds) cloud.advance();
  };

  const portalSpeed = options.portalSpeed === 'real' ? new PortalSpeed() : undefined;
  const listenAs = (name: ServiceName, latencyMs: number) => ({
    name,
    port: options.ports?.[name],
    host,
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
  const outbound = createOutbound({
    portal,
    admin: () => ({
      auth_url: first.config.openstack.auth_url,
      user_id: first.population.concertim.id,
      password,
      project_id: first.population.admin.id,
    }),
    makeStack: async (owner) => {
      const { population } = clouds.find(({ population }) => population.has(owner)) ?? first;
      return population.addCluster(population.accountOf(owner), { servers });
    },
  });
  const ended = new AbortController();
  const close = async () => {
    ended.abort();
    await outbound.jobs.close();
    await Promise.all([...clouds, ...Object.values(started)].map((each) => each.close()));
  };
  try {
    const { name: _, ...portalListens } = listenAs('concertim', portalMs);
    started.concertim = await startPortal({
      ...portalListens,
      portal,
      metricDaemon,
      speed: portalSpeed,
      more: (app) => addView(app, { portal, outbound, clouds, feed }),
    });
    started.killbill = await HttpService.start({
      ...listenAs('killbill', portalMs),
      routes: (app) => addKillBill(app, killBill),
    });
    started.control = await HttpService.start({
      ...listenAs('control', 0),
      routes: (app) => {
        addControl(app, {
          clouds,
          tick,
          upgradePortal: (release) => upgradePortal(release),
          describe: () => ({
            services: addressesOf({ ...first.services, ...started }),
            servers: sum(clouds.map(({ cloud }) => cloud.compute.serverCount)),
            racks: portal.racks.all().length,
            ...(isSeveral && { clouds: clouds.map(describeCloud) }),
          }),
        });
        addCloudActions(app, clouds);
        addOutboundActions(app, outbound);
      },
    });
  } catch (error) {
    await close();
    throw error;
  }
  if (options.story) playStory();
  const { openstack } = first.config;
  const concertim = {
    concertim_url: started.concertim.url,
    concertim_username: 'admin',
    concertim_password: 'admin',
    // Stacks that were made by hand name no cluster type.
    ...(portal.rules.clusterTypes && { default_cluster_type: 'slurm-standalone' }),
  };
  return {
    clouds,
    cloud: first.cloud,
    telemetry: first.telemetry,
    portal,
    portalSpeed,
    outbound,
    metricDaemon,
    killBill,
    population: first.population,
    faults,
    services: { ...first.services, ...started } as Record<ServiceName, HttpService>,
    config: { openstack, concertim },
    configOfAll: (more = () => ({})) => ({
      ...(isSeveral
        ? { clouds: clouds.map((cloud) => ({ name: cloud.name, ...cloud.config, ...more(cloud) })) }
        : { openstack, ...more(first) }),
      concertim,
    }),
    upgradePortal,
    tick,
    advance,
    close,
    [Symbol.asyncDispose]: close,
  };

  /** The steps have their moments on the timeline; this only sees to it that they come also when nobody asks. */
  function playStory(): void {
    for (const each of clouds)
      each.cloud.timeline.every(options.storyIntervalMs ?? 5_000, () => void tell(each));
    const look = async () => {
      while (!ended.signal.aborted) {
        await clock.sleep(1_000, ended.signal);
        advance();
      }
    };
    look().catch((error: unknown) => {
      if (!ended.signal.aborted) throw error;
    });
  }
}

/** One after the other: of regions, each further one needs the first. */
async function startClouds(
  {
    clouds: [firstName = 'cloud', ...names] = [],
    sharedKeystone = false,
    ports = {},
    ...settings
  }: SandboxOptions,
  each: { readonly seed: number; readonly clock: Clock; readonly host: string; readonly latencyMs: number },
): Promise<readonly [StartedCloud, ...StartedCloud[]]> {
  const regionOf = (name: string) => (sharedKeystone ? name : undefined);
  const first = await startCloud(
    { ...each, name: firstName, faults: new Faults(), ports, loginPrefix: '', region: regionOf(firstName) },
    settings,
  );
  const others: StartedCloud[] = [];
  try {
    for (const [at, name] of names.entries()) {
      const start = {
        ...each,
        name,
        seed: each.seed + at + 1,
        faults: new Faults(),
        ports: {},
        loginPrefix: `${name}-`,
        region: regionOf(name),
        sharesKeystoneOf: sharedKeystone ? first : undefined,
      };
      others.push(await startCloud(start, settings));
    }
  } catch (error) {
    await Promise.all([first, ...others].map((cloud) => cloud.close()));
    throw error;
  }
  return [first, ...others];
}

function describeCloud({ name, services, cloud }: SandboxCloud) {
  return { name, services: addressesOf(services), servers: cloud.compute.serverCount };
}

function addressesOf(services: Partial<Record<ServiceName, HttpService>>): Record<string, string> {
  return Object.fromEntries(Object.values(services).map(({ name, url }) => [name, url]));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
