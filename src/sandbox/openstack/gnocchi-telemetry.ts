import { createHash } from 'node:crypto';
import type { Cloud } from '../cloud/cloud.ts';
import type { Server } from '../cloud/compute.ts';
import { randomFor } from '../cloud/ids.ts';
import { amountBetween, type Flow, type Load, loadOf, strengthAt } from './gnocchi-load.ts';

export type ResourceType = 'instance' | 'instance_network_interface' | 'instance_disk';

/** A way to keep measures, as Gnocchi tells it. */
export interface ArchivePolicy {
  readonly name: string;
  readonly backWindow: number;
  readonly methods: readonly string[];
  /** In seconds. */
  readonly definition: readonly { readonly granularity: number; readonly points: number }[];
}

export interface Metric {
  readonly id: string;
  readonly name: string;
  readonly unit: string;
  readonly resource: Resource;
}

export interface Resource {
  readonly id: string;
  readonly type: ResourceType;
  readonly originalId: string;
  readonly server: Server;
  /** Of an interface or a disk. */
  readonly name: string;
  readonly metrics: readonly Metric[];
  /** While the server has it, ms since 1970. One that was taken away stays in Gnocchi and is measured no more. */
  readonly plugged: Span;
  /** When it came, or was last changed. */
  revisedAt: number;
  /** Of the server when it was last measured. */
  flavorId: string;
}

/** The start of a grain, ms since 1970, and the mean of the samples in it. */
export type Measure = readonly [at: number, value: number];

/** What is otherwise than usual with a server's telemetry. */
export interface Exception {
  readonly load?: Load;
  /** It has no resource at all, as one that no agent polls. */
  readonly isAbsent?: boolean;
  /** It has its metrics, and nothing is measured. */
  readonly isSilent?: boolean;
  /** Metrics that it lacks. */
  readonly lacks?: readonly string[];
  /** Gnocchi refuses whatever its metrics are in, and does not say which it is. */
  readonly isSpoilt?: boolean;
  /** Archive policies by metric. */
  readonly policies?: Readonly<Record<string, string>>;
}

/** While a server runs its counters grow; each time it starts they begin again at 0. */
interface Span {
  readonly from: number;
  until: number;
}

const concertimDefinition = [
  { granularity: 5, points: 720 },
  { granularity: 60, points: 720 },
  { granularity: 3600, points: 720 },
];
const stockMethods = ['mean', 'min', 'max', 'sum', 'count', 'std'];

/** Those that Gnocchi comes with, and those that the first version of the service created. */
const stockPolicies: readonly ArchivePolicy[] = [
  { name: 'bool', backWindow: 3600, methods: ['last'], definition: [{ granularity: 1, points: 31_536_000 }] },
  { name: 'concertim_policy', backWindow: 0, methods: ['mean'], definition: concertimDefinition },
  {
    name: 'concertim_rate_policy',
    backWindow: 0,
    methods: ['rate:mean', 'mean'],
    definition: concertimDefinition,
  },
  {
    name: 'high',
    backWindow: 0,
    methods: stockMethods,
    definition: [
      { granularity: 1, points: 3600 },
      { granularity: 60, points: 10_080 },
      { granularity: 3600, points: 8760 },
    ],
  },
  { name: 'low', backWindow: 0, methods: stockMethods, definition: [{ granularity: 300, points: 8640 }] },
  {
    name: 'medium',
    backWindow: 0,
    methods: stockMethods,
    definition: [
      { granularity: 60, points: 10_080 },
      { granularity: 3600, points: 8760 },
    ],
  },
];

const meters: Readonly<Record<ResourceType, Readonly<Record<string, string>>>> = {
  instance: { cpu: 'ns', memory: 'MB', 'memory.usage': 'MB', vcpus: 'vcpu' },
  instance_network_interface: {
    'network.incoming.bytes': 'B',
    'network.incoming.packets': 'packet',
    'network.outgoing.bytes': 'B',
    'network.outgoing.packets': 'packet',
  },
  instance_disk: {
    'disk.device.read.bytes': 'B',
    'disk.device.read.requests': 'request',
    'disk.device.write.bytes': 'B',
    'disk.device.write.requests': 'request',
  },
};
const gauges = new Set(['memory', 'memory.usage', 'vcpus']);
const diskLetters = 'abcdefghijklmnopqrstuvwxyz';
const bytesInPacket = 700;
const bytesInRequest = 16_384;

/**
 * What Ceilometer measures of the servers and Gnocchi keeps of it. Nothing is stored: counters are functions of the server,
 * its load and the time, so the past is there however late somebody asks.
 */
