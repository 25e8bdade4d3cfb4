import type { ArchivePolicy, MetricId, Resource, ResourceId, ResourceType } from '../openstack/metric.ts';
import { method } from '../openstack/metric.ts';
import { metersByType } from './definitions.ts';
import { errorOf, largestError, spanOf } from './precision.ts';

/** A resource, as far as reading its measures needs it. */
export type Measurable = Pick<Resource, 'id' | 'instanceId' | 'metrics'>;

/** What one kind of request can read: these resources have all their meters named here in one granularity. */
export interface ReadGroup {
  readonly type: ResourceType;
  /** Seconds. */
  readonly granularity: number;
  /**
   * The longest granularity of all meters of these resources, seconds: counters that are summed must cover
   * the same time.
   */
  readonly coarsest: number;
  readonly meters: readonly string[];
  readonly ids: readonly ResourceId[];
}

/** How a metric can be read: in which granularity, or why not. */
export type Readability =
  | { readonly kind: 'granularity'; readonly seconds: number }
  | { readonly kind: 'unreadable'; readonly reason: string };

/** A policy's finest grain must reach so far back that two samples fit: the slowest polling in use is every ten minutes. */
const leastTimespan = 1_800;

/** How the metrics of an archive policy can be read: in its finest grains, if they are kept for long enough. */
export function readabilityOf({ name, methods, grains }: ArchivePolicy): Readability {
  if (!methods.includes(method)) {
    const kept = methods.join(', ');
    return { kind: 'unreadable', reason: `archive policy ${name} keeps no ${method}, only ${kept}` };
  }
  const longEnough = grains.find(({ timespan }) => timespan >= leastTimespan);
  const longest = grains.toSorted((a, b) => b.timespan - a.timespan)[0];
  const grain = longEnough ?? longest;
  if (!grain) return { kind: 'unreadable', reason: `archive policy ${name} keeps nothing` };
  if (errorOf(grain.seconds * 1000, spanOf(grain.seconds * 1000)) > largestError) {
    return {
      kind: 'unreadable',
      reason: `archive policy ${name} has grains of ${grain.seconds} s, too coarse for a true figure`,
    };
  }
  return { kind: 'granularity', seconds: grain.seconds };
}

/**
 * The fewest groups that read all readable meters of the resources. Gnocchi refuses a request as a whole
 * for one metric without its granularity; a meter that a resource does not have at all does no harm.
 */
export function groupReads(
  type: ResourceType,
  resources: Iterable<Measurable>,
  readability: (meter: string, id: MetricId) => Readability,
): ReadGroup[] {
  const groups = new Map<
    string,
    { granularity: number; coarsest: number; meters: Set<string>; ids: ResourceId[] }
  >();
  const wanted = metersByType.get(type) ?? [];
  for (const { id, metrics } of resources) {
    const present = wanted.flatMap((meter) => {
      const metric = metrics[meter];
      return metric === undefined ? [] : [{ meter, how: readability(meter, metric) }];
    });
    const byGranularity = Map.groupBy(present, ({ how }) =>
      how.kind === 'granularity' ? how.seconds : undefined,
    );
    // Usually there is one granularity: all its resources are read together, whatever meters some of them lack.
    const isMixed = byGranularity.size > 1;
    byGranularity.delete(undefined);
    const coarsest = Math.max(...[...byGranularity.keys()].map((seconds) => seconds ?? 0));
    for (const [granularity = 0, parts] of byGranularity) {
      const meters = parts.map(({ meter }) => meter);
      const key = isMixed ? `${granularity} ${coarsest} ${meters.join(' ')}` : String(granularity);
      let group = groups.get(key);
      if (!group) groups.set(key, (group = { granularity, coarsest, meters: new Set(), ids: [] }));
      for (const meter of meters) group.meters.add(meter);
      group.ids.push(id);
    }
  }
  return [...groups.values()].map(({ meters, ...group }) => ({ type, meters: [...meters], ...group }));
}
