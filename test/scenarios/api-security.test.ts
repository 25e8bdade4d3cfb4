/** Who may ask what of the API server, and what it never tells. */
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { Agent, request } from 'undici';
import { expect, test } from 'vitest';
import { Secret } from '../../src/runtime/secret.ts';
import { type ApiCloud, startApiCloud } from '../support/api-cloud.ts';
import { ManualClock } from '../support/manual-clock.ts';

const secret = 'shared-with-the-portal';
const required = { kind: 'required', secret: new Secret(secret), allowDummyToken: false } as const;
const inAMinute = () => Math.round(Date.now() / 1000) + 60;

/** A JWT as the portal of 2024 makes it. */
function jwt(claims: Record<string, unknown>, { key = secret, alg = 'HS256' } = {}): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg })}.${part(claims)}`;
  const signature = alg === 'none' ? '' : createHmac('sha256', key).update(signed).digest('base64url');
  return `Bearer ${signed}.${signature}`;
}

test.each([
  { what: 'a number as exp', claims: { exp: inAMinute(), iat: 0, jti: 'x' } },
  { what: 'a text as exp, as its own logins have', claims: { exp: String(inAMinute()) } },
])('a token of the portal with $what is taken', async ({ claims }) => {
  await using cloud = await startApiCloud({ api: { jwt: required } });

  const answer = await cloud.api.send(
    'GET',
    '/key_pairs',
    { cloud_env: cloud.user },
    { authorization: jwt(claims) },
  );

  expect(answer.status).toBe(200);
});

test.each([
  { what: 'no token', authorization: undefined, why: 'a bearer token (JWT) is needed' },
  { what: 'no JWT', authorization: 'Bearer abc', why: 'a bearer token (JWT) is needed' },
  {
    what: 'another secret',
    authorization: jwt({ exp: inAMinute() }, { key: 'another' }),
    why: 'the token is not signed with api.jwt_secret',
  },
  {
    what: 'no signature',
    authorization: jwt({ exp: inAMinute() }, { alg: 'none' }),
    why: 'a bearer token (JWT) is needed',
  },
  {
    what: 'another algorithm',
    authorization: jwt({ exp: inAMinute() }, { alg: 'HS512' }),
    why: 'the token is not signed by HS256',
  },
  { what: 'no exp', authorization: jwt({ iat: 0 }), why: 'the token does not say when it expires' },
  {
    what: 'an exp long past',
    authorization: jwt({ exp: inAMinute() - 3600 }),
    why: 'the token has expired',
  },
  {
    what: 'an exp of no digits',
    authorization: jwt({ exp: '' }),
    why: 'the token does not say when it expires',
  },
  {
    what: "the sign-in of one of the portal's users",
    authorization: jwt({ jti: 'x', sub: '42', scp: 'user', aud: null, iat: '1', exp: String(inAMinute()) }),
    why: "the token is the sign-in of one of Concertim's users, which Concertim itself does not send",
  },
  {
    what: 'a scope and no subject',
    authorization: jwt({ scp: 'user', exp: inAMinute() }),
    why: "the token is the sign-in of one of Concertim's users, which Concertim itself does not send",
  },
  {
    what: 'a subject that is null',
    authorization: jwt({ sub: null, exp: inAMinute() }),
    why: "the token is the sign-in of one of Concertim's users, which Concertim itself does not send",
  },
  {
    what: 'the literal of cluster builder 1.0.0',
    authorization: 'DUMMYTOKEN',
    why: 'DUMMYTOKEN is what cluster builder 1.0.0 sends instead of a token; upgrade it to 1.1.0, or set api.allow_dummy_token',
  },
])('a request with $what is refused before it is read', async ({ authorization, why }) => {
  await using cloud = await startApiCloud({ api: { jwt: required } });

  const answer = await cloud.api.send('GET', '/key_pairs', 'no JSON', authorization ? { authorization } : {});

  expect(answer).toMatchObject({ status: 401, body: { message: `Not authorised: ${why}.` } });
});

test.each([
  { what: 'no token', headers: {}, status: 200 },
  { what: 'a good token', headers: { authorization: jwt({ exp: inAMinute() }) }, status: 200 },
  { what: 'a bad token', headers: { authorization: jwt({ exp: 1 }) }, status: 401 },
  { what: 'an empty header', headers: { authorization: '' }, status: 401 },
  { what: 'the literal of cluster builder 1.0.0', headers: { authorization: 'DUMMYTOKEN' }, status: 401 },
])('where tokens are checked if present, $what is answered $status', async ({ headers, status }) => {
  await using cloud = await startApiCloud({ api: { jwt: { ...required, kind: 'if-present' } } });

  const answer = await cloud.api.send('GET', '/key_pairs', { cloud_env: cloud.user }, headers);

  expect(answer.status).toBe(status);
});

test('the literal of cluster builder 1.0.0, where it is allowed, opens none of the calls of the portal', async () => {
  await using cloud = await startApiCloud({ api: { jwt: { ...required, allowDummyToken: true } } });

  const answer = await cloud.api.send(
    'GET',
    '/key_pairs',
    { cloud_env: cloud.user },
    { authorization: 'DUMMYTOKEN' },
  );

  expect(answer.status).toBe(401);
});

test.each([
  { jwt: { kind: 'off' } as const, host: '0.0.0.0', warnings: 1 },
  { jwt: { ...required, kind: 'if-present' } as const, host: '0.0.0.0', warnings: 1 },
  { jwt: required, host: '0.0.0.0', warnings: 0 },
  { jwt: { kind: 'off' } as const, host: '127.0.0.1', warnings: 0 },
])('with tokens $jwt.kind on $host there are $warnings warnings that it is open', async (api) => {
  await using cloud = await startApiCloud({ api });

  const warned = cloud.api.printed.filter((line) => line.includes('"event":"api-open"'));

  expect(warned).toHaveLength(api.warnings);
});

test('without a token it still says that it runs', async () => {
  await using cloud = await startApiCloud({ api: { jwt: required } });

  const answers = await Promise.all(
    ['/', '/healthz', '/readyz', '/openapi.json'].map((path) => cloud.api.send('GET', path)),
  );

  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect(answers[0]?.body).toBe('Running');
});

test('credentials go to no Keystone but those on the list', async () => {
  await using cloud = await startApiCloud();
  const here = new URL(cloud.user['auth_url'] ?? '');
  const others = [
    'http://169.254.169.254/latest',
    `http://user@${here.host}/v3`,
    `${here.origin}/v3?x=1`,
    `${here.origin}/elsewhere/v3`,
    `http://localhost:${here.port}/v3`,
    'file:///etc/passwd',
    'not an address',
  ];

  const answers = await Promise.all(
    others.map((auth_url) => cloud.api.send('GET', '/key_pairs', { cloud_env: { ...cloud.user, auth_url } })),
  );

  expect(answers.map(({ status }) => status)).toEqual(others.map(() => 403));
  expect(cloud.sandbox.services.keystone.seen).toEqual([]);
});

