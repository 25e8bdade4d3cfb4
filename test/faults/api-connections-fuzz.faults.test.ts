/**
 * What a broken or hostile client sends to the API: bytes that are no HTTP, requests that do not end, several in one connection, all at
 * once and in pieces. The API answers others meanwhile, and keeps none of these connections: it lets in fewer than are made in all.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { startApi } from '../support/api.ts';
import { fuzzRuns } from '../support/fuzz-runs.ts';
import { watchDefects } from '../support/watch-defects.ts';

const defects = watchDefects();

const host = 'host: x\r\n';
const proper = `GET /healthz HTTP/1.1\r\n${host}\r\n`;
const field = fc.oneof(
  fc.constantFrom(
    'content-length: 9999',
    'content-length: -1',
    'content-length: 5\r\ncontent-length: 6',
    'transfer-encoding: chunked',
    'transfer-encoding: chunked, identity',
    'expect: 100-continue',
    'expect: nonsense',
    'connection: close',
    'connection: upgrade\r\nupgrade: h2c',
    'connection: upgrade\r\nupgrade: websocket',
    'x-request-id: \u0000\u001b[2J',
    `cookie: ${'x'.repeat(20_000)}`,
    ': ',
    'no colon',
  ),
  fc.string({ maxLength: 60 }),
);
const request = fc
  .record({
    line: fc.oneof(
      fc.constantFrom(
        'GET / HTTP/1.1',
        'POST /user_projects HTTP/1.1',
        'POST /create_user_project HTTP/1.0',
        'CONNECT example.invalid:443 HTTP/1.1',
        'OPTIONS * HTTP/1.1',
        'PRI * HTTP/2.0',
        'GET http://127.0.0.1/healthz HTTP/1.1',
        `GET /${'a'.repeat(20_000)} HTTP/1.1`,
        'GET /healthz',
        'GET /\u0000 HTTP/9.9',
      ),
      fc.string({ maxLength: 60 }),
    ),
    fields: fc.array(field, { maxLength: 4 }),
    ends: fc.boolean(),
    body: fc.oneof(
      fc.constantFrom('', '{', 'ffffffff\r\n', '5\r\nhello\r\n0\r\n\r\n', '0\r\n\r\n'),
      fc.string({ maxLength: 200 }),
    ),
  })
  .map(
    ({ line, fields, ends, body }) =>
      `${[line, 'host: x', ...fields].join('\r\n')}\r\n${ends ? '\r\n' : ''}${body}`,
  );
const bytes = fc
  .array(
    fc.oneof(
      request,
      fc.constantFrom('', proper, '\u0016\u0003\u0001'),
      fc.string({ unit: 'binary', maxLength: 200 }),
    ),
    {
      minLength: 1,
      maxLength: 3,
    },
  )
  .map((all) => all.join(''));
const ends = fc.constantFrom('reset', 'destroyed', 'half closed');

test('connections to the API that send anything, or nothing, leave it well', async (context) => {
  const runs = fuzzRuns(context, 'API connections', 1_000);
  await using api = await startApi({ authUrls: [] });
  const port = Number(new URL(api.url).port);
  let answered = 0;
  const open = async (text: string, isInPieces: boolean): Promise<Socket> => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.on('error', () => {}).once('data', () => void answered++);
    await once(socket, 'connect');
    const all = Buffer.from(text);
    if (isInPieces) for (let at = 0; at < all.length; at += 50) socket.write(all.subarray(at, at + 50));
    else socket.write(all);
    return socket;
  };

  await fc.assert(
    fc.asyncProperty(
      fc.array(bytes, { minLength: 1, maxLength: 8 }),
      fc.boolean(),
      ends,
      async (each, isInPieces, end) => {
        const sockets = await Promise.all(each.map((text) => open(text, isInPieces)));
        const { status } = await api.send('GET', '/healthz');
        for (const socket of sockets) {
          if (end === 'reset') socket.resetAndDestroy();
          else if (end === 'destroyed') socket.destroy();
          else socket.end();
        }
        expect(status).toBe(200);
      },
    ),
    runs,
  );

  expect(answered).toBeGreaterThan(runs.numRuns);
  expect(api.printed.join('')).not.toMatch(/\(bug\)/);
  expect(defects()).toEqual([]);
}, 300_000);
