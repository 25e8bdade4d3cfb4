import { isoTime } from '../../runtime/clock.ts';
import {
  asDate,
  asDecimal,
  asText,
  isNothing,
  type JsonObject,
  money,
  numericality,
  type Scalar,
  scalar,
} from './attributes.ts';
import { blank, Complaints, said, taken, tooLong } from './complaints.ts';
import type { Portal, TeamRoleRow, UserRow } from './portal.ts';
import { crash, forbidden, Refusal } from './refusal.ts';
import type { ReleaseRules } from './release-rules.ts';

export const userAttributes = [
  'project_id',
  'cloud_user_id',
  'cost',
  'billing_period_start',
  'billing_period_end',
  'billing_acct_id',
  'credits',
] as const;

export const teamAttributes = [
  'project_id',
  'billing_acct_id',
  'billing_period_start',
  'billing_period_end',
  'cost',
  'credits',
] as const;

const representations = new WeakMap<UserRow, string>();

/** A user who is shown alone: each role under a name of its own. */
export function soleUserJson(portal: Portal, user: UserRow): string {
  return JSON.stringify(soleUserBody(portal, user));
}

function soleUserBody(portal: Portal, user: UserRow) {
  return userBody(portal, user, (role) => ({ team_role: role }));
}

/** A user as lists and racks show it: of a super-user, nothing of the cloud. */
export function userJson(portal: Portal, user: UserRow): string {
  // Roles in teams are rows of their own.
  if (portal.rules.owner === 'team') return JSON.stringify(userBody(portal, user));
  let json = representations.get(user);
  if (json === undefined) representations.set(user, (json = JSON.stringify(userBody(portal, user))));
  return json;
}

function userBody(
  { ids, rules, teamRoles }: Portal,
  user: UserRow,
  asShown: (role: object) => object = (role) => role,
) {
  const id = ids.show('user', user.id);
  const { login, name } = user;
  const all: Record<string, unknown> = {
    email: user.email,
    cloud_user_id: user.cloud_user_id,
    project_id: user.project_id,
    cost: money(user.cost, rules.money),
    billing_period_start: user.billing_period_start,
    billing_period_end: user.billing_period_end,
    billing_acct_id: user.billing_acct_id,
    root: user.root,
    status: user.deleted_at === null ? 'active' : 'pending deletion',
    team_roles: teamRoles
      .all()
      .filter((role) => role.user_id === user.id)
      .map((role) =>
        asShown({
          id: ids.show('team role', role.id),
          team_id: ids.show('team', role.team_id),
          user_id: id,
        }),
      ),
  };
  const [email, ...flags] = rules.userKeys;
  const keys = [email, ...(user.root ? [] : rules.memberKeys), ...flags].filter((key) => key !== undefined);
  return { id, login, name, ...Object.fromEntries(keys.map((key) => [key, all[key]])), fullname: name };
}

/** Whether the row holds a team, in releases with teams. */
export function hasTeam({ root, team_name: name }: UserRow): boolean {
  return !root && name !== null;
}

/** A team, as lists and racks show it. */
export function teamJson(portal: Portal, user: UserRow): string {
  const { ids, rules } = portal;
  const all: Record<string, unknown> = {
    billing_acct_id: user.billing_acct_id,
    billing_period_start: user.billing_period_start,
    billing_period_end: user.billing_period_end,
    cost: decimal(user.cost),
    credits: decimal(user.credits),
  };
  return JSON.stringify({
    id: ids.show('team', user.id),
    name: user.team_name,
    project_id: user.project_id,
    ...Object.fromEntries(rules.teamKeys.map((key) => [key, all[key]])),
  });
}

/** Who a rack belongs to: a user or, in releases with teams, the team in that row. */
export function ownerJson(portal: Portal, user: UserRow): string {
  return portal.rules.owner === 'team' ? teamJson(portal, user) : userJson(portal, user);
}

function decimal(amount: number): string {
  return Number.isInteger(amount) ? `${amount}.0` : `${amount}`;
}

