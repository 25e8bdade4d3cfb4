/**
 * What a broken or hostile broker sends, at each step of a connection: frames that no RabbitMQ would send, fields that do not end,
 * messages that are not as large as they say. Nothing of it ends the process, is held without bound, or is waited for without end.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Broker } from '../../src/amqp/broker.ts';
import { consume } from '../../src/amqp/consume.ts';
import { mostBodyBytes } from '../../src/amqp/raw-messages.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { seededRandom } from '../../src/runtime/random.ts';
import { Secret } from '../../src/runtime/secret.ts';
import {
  AmqpPeer,
  delivery,
  frame,
  long,
  type Misbehaviour,
  method,
  short,
  steps,
  uint,
} from '../support/amqp-peer.ts';
import { fuzzRuns } from '../support/fuzz-runs.ts';
import { watchDefects } from '../support/watch-defects.ts';

const defects = watchDefects();

/** A field of a header: its type, followed by any bytes as the value. */
const anyField = fc
  .record({
    type: fc.constantFrom(...'SxTFAIlVtbBsuDdfi?'.split('')),
    value: fc.uint8Array({ maxLength: 12 }),
  })
  .map(({ type, value }) => Buffer.concat([short('x-death'), Buffer.from(type), Buffer.from(value)]));
const anyTable = fc
  .record({
    fields: fc.array(anyField, { maxLength: 3 }),
    size: fc.option(fc.constantFrom(0, 1, 0x7fff_ffff, 0xffff_ffff), { nil: undefined, freq: 4 }),
  })
  .map(({ fields, size }) => {
    const all = Buffer.concat(fields);
    return Buffer.concat([uint(size ?? all.length, 4), all]);
  });
/** Tables nested in tables, which overflow the stack of a recursive parser. */
const deepTable = fc.constantFrom(...[10, 1_000, 5_000].map(nested));
function nested(depth: number): Buffer {
  let table = uint(0, 4);
  for (let at = 0; at < depth; at++) {
    const field = Buffer.concat([short('x'), Buffer.from('F'), table]);
    table = Buffer.concat([uint(field.length, 4), field]);
  }
  return table;
}

const anyFrame = fc
  .record({
    type: fc.constantFrom(1, 2, 3, 8, 0, 255),
    channel: fc.constantFrom(0, 1, 2, 65_535),
    payload: fc.uint8Array({ maxLength: 64 }),
    size: fc.option(fc.constantFrom(0, 1, 0xffff_ffff, 0x7fff_ffff), { nil: undefined, freq: 6 }),
  })
  .map(({ type, channel, payload, size }) => frame(type, channel, Buffer.from(payload), size));
/** Existing methods in any order, with invalid fields. */
const anyMethod = fc
  .record({
    channel: fc.constantFrom(0, 1, 2),
    id: fc.constantFrom(
      ...([
        [10, 10],
        [10, 20],
        [10, 30],
        [10, 41],
        [10, 50],
        [10, 51],
        [10, 60],
        [10, 61],
        [20, 11],
        [20, 20],
        [20, 40],
        [20, 41],
        [50, 11],
        [60, 11],
        [60, 21],
        [60, 30],
        [60, 31],
        [60, 50],
        [60, 60],
        [60, 71],
        [60, 72],
        [60, 80],
        [60, 120],
        [85, 11],
        [90, 11],
      ] as const),
    ),
    fields: fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
      fc.constant(Buffer.concat([uint(320, 2), short('CONNECTION_FORCED'), uint(0, 4)])),
      fc.constant(Buffer.concat([short('tag'), uint(1, 8), uint(0, 1)])),
      fc.constant(Buffer.concat([uint(0, 2), uint(1, 4), uint(1, 2)])),
      fc.constant(long('x'.repeat(1_000))),
      anyTable,
    ),
  })
  .map(({ channel, id: [classId, methodId], fields }) => method(channel, classId, methodId, fields));
const anyMessage = fc
  .record({
    size: fc.constantFrom(undefined, 0, 5, mostBodyBytes + 1, 2 ** 40, 2 ** 60),
    body: fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
    contentType: fc.constantFrom('application/json', 'text/plain', ''),
    headers: fc.option(fc.oneof(anyTable, deepTable), { nil: undefined }),
  })
  .map(({ size, headers, ...message }) =>
    delivery({ ...message, ...(size !== undefined && { size }), ...(headers && { headers }) }),
  );
const anyBytes = fc.oneof(
  { weight: 3, arbitrary: anyFrame },
  { weight: 4, arbitrary: anyMethod },
  { weight: 4, arbitrary: anyMessage },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)) },
  { weight: 1, arbitrary: fc.constant(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')) },
);
const misbehaviour: fc.Arbitrary<Misbehaviour> = fc.record({
  at: fc.oneof(fc.constantFrom(...steps), { weight: 3, arbitrary: fc.constant('60.20' as const) }),
  bytes: fc.array(anyBytes, { maxLength: 8 }).map((all) => Buffer.concat(all)),
  isAfter: fc.boolean(),
  pieces: fc.constantFrom(0, 0, 0, 1, 7),
  hangsUp: fc.constant(true),
});

test('whatever a broker sends ends the connection at the worst', async (context) => {
  const runs = fuzzRuns(context, 'AMQP frames', 5_000);
  await using peer = await AmqpPeer.start();
  const broker = new Broker({
    hosts: ['127.0.0.1'],
    port: peer.port,
    username: 'guest',
    password: new Secret('guest'),
    vhost: '/',
    tls: undefined,
    clock: systemClock,
    random: seededRandom(1),
  });
  const outcomes = { opened: 0, ended: 0, taken: 0 };

  await fc.assert(
    fc.asyncProperty(misbehaviour, async (given) => {
      peer.misbehaviour = given;
      let bytes = 0;
      const take = async ({ body }: { body: Buffer }) => {
        bytes += body.length;
        outcomes.taken++;
      };
      const rest = { queue: 'q', prefetch: 10, onMessage: take, onReturned: take, hasRoom: () => true };
      try {
        await using session = await broker.connect('fuzz', new AbortController().signal);
        outcomes.opened++;
        await consume(session, { ...rest, clock: systemClock });
      } catch {
        outcomes.ended++;
      }
      expect(bytes).toBeLessThanOrEqual(mostBodyBytes);
    }),
    // Longer than the client takes to give up a connection.
    { ...runs, timeout: 15_000 },
  );

  // Some of the courses are valid: without them the test would show nothing.
  expect(outcomes.taken).toBeGreaterThan(runs.numRuns / 50);
  expect(Math.min(outcomes.opened, outcomes.ended)).toBeGreaterThan(runs.numRuns / 10);
  expect(defects()).toEqual([]);
}, 300_000);
