import { once } from 'node:events';
import { expect, test } from 'vitest';
import { TimeLimit } from './time-limit.ts';

test.each([
  [-16_300, 'No time was left for reading: the process was late.'],
  [0, 'No time was left for reading: the process was late.'],
  [100, 'The time for reading was over after 0.1 s.'],
])('a limit of %i ms ends with its reason', async (ms, message) => {
  using limit = new TimeLimit('reading', ms);

  await once(limit.signal, 'abort');

  expect(limit.signal.reason).toMatchObject({ message, severity: 'transient' });
});
