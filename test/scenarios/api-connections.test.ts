/** Idle connections take no more than their share, and the API still serves everybody else. */
import { once } from 'node:events';
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

test('a client that resets the connection it wanted tunnelled does not end the process', async () => {
  await using api = await startApi({ authUrls: [] });
  const uncaught: unknown[] = [];
  const note = (error: unknown) => void uncaught.push(error);
  process.on('uncaughtException', note);
  const { port } = new URL(api.url);

  for (let count = 0; count < 50; count++) {
    const socket = connect({ host: '127.0.0.1', port: Number(port) });
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.write('CONNECT inside.invalid:443 HTTP/1.1\r\nhost: x\r\n\r\n');
    if (count % 2 === 0) await once(socket, 'data');
    socket.resetAndDestroy();
  }
  const status = await answered(api);
  process.off('uncaughtException', note);

  expect(status).toBe(200);
  expect(uncaught).toEqual([]);
});

test.each([
  ['a tunnel', 'CONNECT inside.invalid:443 HTTP/1.1\r\nhost: x\r\n\r\n'],
  ['no HTTP', '\u0016\u0003\u0001\r\n\r\n'],
])(
  'connections that want %s and are never closed make room for others',
  async (_, bytes) => {
    const most = 4;
    await using api = await startApi({ authUrls: [], connections: { total: most, perAddress: most } });
    const { port } = new URL(api.url);
    const sockets = await Promise.all(
      Array.from({ length: most }, async () => {
        const socket = connect({ host: '127.0.0.1', port: Number(port), allowHalfOpen: true });
        socket.on('error', () => {}).write(bytes);
        await once(socket, 'data');
        return socket;
      }),
    );

    const status = await answered(api);
    const stillOpen = sockets.filter((socket) => socket.writable);
    for (const socket of sockets) socket.destroy();

    expect(status).toBe(200);
    expect(stillOpen).toHaveLength(most);
  },
  20_000,
);
