import { expect, test } from 'vitest';
import { assertNothingIsDeleted, type Blindness, startFilled } from '../support/blind-cloud.ts';

/** Another region of Nova alone is one of the others, but for its flavors: see refused-deletions.test.ts. */
const each: readonly Blindness[] = [
  'Nova is blind',
  'Heat is blind',
  'Nova and Heat are blind',
  'one cell of Nova is down',
  'the region is another one',
];

test('a cloud that does not show its 2,000 servers or 500 stacks, or a tenth of them, has nothing deleted in ten runs', async () => {
  await using scenario = await startFilled(2_000);
  expect(scenario.sandbox.portal.devices.size).toBe(2_000);

  for (const blindness of each) await assertNothingIsDeleted(scenario, blindness);
}, 180_000);
