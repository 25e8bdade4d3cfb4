import { afterEach, describe, expect, test } from 'vitest';
import { parseJson } from '../http/body.ts';
import { HttpClient } from '../http/client.ts';
import { ConnectionError, TimeoutError } from '../http/errors.ts';
import { type FaultAim, type FaultKind, Faults } from './faults.ts';
import { HttpService } from './http-service.ts';

const noRetry = { tries: 1, baseMs: 0, maxMs: 0, longestRetryAfterMs: 0 };
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

/** A service that counts what is carried out, and the product's own client for it. */
async function startCounter() {
  const faults = new Faults();
  const carriedOut: string[] = [];
  const service = await HttpService.start({
    name: 'counter',
    faults,
    routes: (app) => {
      app.route({
        method: ['GET', 'POST'],
        url: '/things',
        handler: (request) => {
          carriedOut.push(request.method);
          return { things: ['one', 'two', 'three'], count: carriedOut.length };
        },
      });
    },
  });
  const client = new HttpClient({ service: 'Counter', retry: noRetry });
  closing.push(
    () => client.close(),
    () => service.close(),
  );
  const ask = (method: 'GET' | 'POST' = 'GET', timeoutMs = 5_000) =>
    client.request({ method, url: `${service.url}/things`, route: '/things', timeoutMs });
  const arm = (fault: FaultKind & Omit<FaultAim, 'service'>) => faults.add({ service: 'counter', ...fault });
  return { service, faults, carriedOut, ask, arm };
}

describe('what the client sees of each kind', () => {
  test('reset-before: a broken connection, and nothing was carried out', async () => {
    const { ask, arm, carriedOut } = await startCounter();
    arm({ kind: 'reset-before' });

    const error = await ask('POST').catch((error: unknown) => error);

    expect(error).toBeInstanceOf(ConnectionError);
    expect((error as ConnectionError).maybeCarriedOut).toBe(true);
    expect(carriedOut).toEqual([]);
  });

  test('reset-after: the same broken connection, but it was carried out', async () => {
    const { ask, arm, carriedOut } = await startCounter();
    arm({ kind: 'reset-after' });

    const error = await ask('POST').catch((error: unknown) => error);

    expect(error).toBeInstanceOf(ConnectionError);
    expect(carriedOut).toEqual(['POST']);
  });

  test('stall: nothing until the client gives up, and nothing was carried out', async () => {
    const { ask, arm, carriedOut } = await startCounter();
    arm({ kind: 'stall' });

    await expect(ask('GET', 30)).rejects.toBeInstanceOf(TimeoutError);
    expect(carriedOut).toEqual([]);
  });

  test('delay: the whole answer, late', async () => {
    const { ask, arm } = await startCounter();
    arm({ kind: 'delay', ms: 20 });

    const begun = performance.now();
    const answer = await ask();

    expect(performance.now() - begun).toBeGreaterThanOrEqual(19);
    expect(parseJson(answer)).toMatchObject({ count: 1 });
  });

  test('answer: what the fault says, and nothing was carried out', async () => {
    const { ask, arm, carriedOut } = await startCounter();
    arm({ kind: 'answer', status: 429, headers: { 'retry-after': '7' }, body: 'slow down' });

    const answer = await ask();

    expect(answer).toMatchObject({ status: 429, text: 'slow down' });
    expect(answer.headers).toMatchObject({ 'retry-after': '7', 'content-type': 'text/html' });
    expect(carriedOut).toEqual([]);
  });

  test('answer: without a body, the page of a proxy', async () => {
    const { ask, arm } = await startCounter();
    arm({ kind: 'answer', status: 502 });

    expect(await ask()).toMatchObject({ status: 502, text: '<html><body><h1>502</h1></body></html>' });
  });

  test('truncate: the connection ends in mid-answer, which was carried out', async () => {
    const { ask, arm, carriedOut } = await startCounter();
    arm({ kind: 'truncate' });

    await expect(ask()).rejects.toBeInstanceOf(ConnectionError);
    expect(carriedOut).toEqual(['GET']);
  });

  test('trickle: the whole answer, a few bytes at a time', async () => {
    const { ask, arm } = await startCounter();
    arm({ kind: 'trickle', bytes: 10, everyMs: 0 });

    expect(parseJson(await ask())).toEqual({ things: ['one', 'two', 'three'], count: 1 });
  });

  test('trickle: what comes renews the deadline, but ten times at most, so that a slow answer does not hold the client', async () => {
    const { ask, arm } = await startCounter();
    arm({ kind: 'trickle', bytes: 1, everyMs: 10 });

    await expect(ask('GET', 25)).rejects.toBeInstanceOf(TimeoutError);
  });

  test('rewrite: JSON that means something else', async () => {
    const { ask, arm } = await startCounter();
    arm({ kind: 'rewrite', rewrite: (body) => ({ ...(body as object), things: [] }) });

    expect(parseJson(await ask())).toEqual({ things: [], count: 1 });
  });
});

describe('which exchanges are hit', () => {
  test('only those of the service, method and path that it names', async () => {
    const { ask, faults, arm } = await startCounter();
    faults.add({ service: 'other', kind: 'answer', status: 500 });
    arm({ kind: 'answer', status: 501, method: 'POST' });
    arm({ kind: 'answer', status: 502, path: /nothing/ });

    expect((await ask('GET')).status).toBe(200);
    expect((await ask('POST')).status).toBe(501);
  });

  test('after those to be let pass, as often as it is to hit', async () => {
    const { ask, arm } = await startCounter();
    arm({ kind: 'answer', status: 500, skip: 1, times: 2 });

    const statuses = [];
    for (let asked = 0; asked < 5; asked++) statuses.push((await ask()).status);

    expect(statuses).toEqual([200, 500, 500, 200, 200]);
  });

  test('of several the first that fits, until it is used up', async () => {
    const { ask, arm, faults } = await startCounter();
    arm({ kind: 'answer', status: 500, times: 1 });
    arm({ kind: 'answer', status: 503, times: 1 });

    expect((await ask()).status).toBe(500);
    expect(faults.armed).toHaveLength(1);
    expect((await ask()).status).toBe(503);
    expect(faults.armed).toEqual([]);
  });

  test('none any more once it is taken back, or all are cleared', async () => {
    const { ask, arm, faults } = await startCounter();
    const takeBack = arm({ kind: 'answer', status: 500 });
    takeBack();
    expect((await ask()).status).toBe(200);

    arm({ kind: 'answer', status: 500 });
    faults.clear();
    expect((await ask()).status).toBe(200);
  });
});

describe('what a service counts', () => {
  test('every request it saw, those that a fault hit included', async () => {
    const { ask, arm, service } = await startCounter();
    arm({ kind: 'answer', status: 500, times: 1 });

    await ask();
    await ask('POST');
    expect(service.seen).toMatchObject([
      { method: 'GET', url: '/things' },
      { method: 'POST', url: '/things' },
    ]);

    service.forget();
    expect(service.seen).toEqual([]);
  });

  test('how many were in flight at once', async () => {
    const { ask, arm, service } = await startCounter();
    arm({ kind: 'delay', ms: 20 });

    await Promise.all([ask(), ask(), ask()]);

    expect(service.mostInFlight).toBe(3);
  });
});

test('a service that two want shut lets nobody in until both are done', async () => {
  const { ask, service } = await startCounter();
  const first = await service.refuse();
  const second = await service.refuse();

  await first();
  await expect(ask()).rejects.toBeInstanceOf(ConnectionError);
  await second();

  expect((await ask()).status).toBe(200);
});