test.each(['', '/', '/v3', '/v3/'])('an address that ends in "%s" is the same Keystone', async (end) => {
  await using cloud = await startApiCloud();
  const auth_url = new URL(cloud.user['auth_url'] ?? '').origin + end;

  const answer = await cloud.api.send('GET', '/key_pairs', { cloud_env: { ...cloud.user, auth_url } });

  expect(answer.status).toBe(200);
});

/** One request with this password, or with other differences in `cloud_env`. */
const listAs = (cloud: ApiCloud, env: Record<string, unknown>) =>
  cloud.api.send('GET', '/key_pairs', { cloud_env: { ...cloud.user, ...env } });
const logins = ({ sandbox }: ApiCloud) =>
  sandbox.services.keystone.seen.filter(
    ({ method, url }) => method === 'POST' && url.endsWith('/auth/tokens'),
  ).length;

test('an account whose login failed too often has to wait, and no other has', async () => {
  const clock = new ManualClock();
  await using cloud = await startApiCloud({ api: { clock } });
  const { auth_url, user_id, project_id, password } = cloud.admin;

  const statuses: number[] = [];
  for (let tries = 0; tries < 21; tries++) {
    statuses.push((await listAs(cloud, { password: `wrong ${tries}` })).status);
  }
  const refused = await listAs(cloud, { password: 'wrong' });
  const other = await cloud.api.send('GET', '/key_pairs', {
    cloud_env: { auth_url, user_id, project_id, password },
  });
  clock.advance(60_000);
  const later = await listAs(cloud, {});

  expect(statuses).toEqual([...Array(20).fill(401), 429]);
  expect(refused.headers.get('retry-after')).toBe('60');
  expect(other.status).toBe(200);
  expect(later.status).toBe(200);
});

