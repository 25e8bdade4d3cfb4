import { readFileSync } from 'node:fs';
import { request } from 'undici';
import { describe, expect, test } from 'vitest';
import { ConcertimError } from '../../src/concertim/errors.ts';
import type { Release } from '../../src/concertim/profile.ts';
import * as device from '../../src/concertim/wire/device.ts';
import * as rack from '../../src/concertim/wire/rack.ts';
import { Team } from '../../src/concertim/wire/team.ts';
import { Template } from '../../src/concertim/wire/template.ts';
import { User } from '../../src/concertim/wire/user.ts';
import { parseTime } from '../../src/runtime/clock.ts';
import { Faults } from '../../src/sandbox/faults.ts';
import { type DeviceRow, Portal, type RackRow, type TemplateRow } from '../../src/sandbox/portal/portal.ts';
import { startPortal } from '../../src/sandbox/portal/start-portal.ts';

/**
 * Recorded from the real releases: the same name is the same attempt in each. The sandbox's portal answers with the same
 * status and the same fields, and our client understands what the real one said.
 */

interface Attempt {
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>> | null;
  readonly status: number;
  readonly answer: unknown;
}

interface Row {
  readonly id: string | number;
  readonly name?: string;
  readonly login?: string;
}

/** On which day: dates are held against it. */
const recorded: Partial<Record<Release, string>> = {
  '0.2.1': '2026-11-28',
  '0.2.3': '2026-11-28',
  '1.1': '2026-11-28',
  '1.2': '2026-11-28',
  main: '2026-11-22',
  next: '2026-11-28',
};

describe.each(Object.entries(recorded) as [Release, string][])('release %s', (release, day) => {
  const url = new URL(`../fixtures/concertim/releases/${release}.json`, import.meta.url);
  const attempts = JSON.parse(readFileSync(url, 'utf8')) as readonly Attempt[];

  test('the sandbox answers as the real one did', async () => {
    const outcomes = await replay(release, attempts, day);

    const otherwise = outcomes.filter(({ attempt, answer }) => {
      return (
        answer.status !== attempt.status ||
        fieldsOf(answer) !== fieldsOf({ ...attempt, body: attempt.answer })
      );
    });
    expect(outcomes.length).toBeGreaterThan(150);
    expect(
      otherwise.map(({ attempt, answer }) => [attempt.name, attempt.status, attempt.answer, answer]),
    ).toEqual([]);
    // What columns make of Python's words.
    for (const { attempt, answer } of outcomes.filter(({ attempt: { name } }) => name.includes('python')))
      expect(plainValues(answer.body), attempt.name).toEqual(plainValues(attempt.answer));
  });

  test('our client reads every row, and every refusal', () => {
    for (const { name, method, path, status, answer } of attempts) {
      if (status < 300) {
        for (const row of Array.isArray(answer) ? answer : [answer]) {
          const schema = schemaOf(path, name);
          if (schema && method !== 'DELETE') expect(schema.safeParse(row).error, name).toBeUndefined();
        }
        continue;
      }
      const response = { service: 'Concertim', method, url: `http://portal${path}`, headers: {}, at: 0 };
      const error = new ConcertimError({ ...response, status, text: JSON.stringify(answer) });
      expect(error.status, name).toBe(status);
      if (status === 422) expect(['invalid', 'refused'], name).toContain(error.kind);
      if (status === 404) expect(error.kind, name).toBe('not-found');
      // What a crash says holds SQL and rows.
      if (status === 500) expect(error.message, name).not.toMatch(/PG::|INSERT|UPDATE/);
    }
  });
});

function schemaOf(path: string, name: string) {
  // To others than a super-user a rack has no owner in releases without teams: the client is one.
  if (/non-root|by-alice|of-bob|by-owner|by-the-owner|by-other/.test(name)) return undefined;
  if (path.startsWith('/api/v1/users')) return User;
  if (path.startsWith('/api/v1/teams')) return Team;
  if (path.startsWith('/api/v1/templates')) return Template;
  if (path.startsWith('/api/v1/racks')) return rack.Rack;
  return device.Device;
}

async function replay(release: Release, attempts: readonly Attempt[], day: string) {
  const now = parseTime(`${day}T15:15:30Z`) ?? 0;
  const portal = new Portal({ release, clock: { now: () => now, sleep: async () => undefined } });
  const service = await startPortal({ portal, faults: new Faults() });
  const ids = new Map<string, number | string>();
  introduce(portal, attempts, ids);
  const sessions = new Map<string, string>();
  sessions.set('nobody', '').set('forger', 'Bearer garbage');
  for (const login of ['admin', 'alice', 'bob']) sessions.set(login, await signIn(service.url, login));
  const outcomes = [];
  for (const attempt of attempts) {
    makeRoom(portal, attempt, ids);
    const path = attempt.path.replaceAll(
      /\/([\da-f-]{36}|\d+)(?=$|[?/])/g,
      (_, id: string) => `/${ids.get(id) ?? id}`,
    );
    const body = attempt.body && JSON.stringify(translated(attempt.body, ids));
    const headers = {
      accept: 'application/json',
      'content-type': 'application/json',
      authorization: sessions.get(callerOf(attempt)) ?? '',
    };
    const response = await request(service.url + path, { method: attempt.method, headers, body });
    const answer = { status: response.statusCode, body: JSON.parse(await response.body.text()) as unknown };
    learn(attempt.answer, answer.body, ids);
    outcomes.push({ attempt, answer });
  }
  await service.close();
  return outcomes;
}

