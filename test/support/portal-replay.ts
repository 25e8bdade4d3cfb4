import { request } from 'undici';
import { parseTime } from '../../src/runtime/clock.ts';
import { Faults } from '../../src/sandbox/faults.ts';
import { type DeviceRow, Portal, type RackRow, type TemplateRow } from '../../src/sandbox/portal/portal.ts';
import { startPortal } from '../../src/sandbox/portal/start-portal.ts';
import { signToken } from '../../src/sandbox/portal/tokens.ts';
import { type Attempt, attemptsOf, type Recording } from './recorded-portal.ts';

export interface Outcome {
  readonly attempt: Attempt;
  /** Of the sandbox's portal, in the same form. */
  readonly answer: Pick<Attempt, 'status' | 'headers' | 'answer'>;
}

/** Makes all attempts of a recording, in its order, on a sandbox's portal of the release. */
export async function replay(recording: Recording): Promise<readonly Outcome[]> {
  const { replayed } = attemptsOf(recording);
  const now = parseTime(`${recording.day}T15:15:30Z`) ?? 0;
  const portal = new Portal({
    release: recording.release,
    clock: { now: () => now, sleep: async () => undefined },
  });
  // Main was recorded before its cloud was configured; elsewhere no worker ran the jobs that were queued.
  if (recording.name !== 'main') portal.deletionJobs = { ofUser: () => {}, ofTeam: () => {} };
  const service = await startPortal({ portal, faults: new Faults() });
  try {
    const ids: Ids = new Map();
    introduce(portal, replayed, ids);
    const tokens = await tokensOf(portal, service.url, recording);
    const outcomes: Outcome[] = [];
    for (const attempt of replayed) {
      prepare(portal, attempt, ids);
      const answer = await send(service.url, attempt, tokenFor(attempt, tokens), ids);
      Object.assign(portal.limits, { racks: undefined, devices: undefined });
      learn(attempt.answer, answer.answer, ids);
      outcomes.push({ attempt, answer });
    }
    return outcomes;
  } finally {
    await service.close();
  }
}

/** Of rows in this portal, by those of the recorded one. */
type Ids = Map<string, number | string>;

interface Row {
  readonly id: string | number;
  readonly name?: string;
  readonly login?: string;
  readonly email?: string;
  readonly team_roles?: readonly { readonly user_id: string; readonly team_id: string }[];
}

async function send(
  url: string,
  attempt: Attempt,
  authorization: string,
  ids: Ids,
): Promise<Outcome['answer']> {
  const path = attempt.path.replaceAll(
    /\/([\da-f-]{36}|\d+)(?=$|[?/])/g,
    (_, id: string) => `/${ids.get(id) ?? id}`,
  );
  const { body } = attempt;
  const response = await request(url + path, {
    method: attempt.method,
    headers: {
      'content-type': 'application/json',
      ...(attempt.accept !== null && { accept: 'application/json' }),
      ...(authorization !== '' && { authorization }),
    },
    body: typeof body === 'string' ? body : body && JSON.stringify(translated(body, ids)),
  });
  const text = await response.body.text();
  const { location, authorization: token, 'content-type': type } = response.headers;
  return {
    status: response.statusCode,
    headers: {
      ...(location !== undefined && { location: String(location).replace(url, '') }),
      ...(token !== undefined && { authorization: String(token) }),
    },
    answer: String(type).startsWith('application/json') ? (JSON.parse(text) as unknown) : '',
  };
}

/** The users, and in releases with teams the teams and who is in them, that the recording began with. */
function introduce(portal: Portal, attempts: readonly Attempt[], ids: Ids): void {
  const listed = (name: string) => {
    const rows = attempts.find((attempt) => attempt.name.endsWith(name))?.answer;
    return Array.isArray(rows) ? (rows as readonly Row[]) : [];
  };
  const teams = listed('teams-list-admin');
  for (const { id, login = '', name = '', email } of listed('users-list-admin')) {
    const own = teams.find((team) => team.name === `${login}_team`)?.name ?? null;
    const password = passwordOf(login, attempts);
    const user =
      portal.users.all().find((row) => row.login === login) ??
      portal.addUser({ login, name, password, team_name: own, ...(email !== undefined && { email }) });
    ids.set(String(id), portal.ids.show('user', user.id));
  }
  for (const { id, name = '' } of teams) {
    const rows = portal.users.all().filter(({ root }) => !root);
    const row =
      rows.find(({ team_name: own }) => own === name) ?? rows.find(({ team_name: own }) => own === null);
    if (!row) throw new Error(`no user's row is free for the team ${name}`);
    portal.users.update(row.id, { team_name: name });
    ids.set(String(id), portal.ids.show('team', row.id));
  }
  for (const { team_roles: roles = [] } of listed('users-list-admin')) {
    for (const role of roles)
      join(portal, portal.ids.read(ids.get(role.user_id)), portal.ids.read(ids.get(role.team_id)));
  }
}

/** What somebody is in a team is in no answer: admin of the own one, and member of others. */
function join({ teamRoles }: Portal, user: number, team: number): void {
  const isIn = teamRoles.all().some((role) => role.user_id === user && role.team_id === team);
  if (!isIn) teamRoles.insert({ user_id: user, team_id: team, role: 'member' });
}

function passwordOf(login: string, attempts: readonly Attempt[]): string {
  for (const { name, body } of attempts) {
    const { user } = (body ?? {}) as {
      readonly user?: { readonly login?: string; readonly password?: string };
    };
    if (name.includes('login-ok') && user?.login === login && user.password) return user.password;
  }
  return `${login}-password`;
}

