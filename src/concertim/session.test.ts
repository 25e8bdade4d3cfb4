import { afterEach, beforeEach, expect, test } from 'vitest';
import { Secret } from '../runtime/secret.ts';
import { explain, severityOf } from '../runtime/severity.ts';
import { Faults } from '../sandbox/faults.ts';
import type { HttpService } from '../sandbox/http-service.ts';
import { Portal } from '../sandbox/portal/portal.ts';
import { startPortal } from '../sandbox/portal/start-portal.ts';
import { Session, type SessionOptions, type SessionRequest } from './session.ts';

const users: SessionRequest = { method: 'GET', path: '/api/v1/users', route: '/api/v1/users' };
const signInUrl = '/users/sign_in.json';
const minute = 60_000;

let time: number;
let portal: Portal;
let faults: Faults;
let service: HttpService;
let sessions: Session[];
const clock = { now: () => time, sleep: async () => undefined };

beforeEach(async () => {
  time = 1_795_000_000_000;
  sessions = [];
  portal = new Portal({ clock, release: '2023-08' });
  faults = new Faults();
  service = await startPortal({ portal, faults });
});
afterEach(async () => {
  await Promise.all(sessions.map((session) => session.close()));
  await service.close();
});

function sessionWith(options: Partial<SessionOptions> = {}): Session {
  const session = new Session({
    url: service.url,
    login: 'admin',
    password: new Secret('admin'),
    clock,
    ...options,
  });
  sessions.push(session);
  return session;
}

function signIns(): number {
  return service.seen.filter(({ url }) => url.endsWith(signInUrl)).length;
}

async function failureOf(work: Promise<unknown>): Promise<Error> {
  const failure = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(failure instanceof Error)) throw new Error('it did not fail');
  return failure;
}

test('many requests at once sign in once', async () => {
  const session = sessionWith();

  const answers = await Promise.all(Array.from({ length: 20 }, () => session.request(users)));

  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
  expect(signIns()).toBe(1);
  expect(service.mostInFlight).toBeLessThanOrEqual(5);
});

test('a token is renewed before it ends', async () => {
  portal.tokenLifetimeMs = 10 * minute;
  const session = sessionWith();
  await session.request(users);

  time += 8.9 * minute;
  await session.request(users);
  const before = signIns();
  time += 0.2 * minute;
  await session.request(users);

  expect(before).toBe(1);
  expect(signIns()).toBe(2);
});

test('the portal may have another time than we', async () => {
  const ahead = { now: () => time + 36 * 60 * minute, sleep: async () => undefined };
  const session = sessionWith({ clock: ahead });

  await session.request(users);
  await session.request(users);

  expect(signIns()).toBe(1);
});

test('tokens that end in mid-run cost one more sign-in, and every create is carried out once', async () => {
  const session = sessionWith();
  await session.token();
  portal.changeSecret();

  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, number) =>
      session.request({
        method: 'POST',
        path: '/api/v1/racks',
        route: '/api/v1/racks',
        body: { rack: { user_id: 1, name: `rack-${number}`, status: 'ACTIVE' } },
      }),
    ),
  );

  expect(answers.every(({ status }) => status === 200)).toBe(true);
  expect(portal.racks.size).toBe(10);
  expect(signIns()).toBe(2);
});

test('a token that is refused again right after a sign-in is reported, not tried for ever', async () => {
  const body = JSON.stringify({ error: 'Signature has expired' });
  faults.add({ service: 'concertim', path: /users$/, kind: 'answer', status: 401, body });
  const session = sessionWith();

  const error = await failureOf(session.request(users));

  expect(error).toMatchObject({ kind: 'unauthorized', status: 401, severity: 'transient' });
  expect(error.message).toBe(
    `Concertim refused GET ${service.url}/api/v1/users (401): Signature has expired.`,
  );
  expect(signIns()).toBe(2);
});

test('forgetting a token that was replaced meanwhile keeps the new one', async () => {
  const session = sessionWith();
  const old = await session.token();
  session.forget(old);
  const fresh = await session.token();

  session.forget(old);

  expect(await session.token()).toBe(fresh);
  expect(signIns()).toBe(2);
});