export class Telemetry {
  readonly policies = new Map(stockPolicies.map((policy) => [policy.name, policy]));
  /** The archive policy of metrics of that kind, unless a server is an exception. */
  usualPolicy = { counters: 'concertim_rate_policy', gauges: 'concertim_policy' };
  /** Between two samples, seconds. */
  pollingS = 10;
  /** From a sample to the point in Gnocchi. */
  delayMs = 2_000;
  readonly #cloud: Cloud;
  readonly #exceptions = new Map<string, Exception>();
  readonly #running = new Map<string, Span[]>();
  readonly #loads = new Map<string, Load>();
  readonly #resources = new Map<string, Resource[]>();

  constructor(cloud: Cloud) {
    this.#cloud = cloud;
    cloud.onEvent((event) => {
      if ('server' in event) this.#follow(event.server, event.type);
    });
  }

  /** Has a server's telemetry be otherwise than usual, from the beginning of time on. */
  except(serverId: string, exception: Exception): void {
    this.#exceptions.set(serverId, { ...this.#exceptions.get(serverId), ...exception });
    this.#resources.delete(serverId);
  }

  /** Resources of existing servers that have not ended; `generic` stands for every type. */
  *resources(type: ResourceType | 'generic'): Generator<Resource> {
    for (const server of this.#cloud.compute.servers()) {
      if (server.launchedAt === undefined || this.#exceptions.get(server.id)?.isAbsent) continue;
      for (const resource of this.#resourcesOf(server))
        if (type === 'generic' || resource.type === type) yield resource;
    }
  }

  *metrics(): Generator<Metric> {
    for (const type of Object.keys(meters) as ResourceType[]) {
      for (const { metrics } of this.resources(type)) yield* metrics;
    }
  }

  metric(id: string): Metric | undefined {
    for (const metric of this.metrics()) if (metric.id === id) return metric;
    return undefined;
  }

  policyOf({ name, resource }: Metric): ArchivePolicy {
    const usual = gauges.has(name) ? this.usualPolicy.gauges : this.usualPolicy.counters;
    const policyName = this.#exceptions.get(resource.server.id)?.policies?.[name] ?? usual;
    const policy = this.policies.get(policyName);
    if (!policy) throw new Error(`The sandbox has no archive policy ${policyName}.`);
    return policy;
  }

  isSpoilt({ resource }: Metric): boolean {
    return this.#exceptions.get(resource.server.id)?.isSpoilt ?? false;
  }

  /** The means of the samples since then, a grain each. All in ms. */
  measures(metric: Metric, { granularityMs, since }: { granularityMs: number; since: number }): Measure[] {
    const { server } = metric.resource;
    if (this.#exceptions.get(server.id)?.isSilent) return [];
    const pollingMs = this.pollingS * 1000;
    const now = this.#cloud.timeline.now();
    const first = Math.floor(since / granularityMs) * granularityMs;
    const measures: [number, number][] = [];
    let count = 0;
    for (let at = Math.ceil(first / pollingMs) * pollingMs; at + this.delayMs <= now; at += pollingMs) {
      const value = this.sample(metric, at);
      if (value === undefined) continue;
      const grain = Math.floor(at / granularityMs) * granularityMs;
      const last = measures.at(-1);
      if (last?.[0] === grain) last[1] += (value - last[1]) / ++count;
      else {
        measures.push([grain, value]);
        count = 1;
      }
    }
    return measures;
  }

  /** What an agent reads at that moment, ms since 1970; undefined while the server does not run. */
  sample({ name, resource: { server, plugged } }: Metric, at: number): number | undefined {
    if (at < plugged.from || at >= plugged.until) return undefined;
    const running = this.#runningOf(server).findLast(({ from, until }) => from <= at && at < until);
    if (!running) return undefined;
    const since = Math.max(running.from, plugged.from);
    const load = this.#loadOf(server);
    const { flavor } = server;
    const counted = (flow: Flow, unit = 1) => Math.round(amountBetween(flow, since, at) / unit);
    switch (name) {
      case 'cpu':
        return counted(load.cpu) * flavor.vcpus;
      case 'memory':
        return flavor.ram;
      case 'memory.usage':
        return flavor.ram * strengthAt(load.memory, at);
      case 'vcpus':
        return flavor.vcpus;
      case 'network.incoming.bytes':
        return counted(load.incoming);
      case 'network.incoming.packets':
        return counted(load.incoming, bytesInPacket);
      case 'network.outgoing.bytes':
        return counted(load.outgoing);
      case 'network.outgoing.packets':
        return counted(load.outgoing, bytesInPacket);
      case 'disk.device.read.bytes':
        return counted(load.read);
      case 'disk.device.read.requests':
        return counted(load.read, bytesInRequest);
      case 'disk.device.write.bytes':
        return counted(load.written);
      case 'disk.device.write.requests':
        return counted(load.written, bytesInRequest);
      default:
        return undefined;
    }
  }

  #loadOf(server: Server): Load {
    const exception = this.#exceptions.get(server.id)?.load;
    if (exception) return exception;
    let load = this.#loads.get(server.id);
    if (!load) this.#loads.set(server.id, (load = loadOf(randomFor(server.number, 'load'))));
    return load;
  }

  #runningOf(server: Server): Span[] {
    let running = this.#running.get(server.id);
    if (!running) {
      running =
        server.launchedAt === undefined ? [] : [{ from: server.launchedAt, until: Number.POSITIVE_INFINITY }];
      this.#running.set(server.id, running);
    }
    return running;
  }

  /** A server that is stopped is not polled; started, rebooted or resized it counts from nothing again. */
  #follow(server: Server, type: string): void {
    const running = this.#runningOf(server);
    const now = this.#cloud.timeline.now();
    const last = running.at(-1);
    const runs = server.vmState === 'active' || server.vmState === 'resized';
    const isAnew = /\.(reboot|finish_resize|rebuild)\.end$/.test(type);
    if (last && (!runs || isAnew)) last.until = Math.min(last.until, now);
    if (runs && (!last || last.until <= now)) running.push({ from: now, until: Number.POSITIVE_INFINITY });
    this.#noteFlavor(server, now);
    if (type === 'compute.instance.update') this.#replug(server, now);
    if (server.deleted) {
      this.#running.delete(server.id);
      this.#loads.delete(server.id);
      this.#resources.delete(server.id);
    }
  }

