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
    globalSetup: ['test/support/built-pages.ts'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    unstubEnvs: true,
  },
});
