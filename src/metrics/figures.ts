import type { Point, ResourceId } from '../openstack/metric.ts';
import { unreachable } from '../runtime/unreachable.ts';
import { type Definition, definitions } from './definitions.ts';
import { type Rate, rateOf } from './rates.ts';

/** What is known of one meter of one resource. */
export type Series =
  | {
      readonly kind: 'points';
      /** Complete ones, in the order of time. */
      readonly points: readonly Point[];
      readonly granularityMs: number;
      /** A newest point from before this, ms since 1970, is no news any more. */
      readonly freshSince: number;
    }
  /** Gnocchi has it and cannot give it so. */
  | { readonly kind: 'unreadable'; readonly reason: string }
  /** It was asked for and not had, this time. */
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
 * - `no-measures`: nothing was measured of late: the instance is stopped, or nothing polls it
 * - `too-few-points`: it is being measured since a moment ago
 * - `counter-fell`: a counter began anew
 * - `impossible`: more than there can be
 * - `no-size`: the portal's template says no vCPUs or no memory
 */
export type Unknown =
  | 'no-resource'
  | 'no-metric'
  | 'unreadable'
  | 'unread'
  | 'no-measures'
  | 'too-few-points'
  | 'counter-fell'
  | 'impossible'
  | 'no-size';

/** One figure of one instance. */
export type Figure = { readonly definition: Definition } & (
  | {
      readonly kind: 'known';
      readonly value: number;
      /** When the newest of its measures was taken: start of the grain, ms since 1970. */
      readonly at: number;
    }
  | { readonly kind: 'unknown'; readonly because: Unknown; readonly detail?: string }
);

/** What figures are worked out by, beside measures. */
export interface FigureSettings {
  /** CPU as a share of all vCPUs (0 to 100 %); else the sum over the vCPUs. */
  readonly cpuPerVcpu: boolean;
}

/**
 * Above 100 % by less than this is the grid's doing: a sample's time is known by its grain only. It counts as 100 %; more
 * is no measure at all.
 */
const rounding = 0.05;

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
  settings: FigureSettings,
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
  const { parts } = measured;
  const at = Math.max(...parts.map(({ points }) => points.at(-1)?.at ?? 0));
  const known = (value: number): Figure =>
    Number.isFinite(value) ? { definition, kind: 'known', value: rounded(value), at } : unknown('impossible');

  switch (definition.formula) {
    case 'ram-share': {
      if (!size.ram) return unknown('no-size');
      const used = parts.reduce((sum, { points }) => sum + (points.at(-1)?.value ?? Number.NaN), 0);
      const share = shareOf(used, size.ram);
      return share === undefined ? unknown('impossible') : known(share * 100);
    }
    case 'cpu-share': {
      if (!size.vcpus) return unknown('no-size');
      const growth = sumOfRates(parts);
      if (growth.kind === 'unknown') return unknown(growth.because);
      const share = shareOf(growth.perSecond / 1e9, size.vcpus);
      if (share === undefined) return unknown('impossible');
      return known(share * 100 * (settings.cpuPerVcpu ? 1 : size.vcpus));
    }
    case 'rate': {
      const growth = sumOfRates(parts);
      return growth.kind === 'unknown' ? unknown(growth.because) : known(growth.perSecond);
    }
    default:
      return unreachable(definition.formula);
  }
}

type Points = Extract<Series, { kind: 'points' }>;

type Missing = { readonly kind: 'unknown'; readonly because: Unknown; readonly detail?: string };

/**
 * The series that a figure is made from. An interface or disk that was taken away stays in Gnocchi and is measured no
 * more: as long as another one of its kind is measured, it is left aside.
 */
function currentParts(
  definition: Definition,
  resources: readonly MeasuredResource[],
): { readonly kind: 'parts'; readonly parts: readonly Points[] } | Missing {
  const parts: Points[] = [];
  let leftAside: Missing = { kind: 'unknown', because: 'no-resource' };
  for (const resource of resources) {
    if (resource.type !== definition.type) continue;
    const fresh: Points[] = [];
    let missing: Missing | undefined;
    for (const meter of definition.meters) {
      const one = freshSeries(resource.series.get(meter), meter);
      if (one.kind === 'points') fresh.push(one);
      else missing ??= one;
    }
    if (missing && (fresh.length > 0 || missing.because === 'unread')) return missing;
    if (missing) leftAside = missing;
    else parts.push(...fresh);
  }
  return parts.length === 0 ? leftAside : { kind: 'parts', parts };
}

function freshSeries(series: Series | undefined, meter: string): Points | Missing {
  if (!series) return { kind: 'unknown', because: 'no-metric', detail: meter };
  if (series.kind === 'unread') return { kind: 'unknown', because: 'unread' };
  if (series.kind === 'unreadable') return { kind: 'unknown', because: 'unreadable', detail: series.reason };
  const newest = series.points.at(-1);
  if (newest && newest.at >= series.freshSince) return series;
  return { kind: 'unknown', because: 'no-measures' };
}

function sumOfRates(
  parts: readonly Points[],
): { kind: 'sum'; perSecond: number } | Extract<Rate, { kind: 'unknown' }> {
  let perSecond = 0;
  for (const { points, granularityMs } of parts) {
    const rate = rateOf(points, { granularityMs });
    if (rate.kind === 'unknown') return rate;
    perSecond += rate.perSecond;
  }
  return { kind: 'sum', perSecond };
}

/** 0 to 1; undefined when there is more of it, or less, than there can be. */
function shareOf(part: number, whole: number): number | undefined {
  const share = part / whole;
  return share >= 0 && share <= 1 + rounding ? Math.min(share, 1) : undefined;
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
