import { type Release, releases } from '../../src/concertim/profile.ts';

/** Of the portal of every test that names none. */
export const usualRelease: Release = '2023-08';

/** What must hold for every release of the portal, and takes a few seconds at most. */
const quick = [
  'test/scenarios/bulk-updates.test.ts',
  'test/scenarios/notifications-targeted.test.ts',
  'test/scenarios/orders.test.ts',
];

/** What must hold for every release as well, and takes longer. */
const slow = [
  'test/scenarios/cell-down.test.ts',
  'test/scenarios/doctor.test.ts',
  'test/scenarios/two-writers.test.ts',
  'test/faults/invariants.test.ts',
  'test/faults/model.test.ts',
  'test/faults/upstream-fuzz.test.ts',
];

/** What each command runs, for which releases: `npm test` for the one that differs most from the usual one, beside it. */
const chosen = {
  'npm test': { runFor: ['main'], suites: quick },
  'npm run test:faults': { runFor: releases, suites: [...quick, ...slow] },
} as const satisfies Record<string, { runFor: readonly Release[]; suites: readonly string[] }>;

/** A project of Vitest for each of these releases, with what the other projects of that command share. */
export function releaseProjects(command: keyof typeof chosen, shared: Readonly<Record<string, unknown>>) {
  const { runFor, suites } = chosen[command];
  return runFor.map((release) => ({
    test: { ...shared, name: `portal ${release}`, include: [...suites], provide: { portalRelease: release } },
  }));
}
