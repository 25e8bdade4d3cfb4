import { defineConfig } from 'vitest/config';

/** The long tests: brokers and processes are killed, thousands of events sent. One file after the other, for their figures. */
export default defineConfig({
  test: {
    include: ['test/**/*.faults.test.ts'],
    fileParallelism: false,
    // Those that say so themselves: they wait for time-outs most of the time.
    maxConcurrency: 6,
    testTimeout: 180_000,
    hookTimeout: 120_000,
  },
});
