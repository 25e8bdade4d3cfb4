import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConcertimError, type ConcertimErrorKind, isTaken } from '../../src/concertim/errors.ts';
import type { Method } from '../../src/http/client.ts';
import { parseTime } from '../../src/runtime/clock.ts';
import { Faults } from '../../src/sandbox/faults.ts';
import type { HttpService } from '../../src/sandbox/http-service.ts';
import { Portal } from '../../src/sandbox/portal/portal.ts';
import { startPortal } from '../../src/sandbox/portal/start-portal.ts';
import { signToken } from '../../src/sandbox/portal/tokens.ts';

/** The sandbox's portal gives the answers that the real one gave, request by request, in the order of the recording. */

interface Transcript {
  readonly n: number;
  readonly name: string;
  readonly request: {
    readonly method: Method;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: unknown;
  };
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: unknown;
  };
}

const folder = new URL('../fixtures/concertim/A/', import.meta.url);
const transcripts = readdirSync(folder)
  .sort()
  .map((file) => JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Transcript);

const differences = readFileSync(new URL('../../docs/sandbox-differences.md', import.meta.url), 'utf8');
/** Numbers of the lists that the sandbox gives in another order. */
const otherOrder = [...differences.matchAll(/^\| (\d{3}) \| order of the list \|/gm)].map(([, n]) =>
  Number(n),
);
const headersLeftOut = [...differences.matchAll(/^\| `([a-z-]+)` \|/gm)].flatMap(
  ([, header]) => header ?? [],
);

/** The day of the recording: dates are held against it. */
const now = parseTime('2026-11-22T18:35:00Z') ?? 0;
const day = 86_400;

const portal = new Portal({ release: '2023-08', clock: { now: () => now, sleep: async () => undefined } });
let service: HttpService;
const tokens: Record<string, string> = {};

beforeAll(async () => {
  portal.users.update(1, { cost: 5 });
  portal.addUser({ id: 6, login: 'bob', name: 'Bob' });
  portal.addUser({ id: 5, login: 'alice', name: 'Alice' });
  service = await startPortal({ portal, faults: new Faults() });
  for (const [id, login] of [
    [1, 'admin'],
    [5, 'alice'],
    [6, 'bob'],
  ] as const) {
    tokens[login] = token(id, { exp: String(now / 1000 + day) });
  }
});
afterAll(() => service.close());

describe('the answers of generation A', () => {
  test('all 273 are there', () => {
    expect(transcripts).toHaveLength(273);
    expect(transcripts.map(({ n }) => n)).toEqual(transcripts.map((_, index) => index + 1));
  });

  for (const transcript of transcripts) {
    const { n, name, response } = transcript;
    test(`${String(n).padStart(3, '0')} ${name}`, async () => {
      if (n === 271) Object.assign(portal.limits, { racks: 25, devices: 0 });

      const answer = await send(transcript);

      expect(answer.status).toBe(response.status);
      if (otherOrder.includes(n)) {
        expect(comparable(answer.body)).not.toEqual(comparable(response.body));
        expect(byId(comparable(answer.body))).toEqual(byId(comparable(response.body)));
      } else {
        expect(comparable(answer.body)).toEqual(comparable(response.body));
      }
      expect(answer.headers['content-type']?.toLowerCase()).toBe(
        response.headers['content-type']?.toLowerCase(),
      );
      const names = Object.keys(response.headers).filter((header) => !headersLeftOut.includes(header));
      expect(Object.keys(answer.headers)).toEqual(expect.arrayContaining(names));
      for (const header of headersLeftOut) expect(answer.headers).not.toHaveProperty(header);
      expect('authorization' in answer.headers).toBe('authorization' in response.headers);
      expect(comparable(answer.headers['location'])).toBe(comparable(response.headers['location']));
    });
  }
});

describe('the client understands the refusals of generation A', () => {
  const refusals = transcripts.filter(({ response }) => response.status >= 300);

  test('all statuses and shapes are among them', () => {
    const shapes = new Set(refusals.map(({ response }) => shapeOf(response.body)));

    expect(new Set(refusals.map(({ response }) => response.status))).toEqual(
      new Set([302, 303, 400, 401, 403, 404, 422, 500]),
    );
    expect([...shapes].sort()).toEqual([
      'codes by field',
      'error',
      'errors: fields',
      'errors: text',
      'errors: titles',
      'html',
      'messages by field',
      'status, error',
    ]);
  });

  for (const transcript of refusals) {
    const { n, name, response } = transcript;
    test(`${String(n).padStart(3, '0')} ${name}`, () => {
      const error = understood(transcript);

      expect(error.kind).toBe(kindOf(transcript));
      expect(error.severity).toBe(
        response.status === 500 || response.status === 401 ? 'transient' : 'terminal',
      );
      for (const word of wordsOf(response.body)) expect(error.message).toContain(word);
      for (const field of fieldsOf(response.body)) {
        expect(error.problems.map((problem) => problem.field)).toContain(field);
      }
    });
  }

  test('422 means that a name is taken only where the portal says so', () => {
    const taken = refusals.filter((transcript) => isTaken(understood(transcript)));

    expect(taken.map(({ n }) => n)).toEqual([46, 48, 62, 85, 99, 186, 226, 250]);
  });
});

