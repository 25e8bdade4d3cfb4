import type { Point, ResourceId } from '../openstack/metric.ts';
import { unreachable } from '../runtime/unreachable.ts';
import { type Definition, definitions } from './definitions.ts';
import { type Counter, wholeGrowth } from './whole-growth.ts';

/** What is known of one meter of one resource. */
export type Series =
  | {
      readonly kind: 'points';
      /** In the order of time, none from the future. */
      readonly points: readonly Point[];
      readonly granularityMs: number;
      /** The start of the requested window. All times are ms since 1970. */
      readonly since: number;
      /** When the newest point was taken that was ever seen; undefined: none was. */
      readonly newestAt: number | undefined;
      /** If the newest point is older than this, points arrive too late, or have just ended. */
      readonly freshSince: number;
      /** If the newest point is older than this, it is no longer measured. */
      readonly endedBefore: number;
      /** How far the clock of its host is ahead, ms, as far as its points tell. */
      readonly aheadMs: number;
    }
  /** Gnocchi has it, but cannot return it in a usable granularity. */
  | { readonly kind: 'unreadable'; readonly reason: string }
  /** The request for it failed, this time. */
  | { readonly kind: 'unread' };

/** A resource of the instance, with its series by meter. */
export interface MeasuredResource {
  readonly id: ResourceId;
  readonly type: Definition['type'];
  readonly series: ReadonlyMap<string, Series>;
}

/** What the instance's flavor gives it; null where it is not known. */
export interface Size {
  readonly vcpus: number | null;
  /** MiB */
  readonly ram: number | null;
}

/**
 * - `no-resource`: Gnocchi has no such resource of the instance (in a watched project)
 * - `no-metric`: a resource lacks a metric
 * - `unreadable`: the metric's archive policy cannot serve it
 * - `unread`: Gnocchi did not answer this time
 * - `no-measures`: nothing was measured lately
 * - `late`: its measures come too late, or have just ended
 * - `part-late`: those of one of several interfaces or disks do
 * - `clock-ahead`: the clock of its host is ahead
 * - `too-few-points`: it has not been measured for long enough
 * - `counter-fell`: a counter was reset a while ago
 * - `counter-jumped`: a counter grew faster than it can
 * - `impossible`: more than there can be
 * - `no-size`: the portal has no template of its flavor, or it says no vCPUs or no memory
 */
export type Unknown =
  | 'no-resource'
  | 'no-metric'
  | 'unreadable'
  | 'unread'
  | 'no-measures'
  | 'late'
  | 'part-late'
  | 'clock-ahead'
  | 'too-few-points'
  | 'counter-fell'
  | 'counter-jumped'
  | 'impossible'
  | 'no-size';

/** One figure of one instance. */
export type Figure = { readonly definition: Definition } & (
  | {
      readonly kind: 'known';
      readonly value: number;
      /** When the newest of its measures was taken: start of the grain, ms since 1970. */
      readonly at: number;
      /** The time before `at` that it is the mean of, ms; of a gauge 0. */
      readonly spanMs: number;
      /** Its largest error: a share of the fastest growth; of a gauge 0. */
      readonly error: number;
    }
  | { readonly kind: 'unknown'; readonly because: Unknown; readonly detail?: string }
);

/** What figures are computed from, besides measures. */
export interface FigureSettings {
  /** CPU as a share of all vCPUs (0 to 100 %); else the sum over the vCPUs. */
  readonly cpuPerVcpu: boolean;
  /**
   * The end of the span that a definition's last figure covered, ms since 1970; undefined: there was none.
   */
  readonly coveredUntil?: (definition: Definition) => number | undefined;
}

/**
 * A domain's `cpu.time` is that of its cgroup: beside the vCPUs it counts the threads of the emulator, of I/O and of vhost
 * (libvirt, `virDomainListGetStats`, "total cpu time spent for this domain"). One busy core of these is ordinary.
 */
const hypervisorCores = 1;
/** `memory.usage` may be of the whole process, whose own memory comes on top: some hundred MiB, and page tables. */
const processMib = 512;
const processShare = 0.1;
/** A host's clock may be ahead of Gnocchi's and ours by so much, ms, as clocks without NTP are after some weeks. */
const mostAheadMs = 60_000;

/**
 * All figures of an instance. Whatever cannot be said for certain is unknown: never 0, never a part of a sum.
 *
 * @param resources undefined: it is not known what there is of the instance
 */
export function figuresOf(
  resources: readonly MeasuredResource[] | undefined,
  size: Size,
  settings: FigureSettings,
): Figure[] {
  return definitions.map((definition) => figureOf(definition, resources, size, settings));
}

