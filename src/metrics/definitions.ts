import type { ResourceType } from '../openstack/metric.ts';

/**
 * What the portal shows of an instance, and what of Gnocchi's it is made from.
 *
 * - `cpu-share`: growth of a counter of nanoseconds, as a share of the time
 * - `ram-share`: a gauge of MiB, as a share of the flavor's memory
 * - `rate`: growth a second of all counters named, of all resources of the type that belong to the instance
 */
export interface Definition {
  /** As the portal knows it. */
  readonly name: string;
  readonly units: '%' | 'B/s' | 'Ops/s';
  readonly formula: 'cpu-share' | 'ram-share' | 'rate';
  readonly type: ResourceType;
  /** Ceilometer's names of what is summed. */
  readonly meters: readonly string[];
}

/** Every figure that the portal is sent. */
export const definitions: readonly Definition[] = [
  {
    name: 'os.instance.cpu_utilization',
    units: '%',
    formula: 'cpu-share',
    type: 'instance',
    meters: ['cpu'],
  },
  {
    name: 'os.instance.ram_usage',
    units: '%',
    formula: 'ram-share',
    type: 'instance',
    meters: ['memory.usage'],
  },
  {
    name: 'os.net.avg_usage',
    units: 'B/s',
    formula: 'rate',
    type: 'instance_network_interface',
    meters: ['network.incoming.bytes', 'network.outgoing.bytes'],
  },
  {
    name: 'os.disk.avg_throughput',
    units: 'B/s',
    formula: 'rate',
    type: 'instance_disk',
    meters: ['disk.device.read.bytes', 'disk.device.write.bytes'],
  },
  {
    name: 'os.disk.avg_iops',
    units: 'Ops/s',
    formula: 'rate',
    type: 'instance_disk',
    meters: ['disk.device.read.requests', 'disk.device.write.requests'],
  },
];

/** The types of the resources that are read, and of each the meters. */
export const metersByType: ReadonlyMap<ResourceType, readonly string[]> = new Map(
  [...Map.groupBy(definitions, ({ type }) => type)].map(([type, of]) => [
    type,
    of.flatMap(({ meters }) => meters),
  ]),
);
