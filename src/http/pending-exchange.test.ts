import type { ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { listen } from '../../test/support/listen.ts';
import type { BodySink } from './body-sink.ts';
import { PendingExchange } from './pending-exchange.ts';
import { Agent } from './undici.ts';
import { WholeBody } from './whole-body.ts';

const pieces = 64;

/** So many pieces of 64 KiB. */
const long = (_: unknown, response: ServerResponse) => {
  for (let at = 0; at < pieces; at++) response.write(Buffer.alloc(65_536, 'a'));
  response.end();
};

/** @returns the status, when as much was read as `write` takes */
async function read(url: string, write: BodySink['write']): Promise<number> {
  const exchange = new PendingExchange(
    () => ({ begin: () => {}, write, end: () => '' }),
    () => {},
  );
  return (await exchange.send(new Agent(), { origin: url, path: '/', method: 'GET' })).status;
}

test('while a long body is read, others have their turns', async () => {
  await using server = await listen(long);
  const body = { bytes: 0 };
  const reading = read(server.url, (chunk) => (body.bytes += chunk.length) > 0);
  let most = 0;
  while (body.bytes < pieces * 65_536) {
    const before = body.bytes;
    await nextTurn();
    most = Math.max(most, body.bytes - before);
  }

  expect(await reading).toBe(200);
  expect(most).toBeLessThan(512 * 1024);
});

test('a body that nobody wants more of is not read on', async () => {
  const closed = Promise.withResolvers<void>();
  await using server = await listen((request, response) => {
    request.socket.once('close', () => closed.resolve());
    long(request, response);
  });
  let taken = 0;

  expect(await read(server.url, () => ++taken < 3)).toBe(200);
  await closed.promise;
  expect(taken).toBe(3);
});

test('what goes wrong with a body, or with taking it, is the error', async () => {
  await using cut = await listen((_, response) => {
    response.write('a', () => response.destroy());
  });
  await using server = await listen(long);

  await expect(read(cut.url, () => true)).rejects.toMatchObject({ code: 'UND_ERR_SOCKET' });
  await expect(
    read(server.url, () => {
      throw new Error('bug');
    }),
  ).rejects.toThrow('bug');
});

test('one that is ended while it waits for its connection fails at once and is never sent', async () => {
  const paths: (string | undefined)[] = [];
  const answers: ServerResponse[] = [];
  const asked = Promise.withResolvers<void>();
  await using server = await listen((request, response) => {
    paths.push(request.url);
    answers.push(response);
    asked.resolve();
  });
  const agent = new Agent({ connections: 1 });
  const ask = (path: string) => {
    const exchange = new PendingExchange(
      () => new WholeBody(1_000),
      () => {},
    );
    return { exchange, answer: exchange.send(agent, { origin: server.url, path, method: 'GET' }) };
  };
  const first = ask('/first');
  const second = ask('/second');
  const third = ask('/third');
  await asked.promise;

  second.exchange.abort(new Error('enough'));
  await expect(second.answer).rejects.toThrow('enough');
  answers[0]?.end('1');
  await first.answer;
  while (answers.length < 2) await nextTurn();
  answers[1]?.end('3');

  expect((await third.answer).sink.end()).toBe('3');
  expect(paths).toEqual(['/first', '/third']);
});

test('hints that come before the answer are not taken for it', async () => {
  await using server = await listen((_, response) => {
    response.writeEarlyHints({ link: '</a.css>; rel=preload' });
    response.end('well');
  });
  const exchange = new PendingExchange(
    () => new WholeBody(1_000),
    () => {},
  );

  const answer = await exchange.send(new Agent(), { origin: server.url, path: '/', method: 'GET' });

  expect({ status: answer.status, text: answer.sink.end() }).toEqual({ status: 200, text: 'well' });
});
