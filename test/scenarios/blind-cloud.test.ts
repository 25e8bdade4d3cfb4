import { expect, test } from 'vitest';
import { allBlindnesses, assertNothingIsDeleted, startFilled } from '../support/blind-cloud.ts';

test('a cloud that does not show its 2,000 servers or 500 stacks, or a tenth of them, has nothing deleted in ten runs', async () => {
  await using scenario = await startFilled(2_000);
  expect(scenario.sandbox.portal.devices.size).toBe(2_000);

  for (const blindness of allBlindnesses) await assertNothingIsDeleted(scenario, blindness);
}, 180_000);
