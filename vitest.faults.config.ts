import { defineConfig } from 'vitest/config';
import { FaultsReporter } from './test/faults/faults-reporter.ts';
import { releaseProjects, usualRelease } from './test/support/release-projects.ts';

const alone = 'test/**/*-speed.faults.test.ts';
const shared = {
  testTimeout: 180_000,
  hookTimeout: 120_000,
  // Those that say so themselves: they wait for time-outs most of the time.
  maxConcurrency: 6,
  provide: { portalRelease: usualRelease },
};

/** The long tests: brokers and processes are killed, thousands of events sent. What is timed by the clock on the wall runs alone, first. */
export default defineConfig({
  test: {
    reporters: [new FaultsReporter()],
    maxWorkers: 2,
    projects: [
      {
        test: {
          ...shared,
          name: 'alone',
          include: [alone],
          fileParallelism: false,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...shared,
          name: 'side by side',
          include: ['test/**/*.faults.test.ts'],
          exclude: [alone],
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...shared,
          name: 'properties of plan',
          include: ['src/plan/*.properties.test.ts'],
          env: { PLAN_RUNS: '3000' },
          testTimeout: 600_000,
          sequence: { groupOrder: 1 },
        },
      },
      ...releaseProjects('npm run test:faults', { ...shared, sequence: { groupOrder: 2 } }),
    ],
  },
});
