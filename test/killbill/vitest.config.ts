import { defineConfig } from 'vitest/config';

/** One file after the other: they share one KillBill, and its clock. */
export default defineConfig({
  test: {
    include: ['test/killbill/*.live.test.ts'],
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 120_000,
  },
});
