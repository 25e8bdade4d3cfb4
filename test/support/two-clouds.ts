import { createLogger } from '../../src/observability/logger.ts';
import { Traffic } from '../../src/observability/traffic.ts';
import type { DeletionPolicy } from '../../src/plan/brake.ts';
import { Reconciler } from '../../src/reconcile/reconciler.ts';
import { seededRandom } from '../../src/runtime/random.ts';
import { openStackServices } from '../../src/sandbox/openstack/services.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts';
import type { SandboxCloud } from '../../src/sandbox/sandbox-cloud.ts';
import { HastyClock } from './manual-clock.ts';
import { sessionsOn } from './sandbox-sessions.ts';

/** Two clouds and a portal, in which users of both have their racks, and a reconciler that is run by hand. */
export interface TwoClouds extends AsyncDisposable {
  /** The first cloud, and the portal. */
  readonly north: Sandbox;
  readonly south: SandboxCloud;
  readonly reconciler: Reconciler;
  /** Another one on the same portal, that knows of the north alone. */
  readonly northAlone: () => Reconciler;
  readonly clock: HastyClock;
}

/** Their names are `north` and `south`; `north` is the first. */
export async function startTwoClouds(
  size: Pick<SandboxOptions, 'projects' | 'stacks' | 'servers' | 'release' | 'sharedKeystone'>,
  deletions: DeletionPolicy = { maxDeletions: 5, maxShare: 0.3, allowAll: false },
): Promise<TwoClouds> {
  const clock = new HastyClock();
  const north = await startSandbox({ pace: 0, ...size, clouds: ['north', 'south'], clock });
  const [first, second] = north.clouds;
  const south = second as SandboxCloud;
  const { concertim } = north.config;
  const random = seededRandom(1);
  const traffic = new Traffic();
  const onExchange = ({ service }: { readonly service: string }) => traffic.count(service);
  const ofNorth = sessionsOn({ ...first.config, concertim }, { clock, random, onExchange });
  const ofSouth = sessionsOn({ ...south.config, concertim }, { clock, random, onExchange });
  const inNorth = { name: 'north', session: ofNorth.cloud };
  const shared = {
    portal: ofNorth.portal,
    settings: { standaloneServers: 'ignore', defaultRackHeight: 42, deletions } as const,
    traffic,
    clock,
    random,
    log: createLogger({ level: 'critical', format: 'json' }),
  };
  const reconciler = new Reconciler({
    clouds: [inNorth, { name: 'south', session: ofSouth.cloud }],
    ...shared,
  });
  return {
    north,
    south,
    reconciler,
    northAlone: () => new Reconciler({ clouds: [inNorth], ...shared }),
    clock,
    async [Symbol.asyncDispose]() {
      await Promise.all([ofNorth.close(), ofSouth.close()]);
      await north.close();
    },
  };
}

/** All of a cloud's services refuse. */
export function takeDown({ faults }: Pick<SandboxCloud, 'faults'>): () => void {
  return faults.add({ service: openStackServices.map(({ name }) => name), kind: 'answer', status: 503 });
}
