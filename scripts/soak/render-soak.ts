import type { Panel } from './plot.ts';
import { trendOf } from './trend.ts';

export interface SoakReport {
  readonly minutes: number;
  readonly servers: number;
  readonly panels: readonly Panel[];
  /** Of the component metrics, and how many the time had room for. */
  readonly cycles: Cycles;
  readonly expected: number;
  readonly notifications: number;
  /** Full ones. */
  readonly runs: number;
  /** What the component metrics had to say of cycles that were not complete, each with how often. */
  readonly complaints: ReadonlyMap<string, number>;
  /** The releases of the portal, in turn. */
  readonly portals: readonly string[];
  /** Made on purpose. */
  readonly faults: number;
}

/** Cycles by outcome. Partial: cut short for want of time, or something could not be read. */
export interface Cycles {
  readonly complete: number;
  readonly partial: number;
  readonly failed: number;
}

/** docs/soak.md, and all that does not hold: nothing when it has passed. */
export function renderSoak(report: SoakReport): {
  readonly text: string;
  readonly problems: readonly string[];
} {
  const { minutes, servers, panels, cycles, expected, notifications, runs, complaints } = report;
  const trends = panels.flatMap(({ title, series }) =>
    series.map((each) => ({ title, ...each, ...trendOf(each) })),
  );
  const { complete, partial, failed } = cycles;
  const missed = Math.max(0, expected - complete - partial - failed);
  const problems = [
    ...trends
      .filter(({ isFlat }) => !isFlat)
      .map(({ title, name, unit, growth }) => `${title}, ${name}: grows by ${growth.toFixed(1)} ${unit}`),
    ...(missed > 0 ? [`${missed} cycles of metrics were missed`] : []),
    ...(failed > 0 ? [`${failed} cycles of metrics failed`] : []),
    ...(partial > 0 ? [`${partial} cycles of metrics were not complete`] : []),
    ...[...complaints].map(([complaint, count]) => `the component metrics said ${count} times: ${complaint}`),
  ];
  const rows = trends.map(
    ({ title, name, unit, first, last, highest, growth, tolerance, isFlat }) =>
      `| ${title}, ${name} | ${[first, last, highest].map((value) => value.toFixed(0)).join(' | ')} | ${growth.toFixed(1)} of ${tolerance} ${unit} | ${isFlat ? 'flat' : 'GROWS'} |`,
  );
  const text = `# Soak

<!-- Written by \`npm run soak -- --minutes N\`. -->

${servers} servers, one change of the cloud a second, ${minutes} minutes; each component a process of its own, with a RabbitMQ and the
sandbox in another. The writer is updates_bulk or updates_mq, whichever writes; standby is the other: it may come to hold what a
writer does. ${howMeasured(report)} It passes when everything is flat and every cycle complete.

${stormOf(report)}${problems.length === 0 ? 'PASSED.' : `FAILED: ${problems.join('; ')}.`}

Cycles of metrics: there was time for ${expected}; ${complete} were complete, ${partial} partial, ${failed} failed, ${missed} missed. ${notifications}
notifications, ${runs} full runs.

| | first | last | highest | growth | |
|---|---|---|---|---|---|
${rows.join('\n')}

![Memory, heap, descriptors, sockets, time of a run, queue and lag over the time](soak.svg)
`;
  return { text, problems };
}

function howMeasured({ portals }: SoakReport): string {
  if (portals.length === 1) {
    return `The first and the last are the medians of the first and last quarter of the time after warm-up (40 %); the growth is
the median slope over it.`;
  }
  return `Releases of the portal take turns, three times round, under the same processes: each begins with an empty portal. The first round
warms up; the first and the last are the medians of a release's two other turns after warm-up (40 %), of the release in which they
differ most.`;
}

function stormOf({ faults, portals }: SoakReport): string {
  const shown = portals.length === 1 ? 'The portal was of release' : 'The portal was of the releases';
  const storm =
    faults === 0
      ? ''
      : ` There were ${faults} faults, one every three minutes; cycles and complaints count from 100 s after each.`;
  return `${shown} ${portals.join(', ')}.${storm}\n\n`;
}
