/**
 * What a broken or hostile peer sends: frames that no RabbitMQ would send, lists that no service would give, bytes that no
 * client would. Nothing of it ends the process, is waited for without end, or is taken for an answer. A failure prints its seed.
 */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { Broker } from '../../src/amqp/broker.ts';
import { consume } from '../../src/amqp/consume.ts';
import { mostBodyBytes } from '../../src/amqp/raw-messages.ts';
import { HttpClient } from '../../src/http/client.ts';
import { ListBody } from '../../src/http/list-body.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { seededRandom } from '../../src/runtime/random.ts';
import { Secret } from '../../src/runtime/secret.ts';
import { ServiceError } from '../../src/runtime/severity.ts';
import { type RunningApi, startApi } from '../support/api.ts';
import { listen } from '../support/listen.ts';

const defects: unknown[] = [];
const note = (error: unknown) => void defects.push(error);
beforeAll(() => void process.on('uncaughtException', note).on('unhandledRejection', note));
afterAll(() => void process.off('uncaughtException', note).off('unhandledRejection', note));

const frame = (type: number, channel: number, payload: Buffer, size = payload.length) => {
  const head = Buffer.alloc(7);
  head.writeUInt8(type, 0);
  head.writeUInt16BE(channel, 1);
  head.writeUInt32BE(size, 3);
  return Buffer.concat([head, payload, Buffer.from([0xce])]);
};
const method = (channel: number, classId: number, methodId: number, ...fields: Buffer[]) => {
  const id = Buffer.alloc(4);
  id.writeUInt16BE(classId, 0);
  id.writeUInt16BE(methodId, 2);
  return frame(1, channel, Buffer.concat([id, ...fields]));
};
const short = (text: string) => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);
const uint = (value: bigint | number, bytes: number) =>
  Buffer.from(
    BigInt(value)
      .toString(16)
      .padStart(bytes * 2, '0'),
    'hex',
  );
const long = (text: string) => Buffer.concat([uint(text.length, 4), Buffer.from(text)]);

/** What a broker answers up to the first delivery, by what it was sent. */
function greeting(request: Buffer): Buffer | undefined {
  if (request.subarray(0, 4).toString() === 'AMQP')
    return method(0, 10, 10, Buffer.from([0, 9]), uint(0, 4), long('PLAIN'), long('en_US'));
  const at = request.readUInt16BE(1);
  switch (`${request.readUInt16BE(7)}.${request.readUInt16BE(9)}`) {
    case '10.11':
      return method(0, 10, 30, uint(100, 2), uint(131_072, 4), uint(0, 2));
    case '10.40':
      return method(0, 10, 41, short(''));
    case '20.10':
      return method(at, 20, 11, long(''));
    case '60.10':
      return method(at, 60, 11);
    case '60.20':
      return method(at, 60, 21, short('tag'));
    default:
      return undefined;
  }
}

/** Answers the frames of a client, then sends what is given once it consumes. */
function brokerThatSends(socket: Socket, deliveries: (channel: number) => readonly Buffer[]): void {
  let rest = Buffer.alloc(0);
  socket.on('error', () => {});
  socket.on('data', (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    for (;;) {
      const isHello = rest.subarray(0, 4).toString() === 'AMQP';
      const size = isHello ? 8 : rest.length < 7 ? Number.POSITIVE_INFINITY : rest.readUInt32BE(3) + 8;
      if (rest.length < size) return;
      const request = rest.subarray(0, size);
      rest = rest.subarray(size);
      if (!isHello && request.readUInt8(0) !== 1) continue;
      const answer = greeting(request);
      if (answer) socket.write(answer);
      const consumes = !isHello && request.readUInt16BE(7) === 60 && request.readUInt16BE(9) === 20;
      if (consumes) {
        for (const each of deliveries(request.readUInt16BE(1))) socket.write(each);
        socket.end();
      }
    }
  });
}

const deliver = (channel: number) =>
  method(channel, 60, 60, short('tag'), uint(1, 8), Buffer.from([0]), short('nova'), short('x'));
const header = (channel: number, bodySize: bigint | number, contentType = 'application/json') =>
  frame(
    2,
    channel,
    Buffer.concat([uint(60, 2), uint(0, 2), uint(bodySize, 8), uint(0x8000, 2), short(contentType)]),
  );

