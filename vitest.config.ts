import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'pages/**/*.test.ts', 'test/**/*.test.ts', 'scripts/**/*.test.ts'],
    exclude: [
      '**/*.live.test.ts',
      '**/*.faults.test.ts',
      '**/*.images.test.ts',
      'node_modules/**',
      'dist/**',
    ],
    // Vitest leaves one core free; on a machine with two that is half of it, and our tests wait more than they compute.
    maxWorkers: '100%',
    globalSetup: ['test/support/built-pages.ts'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    unstubEnvs: true,
  },
});
