import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openEnvelope, UnreadableMessageError } from './envelope.ts';

const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const event = { event_type: 'compute.instance.update', payload: { instance_id: 'a' } };
const opened = {
  eventType: 'compute.instance.update',
  payload: { instance_id: 'a' },
  contextProjectId: undefined,
};

test.each([
  ['bare', json(event)],
  ['enveloped', json({ 'oslo.version': '2.0', 'oslo.message': JSON.stringify(event) })],
])('a notification is read: %s', (_, body) => {
  expect(openEnvelope(body)).toEqual(opened);
});

test.each([
  ['2026-11-22 19:16:53.120000', Date.UTC(2026, 10, 22, 19, 16, 53, 120)],
  ['2026-11-22T19:16:53Z', Date.UTC(2026, 10, 22, 19, 16, 53)],
  ['the other day', undefined],
  [7, undefined],
])('when it was sent, as %s: read as UTC, or as not said', (timestamp, sentAt) => {
  expect(openEnvelope(json({ ...event, timestamp }))).toMatchObject({ sentAt });
});

test.each([
  ['empty', Buffer.alloc(0), 'the body is not JSON'],
  ['truncated', Buffer.from(JSON.stringify(event).slice(0, 30)), 'the body is not JSON'],
  [
    'truncated inside',
    json({ 'oslo.version': '2.0', 'oslo.message': '{"event' }),
    'oslo.message is not JSON',
  ],
  [
    'another type inside',
    json({ 'oslo.version': '2.0', 'oslo.message': { a: 1 } }),
    'oslo.message is not a text',
  ],
  ['a list', Buffer.from('[1,2]'), 'not a notification: the whole'],
  ['null', Buffer.from('null'), 'not a notification: the whole'],
  ['no event type', json({ payload: {} }), 'not a notification: event_type'],
  ['a payload that is a text', json({ event_type: 'a', payload: 'x' }), 'not a notification: payload'],
  ['not UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), 'the body is not UTF-8'],
  ['ten megabytes', Buffer.alloc(10 * 1024 * 1024, 0x20), 'the body is too large: 10485760 bytes'],
  ['a million brackets', Buffer.from('['.repeat(1_000_000)), 'the body is nested too deeply'],
  [
    'deep inside',
    json({ 'oslo.version': '2.0', 'oslo.message': '{"a":'.repeat(100) }),
    'oslo.message is nested too deeply',
  ],
])('what is no notification is refused with the reason: %s', (_, body, reason) => {
  expect(() => openEnvelope(body)).toThrow(UnreadableMessageError);
  expect(() => openEnvelope(body)).toThrow(reason);
});

test('the beginning of a body of which the rest was left out is refused by the size of the whole', () => {
  expect(() => openEnvelope(json(event), 1024 * 1024 + 1)).toThrow('the body is too large: 1048577 bytes');
  expect(openEnvelope(json(event), 1024 * 1024)).toEqual(opened);
});

test('brackets within a text nest nothing', () => {
  const body = Buffer.from(JSON.stringify({ ...event, payload: { note: '\\"[{'.repeat(500) } }));

  expect(openEnvelope(body).eventType).toBe(event.event_type);
});

test('whatever comes is read or refused, never anything else', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.json().map((text) => Buffer.from(text)),
        fc.string().map((text) => Buffer.from(text)),
        fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      ),
      (body) => {
        try {
          openEnvelope(body);
        } catch (error) {
          expect(error).toBeInstanceOf(UnreadableMessageError);
        }
      },
    ),
  );
});
