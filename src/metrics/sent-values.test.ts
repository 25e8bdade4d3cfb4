import { expect, test } from 'vitest';
import type { DeviceId } from '../concertim/model.ts';
import { SentValues, type Value } from './sent-values.ts';

const s = 1000;
const options = { ttlMs: 180 * s, intervalMs: 15 * s };
const value = (at: number, deviceId = 1): Value => ({
  deviceId: deviceId as DeviceId,
  name: 'os.net.avg_usage',
  units: 'B/s',
  value: 7,
  at: at * s,
});

test('a value is sent when it is new', () => {
  const sent = new SentValues();
  expect(sent.isDue(value(0), { now: 0, ...options })).toBe(true);

  sent.note(value(0), 0);

  expect(sent.isDue(value(0), { now: 15 * s, ...options })).toBe(false);
  expect(sent.isDue(value(10), { now: 15 * s, ...options })).toBe(true);
});

test('the same value is sent again before the portal forgets it', () => {
  const sent = new SentValues();
  sent.note(value(0), 0);

  expect(sent.isDue(value(0), { now: 149 * s, ...options })).toBe(false);
  expect(sent.isDue(value(0), { now: 150 * s, ...options })).toBe(true);
});

test('and where the clock was set back since, so that nobody knows when that will be', () => {
  const sent = new SentValues();
  sent.note(value(0), 3_600 * s);

  expect(sent.isDue(value(0), { now: s, ...options })).toBe(true);
});

test('a device that was deleted and made anew gets its values again', () => {
  const sent = new SentValues();
  sent.note(value(0), 0);

  sent.keepOnly(new Set());

  expect(sent.isDue(value(0), { now: s, ...options })).toBe(true);
});
