import { defineConfig } from 'vitest/config';
import { releaseProjects, usualRelease } from './test/support/release-projects.ts';

const shared = {
  testTimeout: 20_000,
  hookTimeout: 20_000,
  unstubEnvs: true,
};

/** All tests; what must hold for every release of the portal runs for each in a project of its own. */
export default defineConfig({
  test: {
    // Vitest leaves one core free; on a machine with two that is half of it, and our tests wait more than they compute.
    maxWorkers: '100%',
    projects: [
      {
        test: {
          ...shared,
          name: 'all',
          include: ['src/**/*.test.ts', 'pages/**/*.test.ts', 'test/**/*.test.ts', 'scripts/**/*.test.ts'],
          exclude: [
            '**/*.live.test.ts',
            '**/*.faults.test.ts',
            '**/*.images.test.ts',
            'node_modules/**',
            'dist/**',
          ],
          globalSetup: ['test/support/built-pages.ts'],
          provide: { portalRelease: usualRelease },
        },
      },
      ...releaseProjects('npm test', shared),
    ],
  },
});