test('of many wrong passwords at once no more are let through than one after the other', async () => {
  await using cloud = await startApiCloud();

  const answers = await Promise.all(
    Array.from({ length: 300 }, (_, tries) => listAs(cloud, { password: `wrong ${tries}` })),
  );

  expect(answers.filter(({ status }) => status === 401)).toHaveLength(20);
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(280);
  expect(logins(cloud)).toBe(20);
});

test('many at once with the right password are all served', async () => {
  await using cloud = await startApiCloud();

  const answers = await Promise.all(Array.from({ length: 100 }, () => listAs(cloud, {})));

  expect(answers.filter(({ status }) => status === 200)).toHaveLength(100);
  expect(logins(cloud)).toBe(1);
});

test('while an account has to wait its right password is answered as a wrong one is', async () => {
  await using cloud = await startApiCloud();
  await listAs(cloud, {});
  await Promise.all(Array.from({ length: 20 }, (_, tries) => listAs(cloud, { password: `wrong ${tries}` })));

  const [right, wrong] = await Promise.all([listAs(cloud, {}), listAs(cloud, { password: 'wrong' })]);

  expect(right?.status).toBe(429);
  expect({ ...right?.body, request_id: '' }).toEqual({ ...wrong?.body, request_id: '' });
});

test('an account is the same however its name is spelled', async () => {
  await using cloud = await startApiCloud();
  const spellings = ['concertim', 'CONCERTIM', 'Concertim', 'cóncertim', 'concertim '];

  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, tries) =>
      listAs(cloud, {
        user_id: undefined,
        username: spellings[tries % spellings.length],
        password: `wrong ${tries}`,
      }),
    ),
  );

  expect(answers.filter(({ status }) => status === 401)).toHaveLength(20);
});

test.each([
  { who: 'somebody without a token', headers: {}, tried: 200 },
  { who: 'the portal', headers: { authorization: jwt({ exp: inAMinute() }) }, tried: 210 },
])('of 210 accounts $who may try $tried in a minute', async ({ headers, tried }) => {
  await using cloud = await startApiCloud({ api: { jwt: { ...required, kind: 'if-present' } } });

  const answers = await Promise.all(
    Array.from({ length: 210 }, (_, account) =>
      cloud.api.send(
        'GET',
        '/key_pairs',
        { cloud_env: { ...cloud.user, user_id: `nobody-${account}` } },
        headers,
      ),
    ),
  );

  expect(answers.filter(({ status }) => status === 401)).toHaveLength(tried);
});

test('the user is named by names and domains as well', async () => {
  await using cloud = await startApiCloud();
  const { auth_url, password } = cloud.admin;
  const env = {
    auth_url,
    password,
    username: 'concertim',
    user_domain_name: 'Default',
    project_name: 'admin',
    project_domain_name: 'Default',
  };

  const answer = await cloud.api.send('GET', '/key_pairs', { cloud_env: env });

  expect(answer.status).toBe(200);
});

test('a body that is too large is a 413, one that is no JSON a 400, one of another type a 415', async () => {
  await using cloud = await startApiCloud();
  const post = (body: string, type: string) =>
    cloud.api.send('POST', '/key_pairs', body, { 'content-type': type });

  const answers = [
    await post(JSON.stringify({ cloud_env: 'x'.repeat(70_000) }), 'application/json'),
    await post('{"cloud_env": ', 'application/json'),
    await post('{"__proto__": {"x": 1}}', 'application/json'),
    await post('cloud_env=x', 'application/x-www-form-urlencoded'),
  ];

  expect(answers.map(({ status }) => status)).toEqual([413, 400, 400, 415]);
  expect(answers.every(({ body }) => body.message && body.error && body.request_id)).toBe(true);
});

