import type { RequestListener } from 'node:http';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { listen } from '../../test/support/listen.ts';
import { HastyClock } from '../../test/support/manual-clock.ts';
import { type Exchange, HttpClient, type HttpClientOptions } from './client.ts';
import { BodyError, ConnectionError, TimeoutError } from './errors.ts';
import { ListBody } from './list-body.ts';

const always = (value: number) => ({ next: () => value });

function clientWith(options: Partial<HttpClientOptions> = {}) {
  const clock = new HastyClock();
  const exchanges: Exchange[] = [];
  const client = new HttpClient({
    service: 'Test',
    clock,
    random: always(0.5),
    onExchange: (exchange) => exchanges.push(exchange),
    ...options,
  });
  return { client, clock, exchanges };
}

/** Answers the requests one after the other with these; the last one for ever. */
function answering(...answers: RequestListener[]) {
  let at = 0;
  return listen((request, response) => {
    const answer = answers[Math.min(at++, answers.length - 1)];
    answer?.(request, response);
  });
}

const ok: RequestListener = (_, response) => response.end('{"well":true}');
const status =
  (code: number, headers: Record<string, string> = {}): RequestListener =>
  (_, response) =>
    response.writeHead(code, headers).end();
const reset: RequestListener = (request) => request.socket.resetAndDestroy();
const silence: RequestListener = () => {};

test('a GET that meets a 503 is sent again after a pause', async () => {
  await using server = await answering(status(503), ok);
  const { client, clock, exchanges } = clientWith();

  const response = await client.request({ method: 'GET', url: server.url, route: '/' });

  expect(response.status).toBe(200);
  expect(clock.slept).toEqual([100]);
  expect(exchanges.map(({ outcome, attempt }) => [outcome, attempt])).toEqual([
    [503, 0],
    [200, 1],
  ]);
});

test('Retry-After is the shortest pause, in seconds or as a date', async () => {
  const { client, clock } = clientWith();
  const inFiveSeconds = new Date(clock.now() + 5_000).toUTCString();
  await using server = await answering(
    status(429, { 'retry-after': '7' }),
    status(503, { 'retry-after': inFiveSeconds }),
    ok,
  );

  await client.request({ method: 'GET', url: server.url, route: '/' });

  expect(clock.slept[0]).toBe(7_000);
  expect(clock.slept[1]).toBeLessThanOrEqual(5_000);
});

test('a Retry-After of an hour is not waited for: the answer is given', async () => {
  await using server = await answering(status(503, { 'retry-after': '3600' }));
  const { client, clock } = clientWith();

  const response = await client.request({ method: 'GET', url: server.url, route: '/' });

  expect(response.status).toBe(503);
  expect(clock.slept).toEqual([]);
});

test('after three tries the last answer is given', async () => {
  await using server = await answering(status(500));
  const { client, exchanges } = clientWith();

  const response = await client.request({ method: 'GET', url: server.url, route: '/' });

  expect(response.status).toBe(500);
  expect(exchanges).toHaveLength(3);
});

test('a POST is not repeated, be it answered with 503 or cut off', async () => {
  await using busy = await answering(status(503), ok);
  await using cutting = await answering(reset, ok);
  const { client, exchanges } = clientWith();

  const response = await client.request({ method: 'POST', url: busy.url, route: '/', body: {} });
  const cut = client.request({ method: 'POST', url: cutting.url, route: '/', body: {} });

  expect(response.status).toBe(503);
  await expect(cut).rejects.toMatchObject({ name: 'ConnectionError', maybeCarriedOut: true });
  expect(exchanges).toHaveLength(2);
});

test('a POST said to be idempotent is repeated', async () => {
  await using server = await answering(reset, ok);
  const { client } = clientWith();

  const request = { method: 'POST', url: server.url, route: '/', body: {}, idempotent: true } as const;
  const response = await client.request(request);

  expect(response.status).toBe(200);
});

test('a refused connection carried nothing out, so even a POST is tried again', async () => {
  const server = await answering(ok);
  await server[Symbol.asyncDispose]();
  const { client, exchanges } = clientWith();

  const refused = client.request({ method: 'POST', url: server.url, route: '/', body: {} });

  await expect(refused).rejects.toBeInstanceOf(ConnectionError);
  await expect(refused).rejects.toMatchObject({ code: 'ECONNREFUSED', maybeCarriedOut: false });
  expect(exchanges).toHaveLength(3);
});

test('an answer that does not come is an error after the deadline', async () => {
  await using server = await answering(silence);
  const { client } = clientWith({
    timeoutMs: 30,
    retry: { tries: 1, baseMs: 0, maxMs: 0, longestRetryAfterMs: 0 },
  });

  const late = client.request({ method: 'GET', url: server.url, route: '/' });

  await expect(late).rejects.toBeInstanceOf(TimeoutError);
});

