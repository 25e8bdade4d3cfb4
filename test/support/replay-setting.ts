import type { DeviceRow, Portal, RackRow, TemplateRow } from '../../src/sandbox/portal/portal.ts';
import type { Attempt } from './recorded-portal.ts';

/** Of rows in this portal, by those of the recorded one. */
export type Ids = Map<string, number | string>;

export interface Row {
  readonly id: string | number;
  readonly name?: string;
  readonly login?: string;
  readonly email?: string;
  readonly team_roles?: readonly { readonly user_id: string; readonly team_id: string }[];
}

/** The users, and in releases with teams the teams and who is in them, that the recording began with. */
export function introduce(portal: Portal, attempts: readonly Attempt[], ids: Ids): void {
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

/** State that an attempt depended on, and whose cause is not in the recording. */
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

export function prepare(portal: Portal, attempt: Attempt, ids: Ids): void {
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
