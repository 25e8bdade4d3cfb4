/** The service is killed between each pair of requests that a portal's jobs and pages have it make at the cloud. */
import { expect, test } from 'vitest';
import { type Release, releases } from '../../src/concertim/profile.ts';
import { outboundRules } from '../../src/sandbox/portal/outbound/outbound-rules.ts';
import { keyPairPage, killInEach, startScene, wholeLife } from './kill-portal-chain.ts';

/**
 * These send the same requests as another release, so they try only some pairs. The life of 2023-08 has few
 * requests.
 */
const strides: Partial<Record<Release, number>> = { '2023-08': 3, main: 5, next: 5 };

test.each(releases)(
  'portal %s: wherever the service is killed, each user has one account in the end, or none',
  async (release) => {
    await using scene = await startScene(release);

    const { kills, faults } = await killInEach(scene, wholeLife, { every: strides[release] ?? 1 });

    expect(faults).toEqual([]);
    expect(kills).toBeGreaterThan(3);
  },
  600_000,
);

test.each(releases.filter((release) => outboundRules[release].keyPairs.includes('list')))(
  'portal %s: the page of key pairs likewise',
  async (release) => {
    await using scene = await startScene(release);

    const { kills, faults } = await killInEach(scene, keyPairPage);

    expect(faults).toEqual([]);
    expect(kills).toBeGreaterThan(3);
  },
  300_000,
);