/** The row itself, as the portal gives it at sign-in: with the password. */
export function signInBody({ ids, rules }: Portal, user: UserRow) {
  const special: Record<string, unknown> = {
    project_id: user.project_id,
    fixme_encrypt_this_already_plaintext_password: user.root ? '' : user.foreign_password,
    foreign_password: user.root ? null : user.foreign_password,
    pending_foreign_password: user.pending_foreign_password,
    cost: decimal(user.cost),
    credits: decimal(user.credits),
    billing_period_start: user.billing_period_start,
    billing_period_end: user.billing_period_end,
    billing_acct_id: user.billing_acct_id,
    deleted_at: user.deleted_at,
  };
  return {
    id: ids.show('user', user.id),
    login: user.login,
    name: user.name,
    email: user.email,
    authentication_token: null,
    root: user.root,
    created_at: user.created_at,
    updated_at: user.updated_at,
    cloud_user_id: user.cloud_user_id,
    ...Object.fromEntries(rules.signInKeys.map((key) => [key, special[key]])),
  };
}

/** What a user is in a team; undefined: nothing. */
export function roleIn(
  { teamRoles }: Portal,
  user: UserRow,
  teamId: UserRow['id'],
): TeamRoleRow['role'] | undefined {
  return teamRoles.all().find((row) => row.user_id === user.id && row.team_id === teamId)?.role;
}

/** Users whom a user may see. */
export function visibleUsers(portal: Portal, caller: UserRow): UserRow[] {
  return caller.root ? portal.users.all() : [caller];
}

/** Teams whom a user may see: those in which the user has a role. */
export function visibleTeams(portal: Portal, caller: UserRow): UserRow[] {
  const teams = portal.users.all().filter(hasTeam);
  return caller.root ? teams : teams.filter(({ id }) => roleIn(portal, caller, id) !== undefined);
}

/** `PATCH /api/v1/users/{id}`: the answer's JSON. Of what a user sends about himself nothing is taken. */
export function updateUser(portal: Portal, caller: UserRow, user: UserRow, attributes: JsonObject): string {
  if (!caller.root && caller.id !== user.id) throw forbidden('update', user.name);
  if (!caller.root) return soleUserJson(portal, user);
  // The columns went to the teams, the API lets them through.
  const { owner } = portal.rules;
  const gone = userAttributes.filter(
    (name) => name !== 'cloud_user_id' && !(name === 'credits' && portal.rules.clusterTypes),
  );
  if (owner === 'team' && gone.some((name) => attributes[name] !== undefined)) throw crash();
  return changeAccount(portal, user, attributes, (stored) => soleUserBody(portal, stored));
}

/** `PATCH /api/v1/teams/{id}`: the answer's JSON. */
export function updateTeam(portal: Portal, caller: UserRow, user: UserRow, attributes: JsonObject): string {
  if (!caller.root) throw forbidden('update', user.name);
  const known = Object.entries(attributes).filter(
    ([name]) => name === 'project_id' || portal.rules.teamKeys.includes(name),
  );
  const { project_id: projectId, ...rest } = Object.fromEntries(known);
  const stripped = typeof projectId === 'string' ? projectId.trim() : projectId;
  const columns = projectId === undefined ? rest : { ...rest, project_id: stripped };
  return changeAccount(portal, user, columns, (stored) => JSON.parse(teamJson(portal, stored)));
}

