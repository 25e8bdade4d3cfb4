import type { ResourceType } from '../openstack/metric.ts';

/**
 * What the portal shows of an instance, and what of Gnocchi's it is made from.
 *
 * - `cpu-share`: growth of a counter of nanoseconds, as a share of the time
 * - `ram-share`: a gauge of MiB, as a share of the flavor's memory
 * - `rate`: growth a second of all counters named, of all resources of the type that belong to the instance
 */
export interface Definition {
  /** As the portal knows it, and as the first version of this service called it. */
  readonly name: string;
  /** As the version of 2024 calls it, with its units. */
  readonly of2024: { readonly name: string; readonly units: string };
  readonly units: '%' | 'B/s' | 'Ops/s';
  /** For a `rate`: what one counter can grow by in a second. */
  readonly most?: number;
  /** Faster growth than this, a second, is doubted where it is for one gap only. */
  readonly burst?: number;
  readonly formula: 'cpu-share' | 'ram-share' | 'rate';
  readonly type: ResourceType;
  /** Ceilometer's names of what is summed. */
  readonly meters: readonly string[];
}

/** 400 Gbit/s, the fastest interface that there is; no disk bus is faster. */
const mostBytes = 50e9;
/** Ten times what the fastest drives do. */
const mostRequests = 30e6;

/** 1 Gbit/s. */
const burstBytes = 125e6;
const burstRequests = 100e3;

/** Every figure that is sent to the portal. */
export const definitions: readonly Definition[] = [
  {
    name: 'os.instance.cpu_utilization',
    of2024: { name: 'cpu_load', units: '%' },
    units: '%',
    formula: 'cpu-share',
    type: 'instance',
    meters: ['cpu'],
  },
  {
    name: 'os.instance.ram_usage',
    of2024: { name: 'ram_usage', units: '%' },
    units: '%',
    formula: 'ram-share',
    type: 'instance',
    meters: ['memory.usage'],
  },
  {
    name: 'os.net.avg_usage',
    of2024: { name: 'network_usage', units: 'B/s' },
    units: 'B/s',
    most: mostBytes,
    burst: burstBytes,
    formula: 'rate',
    type: 'instance_network_interface',
    meters: ['network.incoming.bytes', 'network.outgoing.bytes'],
  },
  {
    name: 'os.disk.avg_throughput',
    of2024: { name: 'throughput', units: 'B/s' },
    units: 'B/s',
    most: mostBytes,
    burst: burstBytes,
    formula: 'rate',
    type: 'instance_disk',
    meters: ['disk.device.read.bytes', 'disk.device.write.bytes'],
  },
  {
    name: 'os.disk.avg_iops',
    of2024: { name: 'iops', units: 'OPS/s' },
    units: 'Ops/s',
    most: mostRequests,
    burst: burstRequests,
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
