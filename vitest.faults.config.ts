import { defineConfig } from 'vitest/config';

/** The long tests: brokers and processes are killed, thousands of events sent. One file after the other, for their figures. */
export default defineConfig({
  test: {
    include: ['test/**/*.faults.test.ts'],
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 120_000,
  },
});
