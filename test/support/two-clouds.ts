import { createLogger } from '../../src/observability/logger.ts';
import { Traffic } from '../../src/observability/traffic.ts';
import type { DeletionPolicy } from '../../src/plan/brake.ts';
import { Reconciler } from '../../src/reconcile/reconciler.ts';
import { seededRandom } from '../../src/runtime/random.ts';
import { password } from '../../src/sandbox/population.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts';
import { HastyClock } from './manual-clock.ts';
import { sessionsOn } from './sandbox-sessions.ts';

/** Two clouds, the portal of the first one, in which users of both have their racks, and a reconciler that is run by hand. */
export interface TwoClouds extends AsyncDisposable {
  readonly north: Sandbox;
  readonly south: Sandbox;
  readonly reconciler: Reconciler;
  readonly clock: HastyClock;
}

/** Their names are `north` and `south`; `north` is the first. */
export async function startTwoClouds(
  size: Pick<SandboxOptions, 'projects' | 'stacks' | 'servers' | 'release'>,
  deletions: DeletionPolicy = { maxDeletions: 5, maxShare: 0.3, allowAll: false },
): Promise<TwoClouds> {
  const clock = new HastyClock();
  const north = await startSandbox({ pace: 0, ...size, clock, seed: 1 });
  const south = await startSandbox({ pace: 0, ...size, clock, seed: 2 });
  for (const { login, user, project } of south.population.accounts) {
    const ids = { cloud_user_id: user.id, project_id: project.id };
    north.portal.addUser({ login: `south-${login}`, password, ...ids });
  }
  const random = seededRandom(1);
  const traffic = new Traffic();
  const onExchange = ({ service }: { readonly service: string }) => traffic.count(service);
  const ofNorth = sessionsOn(north.config, { clock, random, onExchange });
  const ofSouth = sessionsOn(south.config, { clock, random, onExchange });
  const reconciler = new Reconciler({
    clouds: [
      { name: 'north', session: ofNorth.cloud },
      { name: 'south', session: ofSouth.cloud },
    ],
    portal: ofNorth.portal,
    settings: { standaloneServers: 'ignore', defaultRackHeight: 42, deletions },
    traffic,
    clock,
    random,
    log: createLogger({ level: 'critical', format: 'json' }),
  });
  return {
    north,
    south,
    reconciler,
    clock,
    async [Symbol.asyncDispose]() {
      await Promise.all([ofNorth.close(), ofSouth.close()]);
      await Promise.all([north.close(), south.close()]);
    },
  };
}

/** What of a cloud's stacks and their servers the portal does not show, or shows although the cloud has it no more. */
export function outOfStepWith({ cloud, population }: Sandbox, { portal }: Sandbox, name: string): string[] {
  const stacks = population.accounts
    .flatMap(({ project }) => [...cloud.orchestration.stacks(project.id)])
    .filter(({ parent }) => !parent);
  const racks = portal.racks.all().filter(({ metadata }) => metadata['openstack_cloud'] === name);
  const devices = portal.devices
    .all()
    .filter(({ metadata, kind }) => metadata['openstack_cloud'] === name && kind === 'Instance');
  const wanted = new Set<unknown>(stacks.map(({ id }) => id));
  const servers = new Set<unknown>(
    stacks.flatMap((stack) => cloud.orchestration.serversOf(stack).map(({ id }) => id)),
  );
  const shown = new Set(racks.map(({ metadata }) => metadata['openstack_stack_id']));
  const shownServers = new Set(devices.map(({ metadata }) => metadata['openstack_instance_id']));
  return [
    ...differences(wanted, shown).map((id) => `stack ${String(id)}`),
    ...differences(servers, shownServers).map((id) => `server ${String(id)}`),
  ];
}

function differences(a: ReadonlySet<unknown>, b: ReadonlySet<unknown>): unknown[] {
  return [...[...a].filter((id) => !b.has(id)), ...[...b].filter((id) => !a.has(id))];
}

/** All of a cloud's services refuse. */
export function takeDown({ faults, services }: Sandbox): () => void {
  const { concertim: _, control: _control, killbill: _killbill, ...cloud } = services;
  return faults.add({ service: Object.keys(cloud), kind: 'answer', status: 503 });
}
