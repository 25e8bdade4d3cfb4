import { expect, test } from 'vitest';
import type { DeviceId } from '../concertim/model.ts';
import { definitions } from './definitions.ts';
import { SentValues, type Value } from './sent-values.ts';

const s = 1000;
const options = { ttlMs: 180 * s, intervalMs: 15 * s };
const [cpu, , net] = definitions;
const value = (
  at: number,
  fields: { deviceId?: number; value?: number; definition?: typeof net | undefined } = {},
): Value => ({
  deviceId: (fields.deviceId ?? 1) as DeviceId,
  definition: fields.definition ?? (net as Value['definition']),
  value: fields.value ?? 1_000,
  at: at * s,
});
const isDue = (sent: SentValues, one: Value, now: number, times = options) =>
  sent.due([one], { now: now * s, ...times }).length === 1;

test('a value is sent when it is new and another one', () => {
  const sent = new SentValues();
  expect(isDue(sent, value(0), 0)).toBe(true);

  sent.note(value(0), 0);

  expect(isDue(sent, value(0), 15)).toBe(false);
  expect(isDue(sent, value(10, { value: 1_011 }), 15)).toBe(true);
});

test('what differs by a hundredth of a rate, or by less than half a point, is unchanged', () => {
  const sent = new SentValues();
  sent.note(value(0), 0);
  sent.note(value(0, { definition: cpu, value: 40 }), 0);

  expect(isDue(sent, value(10, { value: 1_010 }), 15)).toBe(false);
  expect(isDue(sent, value(10, { definition: cpu, value: 40.49 }), 15)).toBe(false);
  expect(isDue(sent, value(10, { definition: cpu, value: 40.5 }), 15)).toBe(true);
});

test('a slow drift is sent once it is a change since the last sending', () => {
  const sent = new SentValues();
  sent.note(value(0), 0);

  for (const drifted of [1_004, 1_008]) sent.noteUnchanged(value(10, { value: drifted }));

  expect(isDue(sent, value(20, { value: 1_012 }), 20)).toBe(true);
});

test('an unchanged value is sent again within two minutes, long before a ttl of an hour', () => {
  const sent = new SentValues();
  sent.note(value(0), 0);
  const hour = { ttlMs: 3_600 * s, intervalMs: 15 * s };

  expect(isDue(sent, value(0), 89, hour)).toBe(false);
  expect(isDue(sent, value(0), 90, hour)).toBe(true);
});

test('and before a short ttl is over', () => {
  const sent = new SentValues();
  sent.note(value(0), 0);
  const minute = { ttlMs: 60 * s, intervalMs: 15 * s };

  expect(isDue(sent, value(0), 29, minute)).toBe(false);
  expect(isDue(sent, value(0), 30, minute)).toBe(true);
});

test('and where the clock was set back since, so that nobody knows when that will be', () => {
  const sent = new SentValues();
  sent.note(value(0), 3_600 * s);

  expect(isDue(sent, value(0), 1)).toBe(true);
});

test('what waited longest comes first, and what was never sent before all', () => {
  const sent = new SentValues();
  const values = [1, 2, 3].map((deviceId) => value(60, { deviceId, value: 2_000 }));
  sent.note(value(0, { deviceId: 1 }), 30 * s);
  sent.note(value(0, { deviceId: 2 }), 15 * s);

  const due = sent.due(values, { now: 60 * s, ...options });

  expect(due.map(({ deviceId }) => deviceId)).toEqual([3, 2, 1]);
});

test('a device that was deleted and recreated gets its values again', () => {
  const sent = new SentValues();
  sent.note(value(0), 0);

  sent.keepOnly(new Set());

  expect(isDue(sent, value(0), 1)).toBe(true);
});

test('all is due again once the daemon has forgotten it, and no time is left out', () => {
  const sent = new SentValues();
  sent.note(value(7), 0);

  sent.forgetSent(s);

  expect(isDue(sent, value(7), 1)).toBe(true);
  sent.note(value(7), 2 * s);
  expect(isDue(sent, value(7), 3)).toBe(false);
  expect(sent.coveredUntil(1 as DeviceId, net as Value['definition'])).toBe(7 * s);
});