  #noteFlavor({ id, flavor }: Server, now: number): void {
    const instance = this.#resources.get(id)?.find(({ type }) => type === 'instance');
    if (!instance || instance.flavorId === flavor.id) return;
    instance.flavorId = flavor.id;
    instance.revisedAt = now;
  }

  /** Interfaces and disks come and go while the server runs. */
  #replug(server: Server, now: number): void {
    const known = this.#resources.get(server.id);
    if (!known) return;
    const wanted = this.#makeResources(server, now);
    for (const { id, plugged } of known) {
      if (!wanted.some((each) => each.id === id)) plugged.until = Math.min(plugged.until, now);
    }
    known.push(...wanted.filter(({ id }) => !known.some((each) => each.id === id)));
  }

  #resourcesOf(server: Server): readonly Resource[] {
    let resources = this.#resources.get(server.id);
    if (!resources)
      this.#resources.set(
        server.id,
        (resources = this.#makeResources(server, server.launchedAt ?? server.createdAt)),
      );
    return resources;
  }

  #makeResources(server: Server, from: number): Resource[] {
    const taps = [...new Set(server.addresses.map(({ mac }) => mac))].map(
      (mac) => `tap${uuidOf(mac).slice(0, 11)}`,
    );
    // One that boots from a volume has no disk beside its volumes.
    const diskCount = server.volumes.length + (server.imageId === '' ? 0 : 1);
    const disks = Array.from({ length: Math.max(1, diskCount) }, (_, index) => `vd${diskLetters[index]}`);
    const instanceName = `instance-${server.number.toString(16).padStart(8, '0')}`;
    const make = (type: ResourceType, name: string, originalId: string) =>
      this.#makeResource({ server, type, name, originalId }, from);
    return [
      make('instance', server.name, server.id),
      ...taps.map((tap) => make('instance_network_interface', tap, `${instanceName}-${server.id}-${tap}`)),
      ...disks.map((disk) => make('instance_disk', disk, `${server.id}-${disk}`)),
    ];
  }

  #makeResource(what: Pick<Resource, 'server' | 'type' | 'name' | 'originalId'>, from: number): Resource {
    const { server, type, originalId } = what;
    const lacks = this.#exceptions.get(server.id)?.lacks ?? [];
    const metrics: Metric[] = [];
    const id = type === 'instance' ? originalId : uuidOf(originalId);
    const plugged = { from, until: Number.POSITIVE_INFINITY };
    const resource: Resource = { ...what, id, metrics, plugged, revisedAt: from, flavorId: server.flavor.id };
    for (const [meter, unit] of Object.entries(meters[type])) {
      if (!lacks.includes(meter)) metrics.push({ id: uuidOf(`${id}/${meter}`), name: meter, unit, resource });
    }
    return resource;
  }
}

/** An id made of a name, as Gnocchi makes those of resources that have no UUID. */
function uuidOf(name: string): string {
  const hex = createHash('sha1').update(name).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