test('a wrong password is fatal and says what to check', async () => {
  const error = await failureOf(sessionWith({ password: new Secret('letmein') }).request(users));

  expect(severityOf(error)).toBe('fatal');
  expect(explain(error)).toContain('the sign-in of "admin"');
  expect(explain(error)).toContain('concertim_password');
  expect(explain(error)).not.toContain('letmein');
});

test('a user who is no super-user is fatal: he would see only what is his own', async () => {
  portal.addUser({ login: 'alice', password: 'secret-alice' });

  const error = await failureOf(
    sessionWith({ login: 'alice', password: new Secret('secret-alice') }).request(users),
  );

  expect(severityOf(error)).toBe('fatal');
  expect(explain(error)).not.toContain('secret-alice');
});

test.each([
  ['the sign-in fails', { kind: 'answer', status: 500, body: '{"password": "sesame", "login"' } as const],
  [
    'its answer has no token',
    { kind: 'answer', status: 201, body: '{"fixme_plaintext_password": "sesame"}' } as const,
  ],
  ['it ends in the middle', { kind: 'truncate' } as const],
])('no password is in the error when %s', async (_, fault) => {
  portal.users.update(1, { password: 'sesame', root: false });
  faults.add({ service: 'concertim', path: /sign_in/, ...fault });

  const error = await failureOf(sessionWith({ password: new Secret('sesame') }).request(users));

  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    expect(`${explain(cause)} ${JSON.stringify(cause)} ${cause.stack}`).not.toContain('sesame');
  }
});

test('a failed sign-in is retried by the next request', async () => {
  faults.add({ service: 'concertim', path: /sign_in/, kind: 'answer', status: 503, times: 3 });
  const session = sessionWith();

  const error = await failureOf(session.request(users));
  const answer = await session.request(users);

  expect(error).toMatchObject({ kind: 'failed', severity: 'transient' });
  expect(answer.status).toBe(200);
});

test('who gives up waiting for a sign-in does not take it from the others', async () => {
  faults.add({ service: 'concertim', path: /sign_in/, kind: 'delay', ms: 0 });
  const session = sessionWith();
  const impatient = new AbortController();

  const given = failureOf(session.request({ ...users, signal: impatient.signal }));
  const patient = session.request(users);
  impatient.abort(new Error('enough'));

  expect((await given).message).toBe('enough');
  expect((await patient).status).toBe(200);
  expect(signIns()).toBe(1);
});

test('the address may end in a slash and have a path', async () => {
  const error = await failureOf(sessionWith({ url: `${service.url}/concertim/` }).request(users));

  expect(service.seen.map(({ url }) => url)).toEqual(['/concertim/users/sign_in.json']);
  expect(error).toMatchObject({ kind: 'not-found', severity: 'fatal' });
  expect(explain(error)).toContain('concertim_url');
});

test('a redirect to https says to configure that', async () => {
  const headers = { location: 'https://portal.example/users/sign_in.json' };
  faults.add({ service: 'concertim', kind: 'answer', status: 307, headers });

  const error = await failureOf(sessionWith().request(users));

  expect(severityOf(error)).toBe('fatal');
  expect(explain(error)).toContain('give concertim_url as https://portal.example');
});

test('a redirect to a page is an error, not an answer', async () => {
  const headers = { location: `${service.url}/users/sign_in` };
  faults.add({ service: 'concertim', path: /api/, kind: 'answer', status: 302, headers });

  const error = await failureOf(sessionWith().request(users));

  expect(error).toMatchObject({ kind: 'failed', status: 302, severity: 'terminal' });
  expect(explain(error)).toContain('a page for people');
});

test('a status that the request accepts is an answer', async () => {
  const missing = { method: 'GET', path: '/api/v1/racks/7', route: '/api/v1/racks/{id}' } as const;
  const session = sessionWith();

  const answer = await session.request({ ...missing, accept: [404] });
  const error = await failureOf(session.request(missing));

  expect(answer.status).toBe(404);
  expect(error).toMatchObject({ kind: 'not-found', problems: [{ field: 'record', problem: 'Not found' }] });
});
