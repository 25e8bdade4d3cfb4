import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'scripts/**/*.test.ts'],
    exclude: [
      '**/*.live.test.ts',
      '**/*.faults.test.ts',
      '**/*.images.test.ts',
      'node_modules/**',
      'dist/**',
    ],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    unstubEnvs: true,
  },
});