test('what is wrong with a body is reported field by field', async () => {
  await using cloud = await startApiCloud();

  const answer = await cloud.api.send('POST', '/create_user_project', { cloud_env: {}, username: 7 });

  expect(answer.status).toBe(400);
  expect(answer.body.message).toBe(
    'cloud_env.auth_url: is missing; cloud_env.password: is missing; cloud_env.user_id: is missing; cloud_env.project_id: is missing; username: expected string, received number; password: is missing',
  );
});

test.each([
  { bytes: 'NONSENSE', status: '400 Bad Request', message: 'This is not HTTP/1.1.' },
  {
    bytes: 'GET / HTTP/1.1\r\nConnection: close',
    status: '400 Bad Request',
    message: /header host is missing/,
  },
  {
    bytes: 'POST /key_pairs HTTP/1.1\r\nHost: x\r\nExpect: nonsense\r\nContent-Length: 2',
    status: '417 Expectation Failed',
    message: /header expect/,
  },
  {
    bytes: 'CONNECT x:1 HTTP/1.1\r\nHost: x',
    status: '405 Method Not Allowed',
    message: 'This is no proxy.',
  },
])('$bytes is answered with the error object', async ({ bytes, status, message }) => {
  await using cloud = await startApiCloud();
  const { hostname, port } = new URL(cloud.api.url);

  const answer = await new Promise<string>((resolve) => {
    let text = '';
    const socket = connect(Number(port), hostname, () => socket.write(`${bytes}\r\n\r\n`));
    socket.on('data', (chunk) => {
      text += String(chunk);
    });
    socket.on('close', () => resolve(text));
  });

  const body = JSON.parse(/\{.*\}/.exec(answer)?.[0] ?? '');
  expect(answer.split('\r\n')[0]).toBe(`HTTP/1.1 ${status}`);
  expect(body).toMatchObject({ error: status.slice(4), request_id: expect.stringMatching(/^req-/) });
  expect(body.message).toMatch(message);
});

test.each(['GET', 'DELETE'])(
  'a %s with a JSON content type and no body is read as if it had none',
  async (method) => {
    await using cloud = await startApiCloud();

    const { status, body } = await cloud.api.send(method, '/key_pairs', undefined, {
      'content-type': 'application/json',
    });

    expect(status).toBe(400);
    expect(body.message).toMatch(method === 'GET' ? /cloud_env.auth_url: is missing/ : /body is empty/);
  },
);

test.each(['//key_pairs', '/portal/key_pairs', '/portal//key_pairs', '/key_pairs'])(
  'with a prefix of the address, %s is the same call',
  async (path) => {
    await using cloud = await startApiCloud({ api: { pathPrefix: '/portal' } });

    const answer = await cloud.api.send('GET', path, { cloud_env: cloud.user });

    expect(answer.status).toBe(200);
  },
);

test('a cloud that does not answer us makes the service not ready, and says why', async () => {
  await using cloud = await startApiCloud({ api: { pingCloud: () => Promise.reject(new Error('why')) } });

  const answer = await cloud.api.send('GET', '/readyz');

  expect(answer).toMatchObject({
    status: 503,
    body: { ready: false, checks: { config: { ok: true }, keystone: { ok: false, message: 'why' } } },
  });
});

test('with a certificate it serves HTTPS, and nothing else', async () => {
  const read = (name: string) =>
    readFileSync(new URL(`../fixtures/tls/${name}.pem`, import.meta.url), 'utf8');
  const cert = read('cert');
  await using cloud = await startApiCloud({ api: { tls: { cert, key: new Secret(read('key')) } } });
  const dispatcher = new Agent({ connect: { ca: cert } });

  const answer = await request(cloud.api.url, { dispatcher });
  const text = await answer.body.text();
  const plain = request(cloud.api.url.replace('https:', 'http:'));

  expect(cloud.api.url).toMatch(/^https:/);
  expect(text).toBe('Running');
  await expect(plain).rejects.toThrow();
  await dispatcher.close();
});
