import { z } from 'zod';
import { parseTime } from '../../runtime/clock.ts';

/** Seconds, as a number or as `0:05:00`, `1:00:00`, `365 days, 0:00:00`. */
const Timespan = z.union([z.number(), z.string()]).transform((value, context) => {
  const seconds = typeof value === 'number' ? value : secondsOf(value);
  if (seconds !== undefined && seconds > 0) return seconds;
  context.addIssue({ code: 'custom', message: `${value} is no time span` });
  return z.NEVER;
});

function secondsOf(text: string): number | undefined {
  const match = /^(?:(\d+) days?, )?(\d+):(\d\d):(\d\d(?:\.\d+)?)$/.exec(text);
  if (!match) return undefined;
  const [, days = '0', hours, minutes, seconds] = match;
  return Number(days) * 86_400 + Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds);
}

export const ArchivePolicy = z.object({
  name: z.string(),
  aggregation_methods: z.array(z.string()),
  definition: z.array(z.object({ granularity: Timespan, timespan: Timespan.nullable() })),
});
export type ArchivePolicy = z.infer<typeof ArchivePolicy>;

export const MetricBody = z.object({
  id: z.string(),
  name: z.string().nullable(),
  archive_policy: ArchivePolicy,
});

/** A row of `GET /metric`. */
export const MetricId = z.object({ id: z.string().min(1) });

/** Ids by name. What is no id is left out: then the resource lacks that metric, and the instance that figure. */
const MetricIds = z.unknown().transform((metrics) => {
  const entries = typeof metrics === 'object' && metrics !== null ? Object.entries(metrics) : [];
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
});

/**
 * Of `instance_network_interface` and `instance_disk`, with the instance they belong to; an `instance` has
 * its flavor. A row that lacks its project makes the whole list invalid: left out, it would be missing from a
 * sum.
 */
export const Resource = z.object({
  id: z.string().min(1),
  type: z.string().catch(''),
  project_id: z.string().nullable(),
  instance_id: z.string().optional(),
  flavor_id: z.string().nullish().catch(null),
  metrics: MetricIds,
});
export type Resource = z.infer<typeof Resource>;

/** Of one series, the newest. A figure needs a thousand grains of a second at most. */
const mostPoints = 2_000;

/**
 * `["2026-11-22T19:10:00+00:00", 60.0, 5738237.8]` each: start of the grain, its length in seconds, the
 * value. An answer has tens of thousands of them: parsed by hand rather than by zod they leave a fifth of the
 * garbage. A measure without a valid number or time counts as a lost sample.
 */
const Measures = z.unknown().transform((measures) => {
  const points: { at: number; value: number }[] = [];
  if (!Array.isArray(measures)) return points;
  for (const measure of measures.slice(-mostPoints)) {
    const [time, , value]: readonly unknown[] = Array.isArray(measure) ? measure : [];
    const at = typeof time === 'string' ? parseTime(time) : undefined;
    if (at !== undefined && typeof value === 'number') points.push({ at, value });
  }
  return points;
});

/** `{"cpu": {"mean": […]}}`; an instance without measures has an empty list. */
const Series = z.record(z.string(), z.record(z.string(), Measures));
const ByResource = z.object({ measures: z.record(z.string(), Series) });

/** Without `groupby` by resource; with it a list of groups, in each the same. */
export const AggregatesBody = z.union([
  ByResource.transform(({ measures }) => [measures]),
  z
    .array(z.object({ measures: ByResource }))
    .transform((groups) => groups.map(({ measures: { measures } }) => measures)),
]);

/** Why a request for aggregates is refused. `detail` names metrics by id or name, each with its method. */
export const AggregatesRefusal = z.object({
  description: z.object({
    cause: z.string(),
    reason: z.string().optional(),
    detail: z.unknown().optional(),
  }),
});