/** By the holder: each user, erin thrice; the rest is made by hand. */
async function tokensOf(
  portal: Portal,
  url: string,
  { name }: Recording,
): Promise<ReadonlyMap<string, string>> {
  const tokens = new Map<string, string>();
  for (const { login, password } of portal.users.all()) {
    for (const holder of [login, `${login}, second`, `${login}, leaving`]) {
      tokens.set(holder, await signIn(url, { login, password }));
    }
  }
  const iat = Math.floor(portal.clock.now() / 1000);
  const sub = String(portal.ids.show('user', 1));
  const own = { sub, scp: 'user', iat, exp: String(iat + 60), jti: portal.uuid() };
  // Of the first release nobody knew the secret.
  const secret = name === '0.2.1' ? 'another' : portal.secret;
  const bearer = (claims: object) => `Bearer ${signToken(claims as typeof own, secret)}`;
  return tokens
    .set('hand-made', bearer(own))
    .set('expired', bearer({ ...own, exp: String(iat - 1) }))
    .set('end alone', bearer({ exp: iat + 60 }));
}

async function signIn(
  url: string,
  user: { readonly login: string; readonly password: string },
): Promise<string> {
  const response = await request(`${url}/users/sign_in.json`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user }),
  });
  await response.body.dump();
  return String(response.headers['authorization']);
}

/** Whose token it was, by the attempt's name: the first that fits. The recordings have their tokens cut short. */
const holders: readonly (readonly [RegExp, string])[] = [
  [/expired-token/, 'expired'],
  [/hand-made-token|jti-is-not-in-the-allow-list/, 'hand-made'],
  [/only-exp/, 'end alone'],
  [/^4.*sign-out/, 'erin, leaving'],
  [/two-tokens-of-one-user-second/, 'erin, second'],
  [/two-tokens-of-one-user/, 'erin'],
  [/sign-out-get-revokes|015 token-after-sign-out$/, 'alice, leaving'],
  [/sign-out/, 'carol, leaving'],
  [/of-the-deleted-user/, 'dave'],
  [/of-a-user-without-racks|^4.*by-a-user-who-is-not/, 'carol'],
  [
    /by-bob|of-bob|-other-user|mere-member|non-root-member|^035 teams-list-non-root|^[46].*(by-the-owner|by-a-team-admin|non-root)/,
    'bob',
  ],
  [/non-root|by-alice|by-team-admin|by-owner|by-the-owner|by-a-user-who-is-not/, 'alice'],
  [/./, 'admin'],
];

function tokenFor({ name, token }: Attempt, tokens: ReadonlyMap<string, string>): string {
  if (token === null) return '';
  if (token !== undefined) return `Bearer ${token}`;
  const [, holder = ''] = holders.find(([pattern]) => pattern.test(name)) ?? [];
  const held = tokens.get(holder);
  if (held === undefined) throw new Error(`${name}: nobody is called ${holder}`);
  return held;
}

/** What an attempt met, and the recording does not show how it came. */
const unseen: Readonly<Record<string, (portal: Portal) => void>> = {
  'rack-limit-reached': ({ limits }) => Object.assign(limits, { racks: 1 }),
  'device-limit-reached': ({ limits }) => Object.assign(limits, { devices: 0 }),
  'templates-list-seeded': (portal) => portal.addTemplate({ name: 'tagged', tag: 'mytag' }),
  'timestamp-owner-changed': ({ rules, users }) => {
    const [team] = users.all().filter(({ team_name: name }) => name === 'alice_team');
    if (rules.owner === 'team' && team)
      users.update(team.id, { project_id: '99998888777766665555444433332222' });
  },
  'rack-create-name-missing': (portal) =>
    portal.addRack({ user_id: bobIn(portal), name: 'x-a', order_id: 'x-a' }),
};

function prepare(portal: Portal, attempt: Attempt, ids: Ids): void {
  makeRoom(portal, attempt, ids);
  unseen[attempt.name.slice(4)]?.(portal);
}

/** From 400 on each recording began with a rack, what stood in it, and a template that were made unseen. */
function makeRoom(portal: Portal, attempt: Attempt, ids: Ids): void {
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

function bobIn(portal: Portal): number {
  return portal.users.all().find(({ login }) => login === 'bob')?.id ?? 0;
}

/** Bob's rack x-1 with one device, or none, in place of the one before. */
function replaceRoom(
  portal: Portal,
  hasDevice: boolean,
): { readonly rack: RackRow; readonly device: DeviceRow | undefined } {
  for (const one of portal.racks.all()) if (one.name === 'x-1') portal.deleteRack(one.id);
  const rack = portal.addRack({ user_id: bobIn(portal), name: 'x-1', order_id: 'x-1' });
  if (!hasDevice) return { rack, device: undefined };
  const template = portal.templates.all().find(({ name }) => name === 'x-flavor') ?? addTemplate(portal);
  const device = { template_id: template.id, name: 'x-d', rack_id: rack.id, start_u: 1 };
  return { rack, device: portal.addDevice(device) };
}

/** With the ids of this portal in place of those of the recorded one. */
function translated(value: unknown, ids: Ids, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => translated(item, ids));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, translated(item, ids, name)]),
    );
  }
  return /^(user|team|rack|template)_id$/.test(key) ? (ids.get(String(value)) ?? value) : value;
}

function learn(theirs: unknown, ours: unknown, ids: Ids): void {
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
