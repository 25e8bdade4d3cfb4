import { isoTime } from '../runtime/clock.ts';
import type { InstanceExplanation } from './explain.ts';
import type { Figure, MeasuredResource, Series } from './figures.ts';

/** Why the figures of one instance are what they are, for a person: its measures, the computation and the result. */
export function describeInstance(explanation: InstanceExplanation): string {
  const { instance, cloud, devices, projects, measured, figures, failures } = explanation;
  return [
    `instance ${instance}${cloud === undefined ? '' : ` of cloud ${cloud}`}`,
    ...devices.map(
      ({ id, name, size }) =>
        `device ${id} "${name}": ${size.vcpus ?? '?'} vCPUs, ${size.ram ?? '?'} MiB by its template`,
    ),
    ...(devices.length === 0 ? ['no device of the portal shows it: nothing is sent'] : []),
    ...failures.map(({ type, problem }) => `${type}: ${problem}`),
    ...projects.map(
      ({ id, isWatched }) =>
        `project ${id}: ${isWatched ? 'watched' : 'not watched, so nothing is sent (role watcher of user concertim)'}`,
    ),
    '',
    ...measured.flatMap(describeMeasures),
    ...figures.map(describeFigure),
  ].join('\n');
}

/** The same for programs: times in ISO 8601, and of each meter all points that were read. */
export function instanceJson({ measured, figures, ...rest }: InstanceExplanation): object {
  return {
    ...rest,
    measures: measured.flatMap(({ id, type, series }) =>
      [...series].map(([meter, one]) => ({ resource: id, type, meter, ...seriesJson(one) })),
    ),
    figures: figures.map((figure) => {
      const { name, units } = figure.definition;
      if (figure.kind === 'unknown')
        return { name, units, value: null, because: figure.because, detail: figure.detail ?? null };
      const { value, at, spanMs, error } = figure;
      return { name, units, value, at: isoTime(at), seconds: spanMs / 1_000, error };
    }),
  };
}

function seriesJson(series: Series): object {
  if (series.kind === 'unread') return { problem: 'Gnocchi did not answer', points: [] };
  if (series.kind === 'unreadable') return { problem: series.reason, points: [] };
  const { points, granularityMs } = series;
  return {
    problem: null,
    granularity: granularityMs / 1_000,
    points: points.map(({ at, value }) => ({ at: isoTime(at), value })),
  };
}

function describeMeasures({ id, type, series }: MeasuredResource): string[] {
  const lines = [`${type} ${id}`];
  for (const [meter, one] of series) lines.push(`  ${meter}: ${describeSeries(one)}`);
  return [...lines, ''];
}

function describeSeries(series: Series): string {
  if (series.kind === 'unread') return 'Gnocchi did not answer';
  if (series.kind === 'unreadable') return series.reason;
  const { points, granularityMs, newestAt, freshSince } = series;
  const grains = `grains of ${granularityMs / 1000} s`;
  if (points.length === 0) return `${grains}, no points`;
  const shown = points.slice(-4).map(({ at, value }) => `\n    ${isoTime(at).slice(0, 19)}Z  ${value}`);
  const isStale = newestAt !== undefined && newestAt < freshSince;
  return `${grains}${isStale ? ', and none of late' : ''}${shown.join('')}`;
}

function describeFigure(figure: Figure): string {
  const { name, units, formula, meters } = figure.definition;
  const how = {
    'cpu-share': 'growth of cpu in ns a second ÷ 1e9 ÷ vCPUs × 100',
    'ram-share': 'newest memory.usage ÷ memory of the template × 100',
    rate: `sum of the growth a second of ${meters.join(' and ')}`,
  }[formula];
  if (figure.kind === 'unknown') {
    const detail = figure.detail === undefined ? '' : ` (${figure.detail})`;
    return `${name}: unknown, not sent: ${figure.because}${detail}`;
  }
  const { value, at, spanMs, error } = figure;
  const end = `${isoTime(at).slice(0, 19)}Z`;
  const time =
    spanMs === 0
      ? `at ${end}`
      : `over the ${spanMs / 1000} s to ${end}, within ± ${Math.round(error * 1000) / 10} %`;
  return `${name} = ${value} ${units}   ${how}, ${time}`;
}
