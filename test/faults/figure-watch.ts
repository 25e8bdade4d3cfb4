import type { Clock } from '../../src/runtime/clock.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import type { SandboxCloud } from '../../src/sandbox/sandbox-cloud.ts';
import { constantLoad } from '../support/metrics-scenario.ts';

/** Two samples, their way into Gnocchi, a cycle, and the time in which the service looks for new resources. */
const untilMeasuredMs = 120_000;

/** Gives all servers loads that stay the same, and compares what the portal is told of them with what is true then. */
export class FigureWatch {
  readonly #sandbox: Sandbox;
  readonly #clock: Clock;
  readonly #untrue = new Set<string>();
  /** When something last happened to a server. */
  readonly #steadySince = new Map<string, number>();
  /** Servers whose counters may have stood still, or begun anew. */
  readonly #disturbed = new Set<string>();

  constructor(sandbox: Sandbox, clock: Clock) {
    this.#sandbox = sandbox;
    this.#clock = clock;
    for (const { cloud, telemetry } of sandbox.clouds) {
      const note = (id: string) => {
        telemetry.except(id, { load: constantLoad() });
        this.#steadySince.set(id, clock.now());
      };
      for (const { id } of cloud.compute.servers()) note(id);
      cloud.onEvent((event) => {
        if (!('server' in event)) return;
        note(event.server.id);
        this.#disturbed.add(event.server.id);
      });
    }
    sandbox.metricDaemon.onTaken = (deviceId) => this.#look(deviceId);
  }

  /** Figures of servers to which nothing had happened, and which were told otherwise than they are. */
  get untrue(): readonly string[] {
    return [...this.#untrue];
  }

  /**
   * What the portal does not show, or shows otherwise than it is, of servers that have run long enough to be measured.
   *
   * @param clouds whose servers are looked at. Default: of all
   */
  wrong(clouds: readonly SandboxCloud[] = this.#sandbox.clouds): string[] {
    const deviceOf = new Map(
      this.#sandbox.portal.devices.all().map(({ id, metadata }) => [metadata['openstack_instance_id'], id]),
    );
    return [...this.#steadySince].flatMap(([serverId, since]) => {
      const deviceId = deviceOf.get(serverId);
      const isMeasured =
        clouds.some(({ cloud }) => cloud.compute.server(serverId)?.vmState === 'active') &&
        this.#clock.now() - since >= untilMeasuredMs;
      return isMeasured && deviceId !== undefined ? this.#compare(serverId, deviceId, true) : [];
    });
  }

  #look(deviceId: string): void {
    const serverId = this.#sandbox.portal.devices.get(Number(deviceId))?.metadata['openstack_instance_id'];
    if (typeof serverId !== 'string' || this.#disturbed.has(serverId)) return;
    for (const problem of this.#compare(serverId, Number(deviceId), false)) this.#untrue.add(problem);
  }

  #compare(serverId: string, deviceId: number, mustBeThere: boolean): string[] {
    const shown = this.#sandbox.metricDaemon.shown(deviceId);
    return Object.entries(trueFigures(this.#sandbox, serverId)).flatMap(([name, truth]) => {
      const value = shown.get(name)?.value;
      if (value === undefined) return mustBeThere ? [`${name} of server ${serverId} is not shown`] : [];
      const isTrue = Math.abs(Number(value) - truth) <= 1e-6 * truth;
      return isTrue ? [] : [`${name} of server ${serverId} was shown as ${value}, and is ${truth}`];
    });
  }
}

/** By hand from `constantLoad`: a quarter of each vCPU, half of the memory, and so much for each interface and disk. */
function trueFigures({ clouds }: Sandbox, serverId: string): Record<string, number> {
  const count = (type: 'instance_network_interface' | 'instance_disk') =>
    clouds
      .flatMap(({ telemetry }) => [...telemetry.resources(type)])
      .filter(({ server }) => server.id === serverId).length;
  const [interfaces, disks] = [count('instance_network_interface'), count('instance_disk')];
  return {
    'os.instance.cpu_utilization': 25,
    'os.instance.ram_usage': 50,
    'os.net.avg_usage': 1_500 * interfaces,
    'os.disk.avg_throughput': 49_152 * disks,
    'os.disk.avg_iops': 3 * disks,
  };
}