const anyFrame = fc
  .record({
    type: fc.constantFrom(1, 2, 3, 8, 0, 255),
    channel: fc.constantFrom(0, 1, 2, 65_535),
    payload: fc.uint8Array({ maxLength: 64 }),
    size: fc.option(fc.constantFrom(0, 1, 0xffff_ffff, 0x7fff_ffff), { nil: undefined, freq: 6 }),
  })
  .map(({ type, channel, payload, size }) => frame(type, channel, Buffer.from(payload), size));
const anyMessage = fc
  .record({
    size: fc.constantFrom(0, 5, mostBodyBytes + 1, 2 ** 40, 2 ** 60),
    body: fc.uint8Array({ maxLength: 64 }),
    contentType: fc.constantFrom('application/json', 'text/plain', ''),
  })
  .map(({ size, body, contentType }) =>
    Buffer.concat([deliver(1), header(1, size, contentType), frame(3, 1, Buffer.from(body))]),
  );

test('frames of every kind after a proper greeting end the connection at the worst', async () => {
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(anyFrame, anyMessage), { maxLength: 8 }), async (frames) => {
      const server = createServer((socket) => brokerThatSends(socket, () => frames)).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as { port: number };
      const stop = new AbortController();
      let bytes = 0;
      const broker = new Broker({
        hosts: ['127.0.0.1'],
        port,
        username: 'guest',
        password: new Secret('guest'),
        vhost: '/',
        tls: undefined,
        clock: systemClock,
        random: seededRandom(1),
      });
      const work = broker.run(
        'fuzz',
        async (session) => {
          const take = async ({ body }: { body: Buffer }) => {
            bytes += body.length;
            taken++;
          };
          const options = {
            queue: 'q',
            prefetch: 10,
            onMessage: take,
            onReturned: take,
            hasRoom: () => true,
          };
          await consume(session, { ...options, clock: systemClock }).finally(() => stop.abort());
        },
        { log: createLogger({ level: 'critical', format: 'json' }), signal: stop.signal },
      );
      await work;
      server.close();
      expect(bytes).toBeLessThanOrEqual(mostBodyBytes);
    }),
    { numRuns: 60 },
  );
  // Among them are proper ones.
  expect(taken).toBeGreaterThan(0);
  expect(defects).toEqual([]);
}, 120_000);

test('lists of every shape, cut and torn, are rows or an error that says what is wrong', async () => {
  const row = z.object({ id: z.number() });
  const json = fc.oneof(
    fc.json(),
    fc.array(fc.record({ id: fc.integer() })).map((rows) => JSON.stringify(rows)),
  );
  let text = '';
  await using server = await listen((_, response) => response.writeHead(200).end(text));
  const client = new HttpClient({ service: 'Concertim' });

  await fc.assert(
    fc.asyncProperty(
      json,
      fc.nat(),
      fc.constantFrom('', ']', ',', '{', '"', '\\'),
      async (whole, cut, more) => {
        text = cut % 3 === 0 ? whole : whole.slice(0, cut % (whole.length + 1)) + more;
        const into = new ListBody({ row });
        const response = await client.request({ method: 'GET', url: server.url, route: '/', into });
        let rows: unknown[] | undefined;
        try {
          rows = into.rowsOf(response);
        } catch (error) {
          expect(error).toBeInstanceOf(ServiceError);
        }
        if (rows) expect(rows).toEqual(z.array(row).parse(JSON.parse(text)));
      },
    ),
    { numRuns: 1_000 },
  );
  await client.close();
  expect(defects).toEqual([]);
}, 120_000);

test('connections to the API that send anything, or nothing, leave it well', async () => {
  await using api: RunningApi = await startApi({ authUrls: [] });
  const { port } = new URL(api.url);
  const bytes = fc.oneof(
    fc.constantFrom(
      '',
      'GET / HTTP/1.1\r\n',
      'POST /user_projects HTTP/1.1\r\ncontent-length: 9999\r\n\r\n{',
    ),
    fc.constantFrom(
      'GET / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nffffffff\r\n',
      '\u0016\u0003\u0001',
    ),
    fc.string({ maxLength: 200 }),
  );

  await fc.assert(
    fc.asyncProperty(fc.array(bytes, { maxLength: 20 }), fc.boolean(), async (each, isAbrupt) => {
      const sockets = each.map((text) => {
        const socket = connect({ host: '127.0.0.1', port: Number(port) });
        socket.on('error', () => {}).resume();
        socket.write(text);
        return socket;
      });
      const { status } = await api.send('GET', '/healthz');
      for (const socket of sockets) {
        if (isAbrupt) socket.resetAndDestroy();
        else socket.destroy();
      }
      expect(status).toBe(200);
    }),
    { numRuns: 60 },
  );
  expect(defects).toEqual([]);
}, 120_000);
