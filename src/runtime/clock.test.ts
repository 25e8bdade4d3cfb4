import { expect, test } from 'vitest';
import { parseTime } from './clock.ts';

test.for([
  '2026-11-22T19:16:53+00:00',
  '2026-11-22T19:16:53Z',
  '2026-11-22T19:16:53.000000',
  '2026-11-22 19:16:53',
  '2026-11-22T20:16:53+01:00',
  'Sun, 22 Nov 2026 19:16:53 GMT',
])('%s is the same moment whatever the zone of this machine', (text) => {
  expect(parseTime(text)).toBe(Date.UTC(2026, 10, 22, 19, 16, 53));
});

test('what is no time is none', () => {
  expect(parseTime('soon')).toBeUndefined();
});
