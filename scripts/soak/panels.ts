import type { Panel } from './plot.ts';
import type { ProcessSample } from './process-sample.ts';
import { type Role, roleNames } from './roles.ts';
import type { Series } from './trend.ts';

/** What is seen of a soak at a moment. */
export interface Sample {
  /** Which of the releases, in turn. */
  readonly turn: number;
  readonly processes: ReadonlyMap<Role, ProcessSample & { readonly heapMiB: number }>;
  readonly queued: number;
  /** Since the start, seconds and notifications. */
  readonly lagSum: number;
  readonly lagCount: number;
  /** Full runs since the start, seconds and how many. */
  readonly runSum: number;
  readonly runCount: number;
}

/** A client keeps as many connections as it has once needed at a time: how many that were differs from turn to turn. */
const keptConnections = 16;

/** What a process holds. */
type Held = 'rssMiB' | 'heapMiB' | 'descriptors' | 'sockets';

/** What is drawn and judged. */
export function panelsOf(samples: readonly Sample[]): Panel[] {
  const turnOf = samples.map(({ turn }) => turn);
  const valuesOf = (role: Role, key: Held) => samples.map(({ processes }) => processes.get(role)?.[key] ?? 0);
  const ofProcesses = (title: string, unit: string, key: Held, tolerance: number) => ({
    title,
    series: roleNames.map(
      (name): Series => ({
        name,
        unit,
        tolerance,
        turnOf,
        values: valuesOf(name, key),
        // A writer that passes the role on keeps the memory that it needed.
        ...(name === 'standby' && { within: valuesOf('writer', key) }),
      }),
    ),
  });
  const lags = meansOf(samples.map(({ lagSum: sum, lagCount: count }) => ({ sum, count }))).map(
    (mean) => (mean ?? 0) * 1_000,
  );
  // Between two runs it is that of the one before.
  const runs = meansOf(samples.map(({ runSum: sum, runCount: count }) => ({ sum, count })));
  const lastRuns = runs.map((_, at) => runs.slice(0, at + 1).findLast((mean) => mean !== undefined) ?? 0);
  const single = (title: string, series: Omit<Series, 'turnOf'>) => ({
    title,
    series: [{ ...series, turnOf }],
  });
  return [
    ofProcesses('Memory (RSS)', 'MiB', 'rssMiB', 24),
    ofProcesses('Heap of V8', 'MiB', 'heapMiB', 24),
    ofProcesses('File descriptors', '', 'descriptors', keptConnections),
    ofProcesses('Sockets', '', 'sockets', keptConnections),
    single('Time of a full run', { name: 'writer', unit: 's', tolerance: 3, values: lastRuns }),
    single('Queue of notifications', {
      name: 'messages',
      unit: '',
      tolerance: 5,
      values: samples.map(({ queued }) => queued),
    }),
    single('Lag of notifications', { name: 'mean', unit: 'ms', tolerance: 250, values: lags }),
  ];
}

/** Of sums and counts since the start: the mean of what came between two samples; undefined: nothing did. */
function meansOf(sums: readonly { readonly sum: number; readonly count: number }[]) {
  return sums.map(({ sum, count }, at) => {
    const before = sums[at - 1] ?? { sum: 0, count: 0 };
    return count > before.count ? (sum - before.sum) / (count - before.count) : undefined;
  });
}
