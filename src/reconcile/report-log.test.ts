import { expect, test } from 'vitest';
import { createLogger } from '../observability/logger.ts';
import { ReportLog } from './report-log.ts';
import type { RunReport } from './run-report.ts';

const held = [
  {
    kind: 'device',
    id: 7,
    name: 'web',
    reason: 'OpenStack does not find it',
    reasonCode: 'deletion-unconfirmed',
  },
] as const;

function report(scope: RunReport['scope'], told: Partial<RunReport> = {}): RunReport {
  return {
    runId: 'r',
    scope,
    startedAt: 0,
    ms: { observe: 1, plan: 1, apply: 1 },
    seen: { servers: 0, stacks: 0, flavors: 0, users: 0, racks: 0, devices: 0, templates: 0 },
    changes: {},
    made: [],
    failures: [],
    skipped: [],
    contested: [],
    untried: 0,
    held: [],
    foreign: [],
    warnings: [],
    unknownStates: [],
    unreadable: [],
    unreadableRows: [],
    unobserved: [],
    drift: [],
    clouds: [],
    requests: {},
    ...told,
  } as RunReport;
}

/** What these runs log at level warning and above. */
function warnings(...runs: RunReport[]): string[] {
  const lines: string[] = [];
  const log = new ReportLog(
    createLogger({ level: 'warning', format: 'json', output: { write: (line) => lines.push(line) } }),
  );
  for (const run of runs) log.write(run);
  return lines;
}

test('a deletion that is under way when a notification announces it is no warning', () => {
  expect(warnings(report('targeted', { held }))).toEqual([]);
  expect(warnings(report('targeted', { held }), report('full'))).toEqual([]);
});

test('one that the next full run cannot confirm either is one, once', () => {
  const lines = warnings(report('targeted', { held }), report('full', { held }), report('full', { held }));

  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('deletion not confirmed');
});
