import { request } from 'undici';
import { afterEach, describe, expect, test } from 'vitest';
import { planJson } from '../../src/plan/plan-json.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { Secret } from '../../src/runtime/secret.ts';
import { WritePause } from '../../src/runtime/write-pause.ts';
import { type RunningApi, startApi } from '../support/api.ts';
import { emptyPlan, portal } from '../support/builders.ts';

const writePause = new WritePause({ dataDir: undefined, clock: systemClock });
let api: RunningApi;
afterEach(() => api[Symbol.asyncDispose]());

async function start(token?: string): Promise<void> {
  api = await startApi({
    authUrls: [],
    statusPage: {
      token: token === undefined ? undefined : new Secret(token),
      statuses: async () => [],
      expected: [],
      portal: 'https://concertim.example',
      plan: async () => ({ plan: planJson(emptyPlan(), portal(), []) }),
      writePause,
      examine: undefined,
    },
  });
}

const ask = async (path: string, headers: Record<string, string> = {}) => {
  const { statusCode, headers: answered, body } = await request(api.url + path, { headers });
  await body.dump();
  return { status: statusCode, headers: answered };
};

test.each([
  ['this machine', {}, 200],
  ['this machine by its name', { host: 'localhost:42356' }, 200],
  ['a name that somebody else points here', { host: 'evil.example.com' }, 403],
  ['somebody behind a proxy', { 'x-forwarded-for': '203.0.113.9' }, 403],
  ['somebody behind another proxy', { forwarded: 'for=203.0.113.9' }, 403],
  ['another site in the browser of this machine', { 'sec-fetch-site': 'cross-site' }, 403],
])('without a token %s is answered %o with %i', async (_, headers, status) => {
  await start();

  expect((await ask('/ui/', headers)).status).toBe(status);
  expect((await ask('/ui/whether', headers)).status).toBe(status);
});

test.each([
  ['nobody without it', {}, 401],
  ['nobody with another', { authorization: 'Bearer another' }, 401],
  ['nobody with an invented cookie', { cookie: 'concertim_ui=invented' }, 401],
  ['whoever has it, from anywhere', { authorization: 'Bearer right', host: 'service.example.com' }, 200],
])('with a token, data is for %s', async (_, headers, status) => {
  await start('right');

  expect((await ask('/ui/whether', headers)).status).toBe(status);
});

test('the token is given once for a cookie that scripts and other sites never see', async () => {
  await start('right');

  const { status, headers } = await api.send('POST', '/ui/sign-in', { token: 'right' });
  const cookie = headers.get('set-cookie') ?? '';

  expect(status).toBe(200);
  expect(cookie).toMatch(/^concertim_ui=[\w-]{43}; Path=\/ui; HttpOnly; SameSite=Strict$/);
  expect(cookie).not.toContain('right');
  expect((await ask('/ui/whether', { cookie: cookie.split(';')[0] ?? '' })).status).toBe(200);
});

const ways = {
  form: (token: string) => api.send('POST', '/ui/sign-in', { token }),
  header: (token: string) => ask('/ui/whether', { authorization: `Bearer ${token}` }),
};

test.each([
  { guessed: 'form', next: 'form' },
  { guessed: 'form', next: 'header' },
  { guessed: 'header', next: 'form' },
  { guessed: 'header', next: 'header' },
] as const)('who guessed tokens by $guessed is let in by no $next for a while', async ({ guessed, next }) => {
  await start('right');

  const guesses = await Promise.all(Array.from({ length: 30 }, (_, guess) => ways[guessed](`${guess}`)));
  const { status } = await ways[next]('right');

  expect(guesses.filter((guess) => guess.status === 401)).toHaveLength(20);
  expect(status).toBe(429);
});

test('a browser that signed in before somebody guessed stays signed in', async () => {
  await start('right');
  const { headers } = await api.send('POST', '/ui/sign-in', { token: 'right' });
  const cookie = headers.get('set-cookie')?.split(';')[0] ?? '';

  for (let guess = 0; guess < 21; guess++) await ways.header(`${guess}`);

  expect((await ask('/ui/whether', { cookie })).status).toBe(200);
});

test('nothing but its own files is loaded by the page, and nobody frames it', async () => {
  await start();

  const { headers } = await ask('/ui/');

  const policy = String(headers['content-security-policy']);
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain('unsafe');
});

describe('pausing the writer', () => {
  const right = { authorization: 'Bearer right' };

  test('is for those who have the token, with a reason or without, and so is the end of it', async () => {
    await start('right');

    const paused = await api.send('POST', '/ui/pause', { reason: 'upgrade' }, right);
    const known = writePause.known;
    const resumed = await api.send('POST', '/ui/resume', {}, right);

    expect(paused).toMatchObject({ status: 200, body: { paused: { reason: 'upgrade' } } });
    expect(known?.reason).toBe('upgrade');
    expect(resumed).toMatchObject({ status: 200, body: { paused: null } });
    expect(writePause.known).toBeUndefined();
  });

  test.each([
    ['nobody without the token', {}, {}, 401],
    ['another site in the browser', { ...right, 'sec-fetch-site': 'cross-site' }, {}, 403],
    ['a form, which sends no JSON', { ...right, 'content-type': 'text/plain' }, '{}', 400],
    ['what has other fields', right, { until: 'tomorrow' }, 400],
    ['a reason that is too long', right, { reason: 'x'.repeat(201) }, 400],
  ])('is not for %s', async (_, headers, body, status) => {
    await start('right');

    const answer = await request(`${api.url}/ui/pause`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    await answer.body.dump();

    expect(answer.statusCode).toBe(status);
    expect(writePause.known).toBeUndefined();
  });
});

test('where it is switched off there is none', async () => {
  api = await startApi({ authUrls: [] });

  expect((await ask('/ui/')).status).toBe(404);
});
