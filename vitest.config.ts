import { defineConfig } from 'vitest/config';
import { releaseProjects, usualRelease } from './test/support/release-projects.ts';

/** What builds, installs or packs this checkout: two at a time would take the built files from under each other. */
const installed = ['test/packaging/**/*.test.ts', 'test/ansible/**/*.test.ts', 'test/playbook/**/*.test.ts'];
const otherCommands = ['**/*.live.test.ts', '**/*.faults.test.ts', '**/*.images.test.ts'];

const shared = {
  // For tests that hang. On a machine with other work some of those with a real broker or real processes take half of it.
  testTimeout: 60_000,
  hookTimeout: 60_000,
  unstubEnvs: true,
};
const sideBySide = { ...shared, sequence: { groupOrder: 0 } };

/** All tests; what must hold for every release of the portal runs for each in a project of its own. */
export default defineConfig({
  test: {
    globalSetup: ['test/support/built-pages.ts'],
    // Vitest leaves one core free; on a machine with two that is half of it, and our tests wait more than they compute.
    maxWorkers: '100%',
    projects: [
      {
        test: {
          ...sideBySide,
          name: 'all',
          include: ['src/**/*.test.ts', 'pages/**/*.test.ts', 'test/**/*.test.ts', 'scripts/**/*.test.ts'],
          exclude: [...installed, ...otherCommands, 'node_modules/**', 'dist/**'],
          provide: { portalRelease: usualRelease },
        },
      },
      ...releaseProjects('npm test', sideBySide),
      {
        test: {
          ...shared,
          name: 'installed',
          include: installed,
          exclude: otherCommands,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          provide: { portalRelease: usualRelease },
        },
      },
    ],
  },
});
