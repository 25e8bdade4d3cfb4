import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { Connection } from 'rabbitmq-client';
import { expect, test } from 'vitest';
import { limitFrames } from './frame-limit.ts';

test('a client that connects again and again to a web server says so, and the process lives', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.resume().end('HTTP/1.1 400 Bad Request\r\n\r\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const connection = new Connection({ hostname: '127.0.0.1', port, retryLow: 1, retryHigh: 10 });
  limitFrames(connection);
  const errors: string[] = [];
  connection.on('error', ({ message }: Error) => errors.push(message));
  // The third attempt begins when the second has read what it was sent.
  for (let attempt = 0; attempt < 3; attempt++) await once(server, 'connection');
  connection.unsafeDestroy();
  server.close();

  expect(errors).toEqual(['what answers there does not speak AMQP']);
});
