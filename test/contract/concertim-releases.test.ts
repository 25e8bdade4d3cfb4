import { readdirSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ConcertimError } from '../../src/concertim/errors.ts';
import { fitsRelease } from '../../src/concertim/fits-release.ts';
import { profiles, releases } from '../../src/concertim/profile.ts';
import * as device from '../../src/concertim/wire/device.ts';
import * as rack from '../../src/concertim/wire/rack.ts';
import { Team } from '../../src/concertim/wire/team.ts';
import { Template } from '../../src/concertim/wire/template.ts';
import { User } from '../../src/concertim/wire/user.ts';
import { isObject } from '../../src/runtime/is-object.ts';
import { type Outcome, replay } from '../support/portal-replay.ts';
import {
  type Attempt,
  attemptsOf,
  type Recording,
  reasonsNotToReplay,
  recordings,
  recordingsFolder,
} from '../support/recorded-portal.ts';

/**
 * Recorded from the real releases: the same name is the same attempt in each. The sandbox's portal answers as the real one
 * did, and our client understands what that said.
 */

test('every recording is of a release', () => {
  expect(readdirSync(recordingsFolder).sort()).toEqual(recordings.map(({ name }) => `${name}.json`).sort());
});

test('each attempt of each recording is replayed, or there is a reason why it is not: never both, never neither', () => {
  const excused = reasonsNotToReplay.flatMap(({ names }) => names);
  const isExcused = (recording: string, { name }: Pick<Attempt, 'name'>) =>
    excused.includes(name.slice(4)) || excused.includes(`${recording} ${name}`);
  const all = recordings.map(({ name }) => ({ name, ...attemptsOf({ name }) }));

  const neither = all.flatMap(({ name, others }) => others.filter((each) => !isExcused(name, each)));
  const both = all.flatMap(({ name, replayed }) => replayed.filter((each) => isExcused(name, each)));
  const recorded = all.flatMap(({ name, others }) =>
    others.flatMap((each) => [each.name.slice(4), `${name} ${each.name}`]),
  );

  expect(neither.map(({ name }) => name)).toEqual([]);
  expect(both.map(({ name }) => name)).toEqual([]);
  expect(new Set(excused).size).toBe(excused.length);
  expect(excused.filter((name) => !recorded.includes(name))).toEqual([]);
  expect(all.map(({ name, replayed, others }) => [name, replayed.length, others.length])).toEqual([
    ['0.2.1', 333, 29],
    ['2023-08', 18, 18],
    ['0.2.3', 341, 29],
    ['1.0.1', 337, 31],
    ['1.1', 339, 29],
    ['1.2', 410, 29],
    ['main', 213, 19],
    ['next', 410, 29],
  ]);
});

describe.each(recordings)('recording $name', (recording) => {
  const attempts = attemptsOf(recording).replayed;

  test('the sandbox answers as the real one did', async () => {
    const outcomes = await replay(recording);

    expect(outcomes.map(({ attempt }) => attempt.name)).toEqual(attempts.map(({ name }) => name));
    const otherwise = outcomes.map((outcome) => ({ ...outcome, differs: differences(outcome) }));
    expect(otherwise.filter(({ differs }) => differs.length > 0)).toEqual([]);
  });

  test('every row that it shows a super-user fits the release, and no other that differs in it', () => {
    const rows = rowsShown(recording, attempts);

    const unfit = rows.filter(({ rows: shown }) => !fitsRelease(profiles[recording.release], shown));
    const others = releases.filter((release) =>
      rows.every(({ rows: shown }) => fitsRelease(profiles[release], shown)),
    );

    expect(unfit.map(({ name }) => name)).toEqual([]);
    expect(others).toEqual(rows.length === 0 ? [...releases] : [recording.release]);
  });

  test('our client reads every row, and every refusal', () => {
    for (const { name, method, path, status, answer } of attempts) {
      if (status === 200) {
        for (const row of Array.isArray(answer) ? answer : [answer]) {
          const schema = method === 'DELETE' ? undefined : schemaOf(path, name);
          expect(schema?.safeParse(row).error, name).toBeUndefined();
        }
        continue;
      }
      if (status < 400) continue;
      const response = { service: 'Concertim', method, url: `http://portal${path}`, headers: {}, at: 0 };
      const error = new ConcertimError({ ...response, status, text: JSON.stringify(answer) });
      expect(error.status, name).toBe(status);
      if (status === 422) expect(['invalid', 'refused'], name).toContain(error.kind);
      if (status === 404) expect(error.kind, name).toBe('not-found');
      // The answer to a crash contains SQL and rows, which a message must not repeat.
      if (status === 500) expect(error.message, name).not.toMatch(/PG::|INSERT|UPDATE/);
    }
  });
});

