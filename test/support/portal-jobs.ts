import { launchProblem } from '../../src/sandbox/portal/launch-gate.ts';
import type { UserRow } from '../../src/sandbox/portal/portal.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import type { RunningApi } from './api.ts';
import { adminOf } from './api-cloud.ts';

const password = 'ninas-own-password';

/** What a portal and its cluster builder ask of us when somebody signs up and launches a cluster, in one release. */
export class PortalJobs {
  readonly #sandbox: Sandbox;
  readonly #api: RunningApi;

  constructor(sandbox: Sandbox, api: RunningApi) {
    this.#sandbox = sandbox;
    this.#api = api;
  }

  /** A new user, and in releases with teams that user's: stored only as far as the release finds what it reads. */
  async signUp(login: string): Promise<UserRow> {
    const { portal } = this.#sandbox;
    const { id } = portal.addUser({ login, password });
    const found =
      portal.rules.owner === 'team' ? await this.#signUpTeam(login) : await this.#signUpUser(login);
    return portal.users.update(id, found);
  }

  /**
   * As the release's cluster builder does: it looks for credits, opens an order, has Heat make the stack, and writes on the
   * order whose it is. 1.0.0 makes the stack first; before and after there are no orders.
   */
  async launch({ login }: UserRow, servers: number): Promise<{ stackId: string; order: string | undefined }> {
    const { portal, population, cloud } = this.#sandbox;
    const user = portal.users.all().find((one) => one.login === login);
    if (!user) throw new Error(`nobody is called ${login}`);
    const problem = launchProblem(portal, user);
    if (problem !== undefined) throw new Error(`${login} ${problem}`);
    const account = {
      login,
      user: cloud.identity.users.get(user.cloud_user_id?.replaceAll('-', '') ?? '') ?? missing('user'),
      project: cloud.identity.projects.get(user.project_id ?? '') ?? missing('project'),
    };
    if (portal.rules.launchCredits === undefined) {
      return { stackId: population.addCluster(account, { servers }).id, order: undefined };
    }
    const billing_account_id = user.billing_acct_id;
    const { credits } = await this.#post('/get_credits', { credits: { billing_account_id } }, 200);
    if (Math.trunc(Number(credits)) <= 0) throw new Error('the cluster builder finds no credits');
    const { order } = await this.#post('/create_order', { order: { billing_account_id } }, 201);
    const stack = population.addCluster(account, { servers });
    const tag = (tag_name: string, tag_value: string) =>
      this.#post('/add_order_tag', { tag: { order_id: order, tag_name, tag_value } }, 201);
    await tag('openstack_stack_id', stack.id);
    if (portal.rules.owner === 'team') await tag('openstack_stack_name', stack.name);
    return { stackId: stack.id, order: String(order) };
  }

  async #signUpUser(username: string): Promise<Partial<UserRow>> {
    const { rules } = this.#sandbox.portal;
    const body = { cloud_env: adminOf(this.#sandbox), username, password };
    const answer = await this.#post('/create_user_project', body, 201);
    const account = rules.allowList ? answer['billing_account_id'] : answer['billing_acct_id'];
    // Without every value that the release expects, the job fails and stores nothing.
    if (rules.orders && !account) throw new Error('the answer names no billing account');
    return {
      cloud_user_id: String(answer['user_id']),
      project_id: String(answer['project_id']),
      ...(rules.orders && { billing_acct_id: String(account) }),
    };
  }

  async #signUpTeam(username: string): Promise<Partial<UserRow>> {
    const cloud_env = adminOf(this.#sandbox);
    const email = `${username}@test.com`;
    const user = await this.#post('/user', { cloud_env, username, name: username, password, email }, 201);
    const team = await this.#post('/team', { cloud_env, name: `${username}_team` }, 201);
    const account = team['billing_acct_id'];
    if (typeof account !== 'string' || account === '') throw new Error('the answer names no billing account');
    const ids = { project_id: team['project_id'], user_id: user['user_cloud_id'] };
    await this.#post('/team_role', { cloud_env, team_role: { role: 'admin', ...ids } }, 201);
    return {
      cloud_user_id: String(ids.user_id),
      project_id: String(ids.project_id),
      billing_acct_id: account,
    };
  }

  async #post(path: string, body: object, status: number): Promise<Record<string, unknown>> {
    const answer = await this.#api.send('POST', path, body);
    if (answer.status !== status) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }
}

function missing(what: string): never {
  throw new Error(`the cloud has no such ${what}`);
}
