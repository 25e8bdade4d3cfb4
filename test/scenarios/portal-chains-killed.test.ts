/** A few of the places at which test/faults/portal-chains kills the service. */
import { expect, test } from 'vitest';
import { keyPairPage, killInEach, startScene, wholeLife } from '../faults/kill-portal-chain.ts';

test.each([
  { release: '1.1', stretch: wholeLife, every: 9 },
  { release: '1.2', stretch: wholeLife, every: 9 },
  { release: '1.2', stretch: keyPairPage, every: 2 },
] as const)(
  'portal $release, $stretch.name: killed in the middle, the service leaves nothing half made',
  async ({ release, stretch, every }) => {
    await using scene = await startScene(release);

    const { kills, faults } = await killInEach(scene, stretch, { every });

    expect(faults).toEqual([]);
    expect(kills).toBeGreaterThan(1);
  },
  60_000,
);