/** The users, and in releases with teams the teams, that the recording began with. */
function introduce(portal: Portal, attempts: readonly Attempt[], ids: Map<string, number | string>): void {
  const listed = (name: string) =>
    (attempts.find((attempt) => attempt.name.endsWith(name))?.answer ?? []) as readonly Row[];
  for (const { id, login = '', name = '' } of listed('users-list-admin')) {
    const user =
      portal.users.all().find((row) => row.login === login) ??
      portal.addUser({ login, name, password: login });
    ids.set(String(id), portal.ids.show('user', user.id));
  }
  const teams = listed('teams-list-admin');
  if (!Array.isArray(teams)) return;
  for (const { id, name } of teams as readonly Row[]) {
    const user =
      portal.users.all().find(({ login }) => `${login}_team` === name) ??
      // A team that is nobody's own: in the sandbox each is somebody's.
      portal.addUser({ login: name ?? '' });
    if (user) ids.set(String(id), portal.ids.show('team', user.id));
  }
}

async function signIn(url: string, login: string): Promise<string> {
  const response = await request(`${url}/users/sign_in.json`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user: { login, password: login } }),
  });
  await response.body.dump();
  return String(response.headers['authorization']);
}

/** From 400 on each recording began with a rack, what stood in it, and a template that were made unseen. */
function makeRoom(portal: Portal, attempt: Attempt, ids: Map<string, number | string>): void {
  if (Number(attempt.name.slice(0, 3)) < 400) return;
  const [, rows, id] = /\/(racks|devices)\/([^/?]+)/.exec(attempt.path) ?? [];
  const known = portal.ids.read(ids.get(id ?? ''));
  if (id !== undefined && !(rows === 'racks' ? portal.racks : portal.devices).get(known)) {
    const { rack, device } = replaceRoom(
      portal,
      rows === 'devices' || attempt.name.includes('with-a-device'),
    );
    ids.set(
      id,
      rows === 'racks' ? portal.ids.show('rack', rack.id) : portal.ids.show('device', device?.id ?? 0),
    );
  }
  const { device, template_id: template } = (attempt.body ?? {}) as {
    readonly device?: { readonly location?: { readonly rack_id?: string | number } };
    readonly template_id?: string | number;
  };
  if (template !== undefined && !portal.templates.get(portal.ids.read(ids.get(String(template))))) {
    ids.set(String(template), portal.ids.show('template', addTemplate(portal).id));
  }
  const into = device?.location?.rack_id;
  if (into !== undefined) ids.set(String(into), portal.ids.show('rack', replaceRoom(portal, false).rack.id));
}

function addTemplate(portal: Portal): TemplateRow {
  return portal.addTemplate({ name: 'x-flavor', foreign_id: 'xf' });
}

/** Bob's rack x-1 with one device, or none, in place of the one before. */
function replaceRoom(
  portal: Portal,
  hasDevice: boolean,
): { readonly rack: RackRow; readonly device: DeviceRow | undefined } {
  const bob = portal.users.all().find(({ login }) => login === 'bob');
  for (const one of portal.racks.all()) if (one.name === 'x-1') portal.deleteRack(one.id);
  const rack = portal.addRack({ user_id: bob?.id ?? 0, name: 'x-1', order_id: 'x-1' });
  if (!hasDevice) return { rack, device: undefined };
  const template = portal.templates.all().find(({ name }) => name === 'x-flavor') ?? addTemplate(portal);
  const device = { template_id: template.id, name: 'x-d', rack_id: rack.id, start_u: 1 };
  return { rack, device: portal.addDevice(device) };
}

/** Whose token it was is in the name of the attempt. */
function callerOf({ name }: Attempt): string {
  if (name.endsWith('no-token')) return 'nobody';
  if (name.endsWith('garbage-token')) return 'forger';
  if (/by-bob|of-bob|-other-user|mere-member/.test(name)) return 'bob';
  if (/^4.*by-the-owner/.test(name)) return 'bob';
  if (/non-root|by-alice|by-team-admin|by-owner|by-the-owner|by-a-user-who-is-not/.test(name)) return 'alice';
  return 'admin';
}

/** With the ids of this portal in place of those of the recorded one. */
function translated(value: unknown, ids: ReadonlyMap<string, number | string>, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => translated(item, ids));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, translated(item, ids, name)]),
    );
  }
  return /^(user|team|rack|template)_id$/.test(key) ? (ids.get(String(value)) ?? value) : value;
}

function learn(theirs: unknown, ours: unknown, ids: Map<string, number | string>): void {
  if (Array.isArray(theirs) && Array.isArray(ours)) {
    for (const row of theirs as readonly Row[])
      learn(
        row,
        (ours as readonly Row[]).find(({ name }) => name === row.name),
        ids,
      );
    return;
  }
  if (!isRow(theirs) || !isRow(ours) || ids.has(String(theirs.id))) return;
  ids.set(String(theirs.id), ours.id);
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && 'id' in value;
}

/** What of a row is neither an object nor its id. */
function plainValues(row: unknown): object {
  const values = Object.entries(row as object).filter(
    ([name, value]) => name !== 'id' && (typeof value !== 'object' || value === null),
  );
  return Object.fromEntries(values);
}

/** The names of an answer's fields, of a list those of its first row; of a crash nothing is compared. */
function fieldsOf({ status, body }: { status: number; body: unknown }): string {
  if (status >= 500) return '';
  const one: unknown = Array.isArray(body) ? body[0] : body;
  return typeof one === 'object' && one !== null ? Object.keys(one).sort().join() : '';
}