function changeAccount(
  portal: Portal,
  user: UserRow,
  attributes: JsonObject,
  show: (stored: UserRow) => object,
): string {
  const columns = changedColumns(portal, user, attributes);
  const cost = scalar(attributes, 'cost');
  const complaints = new Complaints();
  const credits = scalar(attributes, 'credits');
  if (isKnownTo(portal.rules, 'credits') && credits !== undefined) {
    if (credits === null) complaints.add('credits', said('is not a number'), blank);
    else complaints.add('credits', ...numericality(credits, {}));
  }
  const isCostKnown = isKnownTo(portal.rules, 'cost');
  if (isCostKnown && cost !== undefined && !isNothing(cost))
    complaints.add('cost', ...numericality(cost, { atLeast: 0 }));
  checkIds(portal, columns, user, complaints);
  checkBillingPeriod(columns, user, today(portal), complaints);
  if (!complaints.none) throw new Refusal(422, complaints.messages());
  if (isCostKnown && cost !== undefined && isNothing(cost)) throw crash();
  const stored = portal.users.update(user.id, {
    ...columns,
    cloud_user_id: columns.cloud_user_id && portal.storedUserId(columns.cloud_user_id),
  });
  // The answer echoes the id as it was sent; every later one has it with dashes.
  return JSON.stringify(show({ ...stored, cloud_user_id: columns.cloud_user_id }));
}

/** Whether the release has such a column, of users or of teams. */
function isKnownTo({ memberKeys, teamKeys, signInKeys }: ReleaseRules, name: string): boolean {
  return name === 'project_id' || [...memberKeys, ...teamKeys, ...signInKeys].includes(name);
}

type CloudColumns = Pick<UserRow, (typeof userAttributes)[number]>;

function changedColumns({ rules }: Portal, user: UserRow, attributes: JsonObject): CloudColumns {
  const sent = <Name extends keyof CloudColumns>(
    name: Name,
    cast: (value: Scalar) => CloudColumns[Name],
  ): CloudColumns[Name] => {
    const value = scalar(attributes, name);
    return value === undefined || !isKnownTo(rules, name) ? user[name] : cast(value);
  };
  return {
    project_id: sent('project_id', (value) => (isNothing(value) ? null : asText(value))),
    cloud_user_id: sent('cloud_user_id', rules.namesExceptions ? asText : uuidAsSent),
    cost: sent('cost', (value) => asDecimal(value) ?? 0),
    billing_period_start: sent('billing_period_start', asDate),
    billing_period_end: sent('billing_period_end', asDate),
    billing_acct_id: sent('billing_acct_id', (value) => (isNothing(value) ? null : asText(value))),
    credits: sent('credits', (value) => asDecimal(value) ?? 0),
  };
}

function checkIds(portal: Portal, columns: CloudColumns, user: UserRow, complaints: Complaints): void {
  const others = portal.users.all().filter(({ id }) => id !== user.id);
  const { project_id: projectId, cloud_user_id: cloudUserId } = columns;
  if (projectId !== null && projectId.length > 255) complaints.add('project_id', tooLong(255));
  if (projectId !== null && others.some((other) => other.project_id === projectId)) {
    complaints.add('project_id', taken);
  }
  if (
    columns.billing_acct_id !== null &&
    others.some((other) => other.billing_acct_id === columns.billing_acct_id)
  ) {
    complaints.add('billing_acct_id', taken);
  }
  const uuid = cloudUserId && portal.storedUserId(cloudUserId);
  if (uuid !== null && others.some((other) => other.cloud_user_id === uuid)) {
    complaints.add('cloud_user_id', taken);
  }
}

/** Both dates or neither; each is held against today only when it changes. */
function checkBillingPeriod(
  columns: CloudColumns,
  user: UserRow,
  today: string,
  complaints: Complaints,
): void {
  const { billing_period_start: start, billing_period_end: end } = columns;
  if (start === null && end === null) return;
  if (start === null || end === null) {
    complaints.add('billing_period', said('must have a start date and end date, or neither'));
    return;
  }
  if (start !== user.billing_period_start && start > today) {
    complaints.add('billing_period_start', said('must be today or earlier'));
  }
  if (end !== user.billing_period_end && end < today) {
    complaints.add('billing_period_end', said('must be today or later'));
  }
  if (end <= start) complaints.add('billing_period_end', said(`must be greater than ${start}`));
}

/** What is no UUID becomes null without a word. */
function uuidAsSent(value: Scalar): string | null {
  const text = asText(value);
  return text !== null && /^([0-9a-f]{4}-?){8}$/i.test(text) ? text : null;
}

function today(portal: Portal): string {
  return isoTime(portal.clock.now()).slice(0, 10);
}
