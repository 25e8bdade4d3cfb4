import { defineConfig } from 'vitest/config';

/** One file after the other: they share one cloud. */
export default defineConfig({
  test: {
    include: ['test/openstack/*.live.test.ts'],
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
