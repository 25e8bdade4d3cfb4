import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { AmqpPeer, method, short } from '../../test/support/amqp-peer.ts';
import { HastyClock } from '../../test/support/manual-clock.ts';
import { createLogger } from '../observability/logger.ts';
import { seededRandom } from '../runtime/random.ts';
import { Secret } from '../runtime/secret.ts';
import { Broker } from './broker.ts';
import { consume } from './consume.ts';
import type { BrokerError } from './errors.ts';

/** A port that answers every connection in the same way. */
async function port(answer: (socket: Socket) => void): Promise<{ port: number } & AsyncDisposable> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    answer(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Tries for so long by a clock whose sleeps take no time; what was logged, and how long each wait was. */
async function tryFor(ms: number, address: { hosts: readonly string[]; port: number }) {
  const clock = new HastyClock();
  const lines: string[] = [];
  const log = createLogger({
    level: 'info',
    format: 'json',
    output: { write: (line) => void lines.push(line) },
  });
  const stop = new AbortController();
  const start = clock.now();
  const broker = new Broker({
    ...address,
    username: 'openstack',
    password: new Secret('s3cret-canary'),
    vhost: '/',
    tls: undefined,
    clock: {
      now: () => clock.now(),
      async sleep(wait, signal) {
        if (clock.now() - start > ms) stop.abort();
        await clock.sleep(wait, signal);
      },
    },
    random: seededRandom(1),
  });
  await broker.run('test', async () => {}, { log, signal: stop.signal });
  return { lines, slept: clock.slept };
}

test('a broker that is away is tried again and again with longer waits, and that is said once a minute', async () => {
  await using closing = await port((socket) => socket.destroy());

  const { lines, slept } = await tryFor(200_000, { hosts: ['127.0.0.1'], port: closing.port });

  expect(slept.length).toBeGreaterThan(15);
  expect(Math.min(...slept)).toBeGreaterThanOrEqual(250);
  expect(Math.max(...slept)).toBeLessThanOrEqual(15_250);
  expect(lines.length).toBeGreaterThanOrEqual(3);
  expect(lines.length).toBeLessThanOrEqual(5);
  expect(lines[0]).toContain(`RabbitMQ at 127.0.0.1:${closing.port} cannot be reached`);
  expect(lines.join('')).not.toContain('s3cret-canary');
});

test('the members of a cluster are tried in turn', async () => {
  await using closing = await port((socket) => socket.destroy());

  const { lines } = await tryFor(5_000, { hosts: ['127.0.0.1', 'localhost'], port: closing.port });

  expect(lines.map((line) => /RabbitMQ at (\S+):/.exec(line)?.[1])).toEqual(['127.0.0.1', 'localhost']);
});

test('a port that speaks HTTP is reported as such, and the process lives', async () => {
  const page = 'HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/html\r\n\r\n<html></html>';
  await using http = await port((socket) => socket.resume().end(page));

  const { lines } = await tryFor(5_000, { hosts: ['127.0.0.1'], port: http.port });

  expect(lines[0]).toContain(
    'cannot be reached: what answers there does not speak AMQP. Check rmq.rmq_address',
  );
});

test.each([
  ['another answer than that to its request', method(1, 85, 11), 'client received unexpected method'],
  ['the closing of another channel', method(7, 20, 41), 'unexpected channel'],
  ['an alarm', method(0, 10, 60, short('low on memory')), 'accepts no messages: low on memory'],
  ['nothing', Buffer.alloc(0), 'no answer within 0.2 s'],
])('a broker that sends %s loses the session, and nothing waits for it any longer', async (_, bytes, why) => {
  await using peer = await AmqpPeer.start();
  peer.misbehaviour = { at: '60.20', bytes, isAfter: false, pieces: 0, hangsUp: false };
  const broker = new Broker({
    hosts: ['127.0.0.1'],
    port: peer.port,
    username: 'openstack',
    password: new Secret('s3cret-canary'),
    vhost: '/',
    tls: undefined,
    clock: new HastyClock(),
    random: seededRandom(1),
    answerMs: 200,
  });
  await using session = await broker.connect('test', new AbortController().signal);
  const take = async () => {};

  const consumed = consume(session, {
    queue: 'q',
    prefetch: 1,
    onMessage: take,
    onReturned: take,
    hasRoom: () => true,
    clock: new HastyClock(),
  });

  await expect(consumed).rejects.toThrow();
  expect((session.lost.reason as BrokerError).message).toContain(why);
});
