import { isoTime } from '../../runtime/clock.ts';
import { GnocchiRefusal } from './gnocchi-refusal.ts';
import type { Metric, Telemetry } from './gnocchi-telemetry.ts';

/** A metric whose measures are requested. */
export interface Reference {
  readonly metric: Metric;
  /** Such as `mean`. */
  readonly method: string;
  /** How the caller called it: by its name or its id. */
  readonly label: string;
  /** Whether the answer has it below its resource. */
  readonly isByResource: boolean;
}

type MeasureBody = readonly [time: string, granularity: number, value: number];
type SeriesBody = Record<string, Record<string, unknown>>;

/**
 * The requested measures. One metric that does not keep them so has all refused: of those that lack the method Gnocchi
 * names the first, of those that lack the granularity all, as the caller named them.
 */
export function aggregate(
  references: readonly Reference[],
  telemetry: Telemetry,
  { granularity, since }: { granularity: number; since: number },
): Record<string, SeriesBody> {
  const lacking: [string, string, number][] = [];
  for (const { metric, method, label } of references) {
    const { methods, definition } = telemetry.policyOf(metric);
    if (!methods.includes(method)) {
      const detail = [[metric.id, method]];
      throw new GnocchiRefusal(404, { cause: 'Metrics with unknown aggregation', detail });
    }
    if (!definition.some((each) => each.granularity === granularity))
      lacking.push([label, method, granularity]);
  }
  const cause = "Metrics can't being aggregated";
  if (lacking.length > 0) {
    throw new GnocchiRefusal(400, { cause, reason: 'Granularities are missing', detail: lacking });
  }
  if (references.some(({ metric }) => telemetry.isSpoilt(metric))) {
    throw new GnocchiRefusal(400, { cause, reason: 'No overlap', detail: [] });
  }
  const measures: Record<string, SeriesBody> = {};
  for (const { metric, method, label, isByResource } of references) {
    const points = telemetry
      .measures(metric, { granularityMs: granularity * 1000, since })
      .map(([at, value]): MeasureBody => [timeText(at), granularity, value]);
    const series = (measures[isByResource ? metric.resource.id : label] ??= {});
    if (isByResource) (series[metric.name] ??= {})[method] = points;
    else Object.assign(series, { [method]: points });
  }
  return measures;
}

const times = new Map<number, string>();

/** The same few moments occur in thousands of series. */
function timeText(at: number): string {
  let text = times.get(at);
  if (text === undefined) {
    if (times.size > 10_000) times.clear();
    times.set(at, (text = `${isoTime(at).slice(0, 19)}+00:00`));
  }
  return text;
}
