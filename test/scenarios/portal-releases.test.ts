import { describe, expect, test } from 'vitest';
import { releases } from '../../src/concertim/profile.ts';
import { startScenario } from '../support/scenario.ts';

/** What holds with every release of the portal. */
describe.each(releases)('a portal of release %s', (release) => {
  test('is filled by one run, and right for the next', async () => {
    await using scenario = await startScenario({ release, stacks: 2, servers: 4 });

    const filled = await scenario.run();
    const again = await scenario.run();

    expect(filled.failures).toEqual([]);
    expect(filled.changes).toMatchObject({ 'create-rack': 2, 'create-device': 8 });
    expect(again.failures).toEqual([]);
    expect(again.changes).toEqual({});
  });
});