/** The names of the parts in which an answer differs from the recording. */
function differences({ attempt, answer }: Outcome): string[] {
  const { location, authorization } = attempt.headers ?? {};
  const same = {
    status: answer.status === attempt.status,
    location: answer.headers?.location === location,
    token: (answer.headers?.authorization !== undefined) === (authorization !== undefined),
    // The real portal's answer to a crash shows SQL and rows, which the sandbox does not have.
    fields: attempt.status >= 500 || isDeepStrictEqual(fieldsOf(answer.answer), fieldsOf(attempt.answer)),
    values:
      attempt.status >= 500 ||
      isDeepStrictEqual(comparable(answer.answer, attempt), comparable(attempt.answer, attempt)),
  };
  return Object.keys(same).filter((part) => !same[part as keyof typeof same]);
}

/** The field names of an answer; those of each kind of row where the answer is a list. */
function fieldsOf(answer: unknown): readonly string[] {
  const rows: readonly unknown[] = Array.isArray(answer) ? answer : [answer];
  return [...new Set(rows.map((row) => (isObject(row) ? Object.keys(row).sort().join() : '')))].sort();
}

/**
 * Up to attempt 400 a recording shows every change, except those between its reads of one rack's timestamps.
 */
function isWhollySeen({ name }: Attempt): boolean {
  return Number(name.slice(0, 3)) < 400 && !name.includes('timestamp-');
}

/**
 * The part of an answer that must equal the recording: a whole refusal; all values of a row except its ids
 * and times, or only the values that the request sent, where the recording does not show how the row began.
 */
function comparable(answer: unknown, attempt: Attempt): unknown {
  if (attempt.status !== 200) return attempt.status < 300 ? undefined : answer;
  if (isWhollySeen(attempt)) return Array.isArray(answer) ? rowsIn(answer) : withoutOwnIds(answer);
  const [sent = {}] = Object.values(isObject(attempt.body) ? attempt.body : {}).filter(isObject);
  const row = withoutOwnIds(answer);
  return isObject(row) ? Object.fromEntries(Object.keys(sent).map((key) => [key, row[key]])) : undefined;
}

/** Sorts the rows, because the real list has the order of the database's pages. */
function rowsIn(list: readonly unknown[]): readonly unknown[] {
  return list.map((row) => JSON.stringify(withoutOwnIds(row))).sort();
}

const ownOfEach = /^(id|(user|team|rack|template)_id|created_at|updated_at)$/;

function withoutOwnIds(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutOwnIds);
  if (!isObject(value)) return value;
  const kept = Object.entries(value).filter(([key]) => !ownOfEach.test(key));
  return Object.fromEntries(
    kept.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, withoutOwnIds(item)]),
  );
}

/** For each attempt with racks, devices, templates or owners, the rows as the client reads them. */
function rowsShown({ release }: Recording, attempts: readonly Attempt[]) {
  const none = { owners: [], racks: [], devices: [], templates: [] };
  return attempts.flatMap(({ name, method, path, status, answer }) => {
    const kind = collections.find(({ path: under }) => path.startsWith(under));
    if (!kind || status !== 200 || method === 'DELETE' || !schemaOf(path, name)) return [];
    // Users own racks where there are no teams, and super-users never.
    if (kind.read === readUser && profiles[release].owner === 'team') return [];
    const all: readonly unknown[] = Array.isArray(answer) ? answer : [answer];
    const read = all.map((row) => kind.read(row)).filter((row) => !('root' in row && row.root));
    return [{ name, rows: { ...none, [kind.rows]: read } }];
  });
}

function readUser(row: unknown) {
  return { ...User.parse(row), kind: 'user' };
}

const collections = [
  { path: '/api/v1/racks', rows: 'racks', read: (row: unknown) => rack.Rack.parse(row) },
  { path: '/api/v1/devices', rows: 'devices', read: (row: unknown) => device.Device.parse(row) },
  { path: '/api/v1/nodes', rows: 'devices', read: (row: unknown) => device.Device.parse(row) },
  { path: '/api/v1/templates', rows: 'templates', read: (row: unknown) => Template.parse(row) },
  { path: '/api/v1/users', rows: 'owners', read: readUser },
  { path: '/api/v1/teams', rows: 'owners', read: (row: unknown) => ({ ...Team.parse(row), kind: 'team' }) },
] as const;

function schemaOf(path: string, name: string) {
  // In releases without teams only a super-user sees a rack's owner. The client is a super-user, these
  // attempts are not.
  if (/non-root|by-alice|of-bob|by-owner|by-the-owner|by-other/.test(name)) return undefined;
  if (path.startsWith('/api/v1/users')) return User;
  if (path.startsWith('/api/v1/teams')) return Team;
  if (path.startsWith('/api/v1/templates')) return Template;
  if (path.startsWith('/api/v1/racks')) return rack.Rack;
  return path.startsWith('/api/v1/') ? device.Device : undefined;
}