/** Sends `bytes` bytes, one every `everyMs`; by default it never ends. */
const dripping =
  (everyMs: number, bytes = Number.POSITIVE_INFINITY): RequestListener =>
  (_, response) => {
    response.writeHead(200);
    let sent = 0;
    const drip = setInterval(() => (sent++ < bytes ? response.write('1') : response.end()), everyMs);
    response.on('close', () => clearInterval(drip));
  };
const onlyOnce = { tries: 1, baseMs: 0, maxMs: 0, longestRetryAfterMs: 0 };

test('an answer that goes on coming may take longer than the deadline, which begins again with each byte', async () => {
  await using server = await answering(dripping(200, 8));
  const { client } = clientWith({ timeoutMs: 1_000, retry: onlyOnce });

  const { text } = await client.request({ method: 'GET', url: server.url, route: '/' });

  expect(text).toBe('11111111');
});

test('an answer that comes drop by drop without end is an error after ten deadlines', async () => {
  await using server = await answering(dripping(5));
  const { client } = clientWith({ timeoutMs: 60, retry: onlyOnce });

  const late = client.request({ method: 'GET', url: server.url, route: '/' });

  await expect(late).rejects.toBeInstanceOf(TimeoutError);
});

test('a list has a patience of its own', async () => {
  await using server = await answering((_, response) => void setTimeout(() => response.end('[]'), 300));
  const { client } = clientWith({ timeoutMs: 50, listTimeoutMs: 10_000, retry: onlyOnce });
  const request = { method: 'GET', url: server.url, route: '/' } as const;

  await expect(client.request(request)).rejects.toBeInstanceOf(TimeoutError);
  const { text } = await client.request({ ...request, into: new ListBody({ row: z.unknown() }) });

  expect(text).toBe('[]');
});

test('an answer larger than allowed is refused, said in advance or not', async () => {
  await using announced = await answering((_, response) => response.end('x'.repeat(5_000)));
  await using unannounced = await answering((_, response) => {
    response.write('x'.repeat(900));
    response.end('x'.repeat(900));
  });
  const { client, exchanges } = clientWith({ maxBytes: 1_000 });

  for (const { url } of [announced, unannounced]) {
    await expect(client.request({ method: 'GET', url, route: '/' })).rejects.toBeInstanceOf(BodyError);
  }

  expect(exchanges).toHaveLength(2);
});

test('no more requests are in flight than allowed', async () => {
  const held: (() => void)[] = [];
  let most = 0;
  await using server = await listen((_, response) => {
    held.push(() => response.end());
    most = Math.max(most, held.length);
    // Held until as many as allowed have come, and a little longer in case more do.
    if (held.length === 3) setTimeout(() => held.splice(0).forEach((release) => release()), 5);
  });
  const { client } = clientWith({ concurrency: 3 });

  await Promise.all(
    Array.from({ length: 30 }, () => client.request({ method: 'GET', url: server.url, route: '/' })),
  );

  expect(most).toBe(3);
});

test('a caller that stops waiting gets the reason, and nothing is repeated', async () => {
  await using server = await answering(silence);
  const { client, exchanges } = clientWith();
  const stop = new AbortController();

  const request = client.request({ method: 'GET', url: server.url, route: '/', signal: stop.signal });
  stop.abort(new Error('stopped'));

  await expect(request).rejects.toThrow('stopped');
  expect(exchanges).toEqual([]);
});

test('a redirection is an answer, not followed: the token must not go elsewhere', async () => {
  await using server = await answering(status(302, { location: 'http://127.0.0.1:1/' }));
  const { client } = clientWith();

  const response = await client.request({ method: 'GET', url: server.url, route: '/' });

  expect(response).toMatchObject({ status: 302, headers: { location: 'http://127.0.0.1:1/' } });
});

test('every request says who sends it', async () => {
  await using server = await listen((request, response) => response.end(request.headers['user-agent']));
  const { client } = clientWith();

  const response = await client.request({ method: 'GET', url: server.url, route: '/' });

  expect(response.text).toMatch(/^concertim-openstack-service\/\d+\.\d+\.\d+$/);
});

test('an error names the address without its query', async () => {
  await using server = await answering(reset);
  const { client } = clientWith();

  const cut = client.request({ method: 'POST', url: `${server.url}/x?password=s3cret`, route: '/x' });

  await expect(cut).rejects.toThrow(`${server.url}/x `);
  await expect(cut).rejects.not.toThrow('s3cret');
});
