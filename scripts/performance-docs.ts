import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Figure, Results } from './bench/figure.ts';
import { type Line, plot } from './bench/plot.ts';
import { brief, inWords } from './bench/table.ts';
import { judged } from './bench/targets.ts';
import { root } from './command.ts';

const results = Results.parse(JSON.parse(readFileSync(join(root, 'docs/performance.json'), 'utf8')));
const { figures, machine } = results;

const runs = ['cold', 'restart', 'idle', 'changed'];
const runNames = {
  'run/cold': 'cold: on an empty portal',
  'run/restart': 'after a restart: the whole command, process start included',
  'run/idle': 'idle: nothing to do',
  'run/changed': 'one server in a hundred has changed',
};

/** docs/performance.md: the figures that `npm run bench` kept, with what was learnt from them. */
export function renderPerformance(): string {
  const findings = readFileSync(join(root, 'scripts/bench/findings.md'), 'utf8');
  return `# Performance

<!-- Written from docs/performance.json and scripts/bench/findings.md by \`npm run docs\`. -->

\`npm run bench -- --keep\` measures all of this again (about an hour), \`--only\` and \`--sizes\` a part of it, \`--quick\` what
takes minutes; \`--against docs/performance.json\` says how the figures relate to the ones here. The sandbox is the cloud and
the portal, in a process of its own on the same machine, four servers a stack. Each figure is the median of its
repetitions, with the least and the most; cold runs of more than 30 s are measured once.

Measured on: ${Object.entries(machine)
    .map(([what, is]) => `${what}: ${is}`)
    .join('; ')}.

## Targets

| | wanted | reached | |
|---|---|---|---|
${judged(figures)
  .map(({ what, wanted, reached, isMet }) => `| ${what} | ${wanted} | ${reached} | ${verdict(isMet)} |`)
  .join('\n')}

## Full runs

![Time](performance/seconds.svg)
![Requests](performance/requests.svg)
![Memory](performance/memory.svg)

${Object.entries(runNames).map(runTable).join('\n\n')}

The last column is the processor time of the sandbox, which is nowhere the larger part: it is not the limit.

## The rest

${figures
  .filter(({ name }) => !name.startsWith('run/'))
  .map(restTable)
  .join('\n\n')}

${findings}`;
}

/** Plots of time, requests and memory over the size of the cloud. */
export const performancePlots: Readonly<Record<string, () => string>> = {
  'docs/performance/seconds.svg': () =>
    plot('A full run', 'seconds', [...linesOf('seconds', 0), ...linesOf('seconds', 20)]),
  'docs/performance/requests.svg': () =>
    plot('Requests of a full run', 'requests to OpenStack', linesOf('openStackRequests', 0)),
  'docs/performance/memory.svg': () => plot('Memory of a full run', 'peak RSS, MB', linesOf('peakRssMb', 0)),
};

function linesOf(value: string, latencyMs: number): Line[] {
  return runs
    .map((run) => ({
      label: `${run}, ${latencyMs} ms`,
      points: figures
        .filter((figure) => figure.name === `run/${run}` && figure.latencyMs === latencyMs)
        .map((figure) => [figure.servers, figure.values[value]?.median ?? 0] as const),
    }))
    .filter(({ points }) => points.length > 0);
}

function runTable([name, heading]: [string, string]): string {
  const rows = figures
    .filter((figure) => figure.name === name)
    .map((figure) => {
      const of = (value: string) => {
        const spread = figure.values[value];
        return spread ? inWords(spread) : '';
      };
      const counts = (what: string) =>
        Object.entries(figure.values)
          .filter(([value]) => value.startsWith(`${what} `))
          .map(([value, { median }]) => `${value.slice(what.length + 1)} ${brief(median)}`)
          .join(', ');
      const cells = [
        brief(figure.servers),
        `${figure.latencyMs} ms`,
        of('seconds'),
        counts('requests'),
        counts('in flight'),
        of('peakRssMb'),
        of('cpuSeconds'),
        of('sandboxCpuSeconds'),
      ];
      return `| ${cells.join(' | ')} |`;
    });
  return `### ${heading[0]?.toUpperCase()}${heading.slice(1)}

| servers | latency | seconds | requests | most in flight | peak RSS, MB | CPU, s | sandbox, s |
|---|---|---|---|---|---|---|---|
${rows.join('\n')}`;
}

function restTable({ name, servers, latencyMs, repetitions, values }: Figure): string {
  const setting = [
    servers > 0 && `${brief(servers)} servers`,
    latencyMs > 0 && `${latencyMs} ms`,
    `${repetitions} ×`,
  ];
  return `### ${name}: ${setting.filter(Boolean).join(', ')}

| | |
|---|---|
${Object.entries(values)
  .map(([value, spread]) => `| ${value} | ${inWords(spread)} |`)
  .join('\n')}`;
}

function verdict(isMet: boolean | undefined): string {
  if (isMet === undefined) return '';
  return isMet ? 'met' : '**missed**';
}
