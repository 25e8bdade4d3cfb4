import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { EventStreams } from './event-streams.ts';

const mib = 1024 * 1024;

test('listeners that read nothing are cut off before together they take too much memory; one that reads is not', async () => {
  const streams = new EventStreams();
  const app = Fastify({ forceCloseConnections: true });
  app.get('/events', async (_, reply) => streams.open(reply, { name: 'first', data: null }));
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const listen = async () => {
    const socket = connect(port, '127.0.0.1');
    socket.write('GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(socket, 'data');
    return socket.pause();
  };
  const reader = await listen();
  const silent = await Promise.all(Array.from({ length: 12 }, listen));
  let received = 0;
  reader.on('data', (chunk: Buffer) => {
    received += chunk.length;
  });
  reader.resume();

  const isBehind = (bytes: number) => received < bytes;
  const sent = 4;
  for (let event = 1; event <= sent; event++) {
    streams.send('status', 'x'.repeat(5 * mib));
    while (isBehind(event * 5 * mib)) await once(reader, 'data');
  }
  const left = streams.size;

  // Each is 20 MiB behind, less what the kernel holds.
  expect(left).toBeGreaterThan(2);
  expect(left).toBeLessThan(8);
  expect(reader.destroyed).toBe(false);
  for (const socket of [reader, ...silent]) socket.destroy();
  await app.close();
});
