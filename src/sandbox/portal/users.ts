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
import { Complaints, said, taken, tooLong } from './complaints.ts';
import { dashed, type Portal, type UserRow } from './portal.ts';
import { crash, forbidden, Refusal } from './refusal.ts';

export const userAttributes = [
  'project_id',
  'cloud_user_id',
  'cost',
  'billing_period_start',
  'billing_period_end',
] as const;

const representations = new WeakMap<UserRow, string>();

/** A user as lists and racks show it: of a super-user, nothing of the cloud. */
export function userJson(user: UserRow): string {
  let json = representations.get(user);
  if (json === undefined) representations.set(user, (json = JSON.stringify(userBody(user))));
  return json;
}

function userBody(user: UserRow) {
  const { id, login, name, email } = user;
  const cloud = {
    cloud_user_id: user.cloud_user_id,
    project_id: user.project_id,
    cost: money(user.cost),
    billing_period_start: user.billing_period_start,
    billing_period_end: user.billing_period_end,
  };
  return { id, login, name, email, ...(user.root ? {} : cloud), root: user.root, fullname: name };
}

/** The row itself, as the portal gives it at sign-in: with the password. */
export function signInBody(user: UserRow) {
  return {
    id: user.id,
    login: user.login,
    name: user.name,
    email: user.email,
    authentication_token: null,
    root: user.root,
    created_at: user.created_at,
    updated_at: user.updated_at,
    project_id: user.project_id,
    fixme_encrypt_this_already_plaintext_password: user.root ? '' : user.password,
    cloud_user_id: user.cloud_user_id,
    cost: Number.isInteger(user.cost) ? `${user.cost}.0` : `${user.cost}`,
    billing_period_start: user.billing_period_start,
    billing_period_end: user.billing_period_end,
  };
}

/** Users whom a user may see. */
export function visibleUsers(portal: Portal, caller: UserRow): UserRow[] {
  return caller.root ? portal.users.all() : [caller];
}

/** `PATCH /api/v1/users/{id}`: the answer's JSON. Of what a user sends about himself nothing is taken. */
export function updateUser(portal: Portal, caller: UserRow, user: UserRow, attributes: JsonObject): string {
  if (!caller.root && caller.id !== user.id) throw forbidden('update', user.name);
  if (!caller.root) return userJson(user);
  const columns = changedColumns(user, attributes);
  const cost = scalar(attributes, 'cost');
  const complaints = new Complaints();
  if (cost !== undefined && !isNothing(cost)) complaints.add('cost', ...numericality(cost, { atLeast: 0 }));
  checkIds(portal, columns, user, complaints);
  checkBillingPeriod(columns, user, today(portal), complaints);
  if (!complaints.none) throw new Refusal(422, complaints.messages());
  if (cost !== undefined && isNothing(cost)) throw crash();
  const stored = portal.users.update(user.id, { ...columns, cloud_user_id: asUuid(columns.cloud_user_id) });
  // The answer echoes the id as it was sent; every later one has it with dashes.
  return JSON.stringify(userBody({ ...stored, cloud_user_id: columns.cloud_user_id }));
}

type CloudColumns = Pick<UserRow, (typeof userAttributes)[number]>;

function changedColumns(user: UserRow, attributes: JsonObject): CloudColumns {
  const sent = <Name extends keyof CloudColumns>(
    name: Name,
    cast: (value: Scalar) => CloudColumns[Name],
  ): CloudColumns[Name] => {
    const value = scalar(attributes, name);
    return value === undefined ? user[name] : cast(value);
  };
  return {
    project_id: sent('project_id', (value) => (isNothing(value) ? null : asText(value))),
    cloud_user_id: sent('cloud_user_id', uuidAsSent),
    cost: sent('cost', (value) => asDecimal(value) ?? 0),
    billing_period_start: sent('billing_period_start', asDate),
    billing_period_end: sent('billing_period_end', asDate),
  };
}

function checkIds(portal: Portal, columns: CloudColumns, user: UserRow, complaints: Complaints): void {
  const others = portal.users.all().filter(({ id }) => id !== user.id);
  const { project_id: projectId, cloud_user_id: cloudUserId } = columns;
  if (projectId !== null && projectId.length > 255) complaints.add('project_id', tooLong(255));
  if (projectId !== null && others.some((other) => other.project_id === projectId)) {
    complaints.add('project_id', taken);
  }
  const uuid = asUuid(cloudUserId);
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

function asUuid(text: string | null): string | null {
  return text === null ? null : dashed(text);
}

function today(portal: Portal): string {
  return isoTime(portal.clock.now()).slice(0, 10);
}
