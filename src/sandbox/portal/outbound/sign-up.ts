import { dashed, type UserRow } from '../portal.ts';
import { RecordInvalid } from './job-queue.ts';
import { keep, mustHaveUser, type OutboundContext, textIn } from './outbound-context.ts';
import { queueTeam } from './teams.ts';

/** What the form for signing up asks for. */
export interface SignUpForm {
  readonly login: string;
  readonly name?: string;
  readonly email?: string;
  readonly password: string;
}

/** Somebody signs up: a row in the portal at once, an account in the cloud by a job. */
export function signUp(context: OutboundContext, form: SignUpForm): UserRow {
  const { portal } = context;
  if (portal.users.all().some(({ login }) => login === form.login)) {
    throw new RecordInvalid('Login has already been taken');
  }
  const user = portal.addUser({ ...form, team_name: null });
  queueSignUp(context, user.id);
  return user;
}

function queueSignUp(context: OutboundContext, userId: number): void {
  const { login } = mustHaveUser(context, userId);
  const perform =
    context.rules.signUp === 'user'
      ? () => createUser(context, userId)
      : () => createUserProject(context, userId);
  context.jobs.add({ name: 'UserSignupJob', about: login }, perform);
}

/** The cloud configuration is created again: everybody but super-users is signed up again. */
export function configureCloud(context: OutboundContext): void {
  for (const { id, root } of context.portal.users.all()) if (!root) queueSignUp(context, id);
}

/** In releases without teams. */
async function createUserProject(context: OutboundContext, userId: number): Promise<void> {
  const { portal, rules, companion, admin } = context;
  const user = mustHaveUser(context, userId);
  const { body } = await companion.call({
    method: 'POST',
    path: '/create_user_project',
    body: {
      cloud_env: admin(),
      username: user.login,
      password: user.foreign_password,
      ...(rules.tellsEmail && { email: user.email }),
      ...known({
        cloud_user_id: user.cloud_user_id,
        project_id: user.project_id,
        ...(rules.account && { [rules.account]: user.billing_acct_id }),
      }),
    },
  });
  const [id, projectId] = [textIn(body, 'user_id'), textIn(body, 'project_id')];
  const accountId = rules.account && textIn(body, rules.account);
  const hasAccount = rules.account === undefined || accountId !== undefined;
  if (!id || !projectId) throw new Error("Validation failed: Cloud user or Project can't be blank");
  const cloud = { cloud_user_id: portal.rules.namesExceptions ? id : uuidOf(id), project_id: projectId };
  const account = accountId === undefined ? {} : { billing_acct_id: accountId };
  if (rules.keepsParts) {
    keep(context, userId, cloud);
    keep(context, userId, account);
  }
  if (!hasAccount) throw new Error("Validation failed: Billing acct can't be blank");
  if (!rules.keepsParts) keep(context, userId, { ...cloud, ...account });
}

/** In releases with teams: the first link of a chain. */
async function createUser(context: OutboundContext, userId: number): Promise<void> {
  const { companion, admin, jobs } = context;
  const user = mustHaveUser(context, userId);
  const { body } = await companion.call({
    method: 'POST',
    path: '/user',
    body: {
      cloud_env: admin(),
      username: user.login,
      name: user.name,
      password: user.foreign_password,
      email: user.email,
    },
  });
  const id = textIn(body, 'user_cloud_id');
  if (id === undefined) throw new Error("Validation failed: Cloud user can't be blank");
  keep(context, userId, { cloud_user_id: id });
  jobs.add({ name: 'CreateSingleUserTeamJob', about: user.login }, async () =>
    createOwnTeam(context, userId),
  );
}

/** Creates the team's row; the job that it queues creates the project in the cloud. */
function createOwnTeam(context: OutboundContext, userId: number): void {
  const { portal } = context;
  const user = mustHaveUser(context, userId);
  if (user.team_name !== null) return;
  // A team's name has letters, digits, spaces, - and _: a login with a dot never gets a team.
  if (!/^[\w -]+$/.test(user.login)) throw new RecordInvalid('Validation failed: Name can contain only …');
  portal.users.update(userId, { team_name: `${user.login}_team` });
  const role = portal.teamRoles.insert({ user_id: userId, team_id: userId, role: 'admin' });
  queueTeam(context, userId, { thenRole: role.id });
}

/** The values without those that are null. */
function known(values: Readonly<Record<string, string | null>>) {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}

/** What is no UUID becomes null in a column of that type. */
function uuidOf(id: string): string | null {
  return /^([\da-f]{4}-?){8}$/i.test(id) ? dashed(id) : null;
}