function understood({ request: { method, path }, response }: Transcript): ConcertimError {
  return new ConcertimError({
    service: 'Concertim',
    method,
    url: `http://portal${path}`,
    status: response.status,
    headers: response.headers,
    text: typeof response.body === 'string' ? response.body : JSON.stringify(response.body),
    at: now,
  });
}

function kindOf({ response }: Transcript): ConcertimErrorKind {
  if (response.status === 422) return shapeOf(response.body) === 'errors: text' ? 'refused' : 'invalid';
  const kinds: Record<number, ConcertimErrorKind> = {
    400: 'bad-request',
    401: 'unauthorized',
    403: 'forbidden',
    404: 'not-found',
  };
  return kinds[response.status] ?? 'failed';
}

function shapeOf(body: unknown): string {
  if (typeof body !== 'object' || body === null) return 'html';
  if ('error' in body) return 'status' in body ? 'status, error' : 'error';
  if (!('errors' in body)) {
    const [first] = Object.values(body)[0] as unknown[];
    return typeof first === 'string' ? 'messages by field' : 'codes by field';
  }
  if (typeof body.errors === 'string') return 'errors: text';
  return Array.isArray(body.errors) ? 'errors: titles' : 'errors: fields';
}

function fieldsOf(body: unknown): string[] {
  const shape = shapeOf(body);
  if (shape.endsWith('by field')) return Object.keys(body as object);
  return shape === 'errors: fields' ? fieldsOf((body as { errors: unknown }).errors) : [];
}

/** Every text of a JSON body but the statuses. */
function wordsOf(body: unknown): string[] {
  if (typeof body !== 'object' || body === null) return [];
  return Object.entries(body).flatMap(([key, value]) => {
    if (typeof value === 'string') return key === 'status' ? [] : [value.replace(/\.$/, '')];
    return key === 'permitted' ? [] : wordsOf(value);
  });
}

async function send({ n, name, request: { method, path, headers, body } }: Transcript) {
  const { Authorization: authorization, ...rest } = headers;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const answer = await request(service.url + path, {
    method,
    headers: authorization === undefined ? rest : { ...rest, authorization: credentials(n, name) },
    body: body === null ? null : text,
  });
  const answered = await answer.body.text();
  const isJson = String(answer.headers['content-type']).startsWith('application/json');
  return {
    status: answer.statusCode,
    headers: answer.headers as Record<string, string>,
    body: isJson ? (JSON.parse(answered) as unknown) : answered,
  };
}

/** The recording has its tokens cut short; whose they were follows from what the portal showed them. */
function credentials(n: number, name: string): string {
  if (n === 14) return 'Bearer abc.def.ghi';
  if (n === 15) return tokens['admin'] ?? '';
  if (n === 16) return `Bearer ${token(1, { exp: String(now / 1000 - 1) })}`;
  if (n === 17) return `Bearer ${token(1, { exp: now / 1000 + day })}`;
  if (n === 18) return `Bearer ${token(999, { exp: String(now / 1000 + day) })}`;
  const isBob = n === 144 || n === 147 || /(by|list) other user/.test(name);
  const isAlice = /by owner|non.root/.test(name);
  return `Bearer ${isBob ? tokens['bob'] : isAlice ? tokens['alice'] : tokens['admin']}`;
}

function token(userId: number, { exp }: { exp: string | number }): string {
  const claims = { sub: String(userId), scp: 'user', iat: now / 1000 - 2 * day, exp, jti: portal.uuid() };
  return signToken(claims, portal.secret);
}

/** Without what must differ: the times of rows, the portal's own address. */
function comparable(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, 'http://portal');
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(comparable);
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      key === 'created_at' || key === 'updated_at'
        ? parseTime(String(member)) !== undefined
        : comparable(member),
    ]),
  );
}

function byId(list: unknown): unknown[] {
  return (list as { id: number }[]).toSorted((a, b) => a.id - b.id);
}