function figureOf(
  definition: Definition,
  resources: readonly MeasuredResource[] | undefined,
  size: Size,
  { cpuPerVcpu, coveredUntil }: FigureSettings,
): Figure {
  const unknown = (because: Unknown, detail?: string): Figure => ({
    definition,
    kind: 'unknown',
    because,
    ...(detail !== undefined && { detail }),
  });
  if (!resources) return unknown('unread');
  const measured = currentParts(definition, resources);
  if (measured.kind === 'unknown') return unknown(measured.because, measured.detail);
  const { parts, since } = measured;
  const known = (value: number, { at, spanMs, error }: Times): Figure =>
    Number.isFinite(value)
      ? { definition, kind: 'known', value: rounded(value), at, spanMs, error }
      : unknown('impossible');
  const { most = Number.POSITIVE_INFINITY, burst = Number.POSITIVE_INFINITY } = definition;
  const grown = (limit: number) =>
    wholeGrowth(
      parts.map((part): Counter => ({ ...part, most: limit, burst })),
      { covered: coveredUntil?.(definition), begin: since },
    );

  switch (definition.formula) {
    case 'ram-share': {
      if (!size.ram) return unknown('no-size');
      const newest = parts[0]?.points.at(-1);
      const used = newest?.value ?? Number.NaN;
      if (!newest || used < 0 || used > size.ram * (1 + processShare) + processMib)
        return unknown('impossible', `${used} MiB of ${size.ram}`);
      return known(Math.min(used / size.ram, 1) * 100, { at: newest.at, spanMs: 0, error: 0 });
    }
    case 'cpu-share': {
      if (!size.vcpus) return unknown('no-size');
      const cap = size.vcpus + hypervisorCores;
      const growth = grown(cap * 1e9);
      if (growth.kind === 'unknown') return unknown(growth.because);
      const cores = growth.perSecond / 1e9;
      if (cores > cap * (1 + growth.error)) return unknown('impossible', `${cores} of ${size.vcpus} vCPUs`);
      const share = Math.min(cores / size.vcpus, 1);
      return known(share * 100 * (cpuPerVcpu ? 1 : size.vcpus), growth);
    }
    case 'rate': {
      const growth = grown(most);
      if (growth.kind === 'unknown') return unknown(growth.because);
      return known(growth.perSecond, growth);
    }
    default:
      return unreachable(definition.formula);
  }
}

type Times = Pick<Extract<Figure, { kind: 'known' }>, 'at' | 'spanMs' | 'error'>;

type Points = Extract<Series, { kind: 'points' }>;

type Missing = { readonly kind: 'unknown'; readonly because: Unknown; readonly detail?: string };

/**
 * The series that a figure is made from. An interface or disk that was removed stays in Gnocchi and is no
 * longer measured: as long as another one of its kind is measured, it is left out, once its measures cannot
 * merely be late. Before `since`, when it was last measured, the others alone are not the whole sum.
 */
function currentParts(
  definition: Definition,
  resources: readonly MeasuredResource[],
): { readonly kind: 'parts'; readonly parts: readonly Points[]; readonly since: number } | Missing {
  const parts: Points[] = [];
  let since = Number.NEGATIVE_INFINITY;
  const late: Missing[] = [];
  let leftAside: Missing | undefined;
  for (const { type, series } of resources) {
    if (type !== definition.type) continue;
    const read = definition.meters.map((meter) => partOf(series.get(meter), meter));
    const missing = read.find((one) => one.kind === 'unknown');
    if (!missing) parts.push(...read.filter((one) => one.kind === 'points'));
    else if (
      missing.because === 'no-measures' &&
      read.every((one) => one.kind === 'unknown' && one.because === 'no-measures')
    ) {
      leftAside ??= missing;
      since = Math.max(since, ...definition.meters.map((meter) => endOf(series.get(meter))));
    } else if (missing.because === 'late') late.push(missing);
    else return missing;
  }
  const [first] = late;
  if (first) return parts.length === 0 ? first : { ...first, because: 'part-late' };
  if (parts.length > 0) return { kind: 'parts', parts, since };
  return leftAside ?? { kind: 'unknown', because: 'no-resource' };
}

/** When something was measured last: the end of that grain, ms since 1970. */
function endOf(series: Series | undefined): number {
  return series?.kind === 'points' && series.newestAt !== undefined
    ? series.newestAt + series.granularityMs
    : Number.NEGATIVE_INFINITY;
}

function partOf(series: Series | undefined, meter: string): Points | Missing {
  const missing = (because: Unknown, detail?: string): Missing => ({
    kind: 'unknown',
    because,
    ...(detail !== undefined && { detail }),
  });
  if (!series) return missing('no-metric', meter);
  if (series.kind === 'unread') return missing('unread');
  if (series.kind === 'unreadable') return missing('unreadable', series.reason);
  if (series.aheadMs > mostAheadMs) return missing('clock-ahead');
  const { newestAt, endedBefore, freshSince } = series;
  if (newestAt === undefined || newestAt < endedBefore) return missing('no-measures');
  if (newestAt < freshSince) return missing('late');
  // Other meters of the resource are measured, and this one is not.
  return series.points.length > 0 ? series : missing('no-measures');
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
