import { expect, test } from 'vitest';
import { allBlindnesses, assertNothingIsDeleted, startFilled } from '../support/blind-cloud.ts';

test.each([6_000, 20_000])(
  'a cloud that does not show its %i servers, or a tenth of them, has nothing deleted in ten runs',
  async (servers) => {
    await using scenario = await startFilled(servers);
    expect(scenario.sandbox.portal.devices.size).toBe(servers);

    for (const blindness of allBlindnesses) await assertNothingIsDeleted(scenario, blindness);
  },
  1_200_000,
);
