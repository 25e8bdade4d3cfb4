import { MetricReporting, mostReportsAtOnce } from '../../src/concertim/metric-reporting.ts';
import { CycleLog } from '../../src/metrics/cycle-log.ts';
import type { CycleReport } from '../../src/metrics/cycle-report.ts';
import { DeviceList } from '../../src/metrics/device-list.ts';
import { MetricPump } from '../../src/metrics/metric-pump.ts';
import { SharedPace } from '../../src/metrics/pace.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { Traffic } from '../../src/observability/traffic.ts';
import { seededRandom } from '../../src/runtime/random.ts';
import type { Flow, Load } from '../../src/sandbox/openstack/gnocchi-load.ts';
import { steady } from '../../src/sandbox/openstack/gnocchi-load.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts';
import { HastyClock } from './manual-clock.ts';
import { portalRelease } from './portal-release.ts';
import { sessionsOn } from './sandbox-sessions.ts';

export interface MetricsScenarioOptions extends Omit<SandboxOptions, 'clock'> {
  readonly intervalMs?: number;
  readonly ttlMs?: number;
  readonly cpuPerVcpu?: boolean;
  /** The portal shows nothing yet. Default: all servers. */
  readonly empty?: boolean;
  readonly names?: '2023' | '2024';
}

/** A sandbox whose portal shows all servers, and the pump on both; time passes only when somebody waits. */
export interface MetricsScenario extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly clock: HastyClock;
  readonly pump: MetricPump;
  readonly devices: DeviceList;
  /** All that was logged so far, a line each. */
  readonly logged: string[];
  /** One cycle, which may take so long. */
  cycle(ms?: number): Promise<CycleReport>;
  /** One cycle now, and one when nothing that is missing now is awaited any more. */
  cycleAfterWaiting(): Promise<CycleReport>;
  /** The device that shows a server. */
  deviceOf(serverId: string): number;
  /** The values that the portal shows of a server, by metric. */
  shown(serverId: string): Record<string, unknown>;
  /** Ids of all servers. */
  servers(): string[];
}

/** Long after all servers were made, so that there are measures from before. */
const headStartMs = 4 * 3_600_000;
const longestWaitMs = 900_000;

export async function startMetrics(options: MetricsScenarioOptions = {}): Promise<MetricsScenario> {
  const {
    intervalMs = 15_000,
    ttlMs = 180_000,
    cpuPerVcpu = true,
    empty = false,
    names = '2023',
    ...sandboxOptions
  } = options;
  const clock = new HastyClock();
  const sandbox = await startSandbox({
    projects: 1,
    stacks: 1,
    servers: 3,
    pace: 0,
    release: portalRelease(),
    ...sandboxOptions,
    clock,
  });
  await clock.sleep(headStartMs);
  if (!empty) showServers(sandbox);
  const logged: string[] = [];
  const log = createLogger({
    level: 'debug',
    format: 'json',
    output: { write: (line) => logged.push(line) },
  });
  const traffic = new Traffic();
  const shared = {
    clock,
    random: seededRandom(1),
    onExchange: ({ service }: { service: string }) => traffic.count(service),
  };
  const { cloud, portal, close } = sessionsOn(sandbox.config, shared);
  const reporting = new MetricReporting({
    url: sandbox.config.concertim.concertim_url,
    session: portal,
    ...shared,
  });
  const devices = new DeviceList({ session: portal, clock });
  const pump = new MetricPump({
    cloud,
    devices,
    reporting,
    pace: new SharedPace(mostReportsAtOnce),
    intervalMs,
    ttlMs,
    cpuPerVcpu,
    names,
    traffic,
    clock,
  });
  const cycles = new CycleLog(log);
  const deviceOf = (serverId: string) => {
    const device = sandbox.portal.devices
      .all()
      .find(({ metadata }) => metadata['openstack_instance_id'] === serverId);
    if (!device) throw new Error(`no device shows server ${serverId}`);
    return device.id;
  };
  const cycle = async (ms = intervalMs) => {
    const report = await pump.runCycle(clock.now() + ms);
    cycles.write(report);
    return report;
  };
  return {
    sandbox,
    clock,
    pump,
    devices,
    logged,
    cycle,
    async cycleAfterWaiting() {
      await cycle();
      await clock.sleep(longestWaitMs);
      return cycle();
    },
    deviceOf,
    shown(serverId) {
      const shown = sandbox.metricDaemon.shown(deviceOf(serverId));
      return Object.fromEntries([...shown].map(([name, { value }]) => [name, value]));
    },
    servers: () => [...sandbox.cloud.compute.servers()].map(({ id }) => id),
    async [Symbol.asyncDispose]() {
      await Promise.all([close(), reporting.close()]);
      await sandbox.close();
    },
  };
}

/** A device for each server, made by hand: what the reconcile would do is not what is looked at here. */
export function showServers({ cloud, portal }: Sandbox): void {
  const templates = new Map(
    [...cloud.compute.flavors.values()].map(({ id, name, vcpus, ram }) => [
      id,
      portal.addTemplate({ name, foreign_id: id, vcpus, ram }),
    ]),
  );
  const racks = new Map(
    portal.users
      .all()
      .map((user) => [user.project_id, portal.addRack({ user_id: user.id, name: `all of ${user.login}` })]),
  );
  for (const { id, flavor, projectId } of cloud.compute.servers()) {
    portal.addDevice({
      template_id: templates.get(flavor.id)?.id ?? 0,
      name: `device-${id}`,
      rack_id: racks.get(projectId)?.id ?? 0,
      start_u: 1,
      metadata: { openstack_instance_id: id },
    });
  }
}

/** A load that stays the same, and so gives figures that are known beforehand. */
export function constantLoad(fields: Partial<Record<keyof Load, number>> = {}): Load {
  const of = (name: keyof Load, mean: number): Flow => steady(fields[name] ?? mean);
  return {
    cpu: of('cpu', 0.25e9),
    memory: of('memory', 0.5),
    incoming: of('incoming', 1_000),
    outgoing: of('outgoing', 500),
    read: of('read', 16_384),
    written: of('written', 32_768),
  };
}
