/**
 * `npm run bench`: measures the service against the sandbox, each in processes of their own, and keeps the figures.
 *
 *     npm run bench -- --quick                          a few minutes: small sizes, few repetitions
 *     npm run bench -- --only run,plan --sizes 2000     some figures; the others stay as they were
 *     npm run bench -- --against docs/performance.json  how the figures relate to earlier ones
 *     npm run bench -- --keep                           into docs/performance.json; then `npm run docs`
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../command.ts';
import { compare } from './compare.ts';
import type { Figure } from './figure.ts';
import { keepFigures, readResults } from './kept.ts';
import { describeMachine } from './machine.ts';
import { measureApi, measureApiMemory } from './measure/api.ts';
import { measureEvents } from './measure/events.ts';
import { measureHeardRuns } from './measure/heard-runs.ts';
import { measureMemory } from './measure/memory.ts';
import { measureMetrics } from './measure/metrics.ts';
import { measurePlan } from './measure/plan.ts';
import { measurePortal } from './measure/portal.ts';
import { measureRuns } from './measure/runs.ts';
import { measureSandbox } from './measure/sandbox.ts';
import { measureSending } from './measure/sending.ts';
import { measureStartup } from './measure/startup.ts';
import type { Setting } from './stage.ts';
import { table } from './table.ts';

/** A measurement, and at which sizes and latencies it is worth its time. */
interface Measurement {
  readonly measure: (setting: Setting) => Promise<Figure[]>;
  readonly sizes: readonly number[];
  readonly latencies: readonly number[];
}

const allSizes = [1_000, 2_000, 10_000, 50_000];

const measurements: Readonly<Record<string, Measurement>> = {
  run: { measure: measureRuns, sizes: allSizes, latencies: [0, 20] },
  'heard-run': { measure: measureHeardRuns, sizes: [2_000, 50_000], latencies: [0] },
  'start-up': { measure: measureStartup, sizes: [0], latencies: [0] },
  plan: { measure: measurePlan, sizes: [1_000, 2_000, 10_000], latencies: [0] },
  portal: { measure: measurePortal, sizes: [1_000, 5_000, 25_000], latencies: [0] },
  events: { measure: measureEvents, sizes: [2_000], latencies: [0] },
  metrics: { measure: measureMetrics, sizes: [2_000], latencies: [0, 20] },
  sending: { measure: measureSending, sizes: [0], latencies: [0] },
  api: { measure: measureApi, sizes: [2_000], latencies: [20] },
  'api-memory': { measure: measureApiMemory, sizes: [2_000], latencies: [0] },
  memory: { measure: measureMemory, sizes: [10_000], latencies: [0] },
  sandbox: { measure: measureSandbox, sizes: [2_000], latencies: [0] },
};

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    sizes: { type: 'string' },
    latencies: { type: 'string' },
    repetitions: { type: 'string', default: '5' },
    quick: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    against: { type: 'string' },
  },
});
const keptIn = join(root, 'docs/performance.json');
const names = options.only?.split(',') ?? Object.keys(measurements);
const unknown = names.filter((name) => !Object.hasOwn(measurements, name));
if (unknown.length > 0) {
  console.error(
    `No such measurement: ${unknown.join(', ')}. There are ${Object.keys(measurements).join(', ')}.`,
  );
  process.exit(1);
}
const repetitions = options.quick ? 2 : Number(options.repetitions);
const baseline = options.against === undefined ? undefined : readResults(options.against);

const figures: Figure[] = [];
for (const name of names) {
  const { measure, sizes, latencies } = measurements[name] as Measurement;
  for (const servers of chosen(sizes, options.sizes, options.quick)) {
    for (const latencyMs of chosen(latencies, options.latencies, false)) {
      console.log(
        `# ${[name, servers && `${servers} servers`, latencyMs && `${latencyMs} ms`].filter(Boolean).join(', ')}`,
      );
      const measured = await measure({ servers, latencyMs, repetitions });
      figures.push(...measured);
      console.log(table(measured));
      // Each at once: a long run that is ended half-way has what it had.
      if (options.keep) keepFigures(keptIn, describeMachine(), measured);
    }
  }
}
if (baseline) console.log(compare(baseline.figures, figures));

/** The requested sizes, among those that the measurement is for; where it is for one alone, that one. */
function chosen(all: readonly number[], asked: string | undefined, quick: boolean): readonly number[] {
  if (asked !== undefined && all.length > 1) return asked.split(',').map(Number);
  return quick ? all.slice(0, 1) : all;
}
