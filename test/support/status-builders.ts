import type { RunStatus, Status } from '../../src/observability/status.ts';

/** A run that changed something, half a minute before noon. */
export const run: RunStatus = {
  startedAt: '2026-11-22T11:59:30.000Z',
  ms: 812,
  changes: 4,
  failures: 0,
  held: 0,
  drift: 0,
  deletionsRefused: 0,
};

/** A component that works. */
export function component(
  name: string,
  more: Partial<Status['components'][number]> = {},
): Status['components'][number] {
  return {
    component: name,
    ready: true,
    starting: false,
    failing: false,
    status: 'works',
    continuous: false,
    lastSuccessAt: null,
    ...more,
  };
}

/** A writer that has nothing to do. */
export const updates: NonNullable<Status['updates']> = {
  writer: true,
  paused: null,
  backlog: 0,
  contested: [],
  clouds: [],
  release: 'main',
  lastFull: run,
  lastTargeted: null,
  failure: null,
};
