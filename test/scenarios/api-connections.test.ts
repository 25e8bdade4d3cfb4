/** Connections that say nothing take no more than their share, and everybody else is served. */
import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { type RunningApi, startApi } from '../support/api.ts';

/** Opens so many from an address of loopback. @returns those that are still open once one more was answered, or refused */
async function open(url: string, count: number, localAddress: string): Promise<Socket[]> {
  const { port } = new URL(url);
  const sockets = await Promise.all(
    Array.from({ length: count }, async () => {
      const socket = connect({ host: '127.0.0.1', port: Number(port), localAddress });
      socket.on('error', () => {});
      socket.resume();
      await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve));
      return socket;
    }),
  );
  // An answer on each: a 400 from those that are let in, nothing from the others.
  await Promise.all(
    sockets.map(async (socket) => {
      socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
      await new Promise((resolve) => socket.once('data', resolve).once('close', resolve));
    }),
  );
  return sockets.filter((socket) => !socket.destroyed && socket.readyState === 'open');
}

/** The status of the first answer: the server sees a little later than we that connections have ended. */
async function answered(api: RunningApi): Promise<number> {
  for (;;) {
    const answer = await api.send('GET', '/healthz').catch(() => undefined);
    if (answer) return answer.status;
  }
}

test('of the connections of one address those beyond its share are closed, and other addresses are served', async () => {
  await using api = await startApi({ authUrls: [], connections: { total: 8, perAddress: 4 } });

  const first = await open(api.url, 10, '127.0.0.2');
  const second = await open(api.url, 10, '127.0.0.3');
  const third = await open(api.url, 1, '127.0.0.4');
  for (const socket of [...first, ...second]) socket.destroy();
  const status = await answered(api);

  expect([first.length, second.length, third.length]).toEqual([4, 4, 0]);
  expect(status).toBe(200);
  expect(api.printed.filter((line) => line.includes('too many connections'))).toHaveLength(1);
});
