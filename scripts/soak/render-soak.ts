import type { Panel } from './plot.ts';
import { trendOf } from './trend.ts';

export interface SoakReport {
  readonly minutes: number;
  readonly servers: number;
  readonly panels: readonly Panel[];
  /** Complete cycles of the component metrics, and those that the time had room for. */
  readonly cycles: number;
  readonly expected: number;
  readonly notifications: number;
}

/** docs/soak.md */
export function renderSoak(report: SoakReport): { readonly text: string; readonly isFlat: boolean } {
  const { minutes, servers, panels, cycles, expected, notifications } = report;
  const trends = panels.flatMap(({ title, series }) =>
    series.map((each) => ({ title, ...each, ...trendOf(each) })),
  );
  const missed = Math.max(0, expected - cycles);
  const isFlat = missed === 0 && trends.every((trend) => trend.isFlat);
  const rows = trends.map(
    ({ title, name, unit, first, last, highest, growth, tolerance, isFlat }) =>
      `| ${title}, ${name} | ${[first, last, highest].map((value) => value.toFixed(0)).join(' | ')} | ${growth.toFixed(1)} of ${tolerance} ${unit} | ${isFlat ? 'flat' : 'GROWS'} |`,
  );
  const text = `# Soak

<!-- Written by \`npm run soak -- --minutes N\`. -->

${servers} servers, one change of the cloud a second, ${minutes} minutes; each component a process of its own, with a RabbitMQ and the
sandbox in another. The first and the last are the medians of the first and last quarter of the time after warm-up (40 %); the growth is
the median slope over it.

${cycles} complete cycles of metrics, ${missed} missed (there was time for ${expected}). ${notifications} notifications.

| | first | last | highest | growth | |
|---|---|---|---|---|---|
${rows.join('\n')}

![Memory, descriptors, sockets, queue and lag over the time](soak.svg)
`;
  return { text, isFlat };
}
