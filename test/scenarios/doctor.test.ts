import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { profiles, releases } from '../../src/concertim/profile.ts';
import { describeDiagnosis, worstOf } from '../../src/doctor/describe.ts';
import { killBillLogin } from '../../src/sandbox/killbill/routes.ts';
import type { Portal, UserRow } from '../../src/sandbox/portal/portal.ts';
import { releaseRules } from '../../src/sandbox/portal/release-rules.ts';
import { signToken } from '../../src/sandbox/portal/tokens.ts';
import { signInBody } from '../../src/sandbox/portal/users.ts';
import type { Sandbox, SandboxOptions } from '../../src/sandbox/sandbox.ts';
import { ailments, type Clinic, type Settings, startClinic } from '../support/doctor.ts';
import { portalRelease } from '../support/portal-release.ts';
import { commandsIn, runPrinted } from '../support/printed-commands.ts';
import { rewriteRows, stackList } from '../support/rewrite-rows.ts';

interface Case {
  readonly fault: string;
  readonly sandbox?: SandboxOptions;
  readonly settings?: Settings;
  readonly spoil?: (clinic: Clinic) => void;
  readonly check: string;
  readonly level: 'ok' | 'warning' | 'error';
  /** In what was found. */
  readonly found: RegExp;
  /** In what is said to repair it. */
  readonly repair: RegExp;
  /** Whether `--fix` puts it right. */
  readonly isFixable?: true;
  readonly repaired: Repair;
}

/** How what it prints is done in the test. */
type Repair =
  /** The commands are run as they are printed, by an administrator of the cloud. */
  | {
      readonly how: 'its commands run';
      /** What it says to do beside them, by hand. */
      readonly afterwards?: (clinic: Clinic) => void;
    }
  /** The settings that it names get their right value. */
  | { readonly how: string; readonly settings: Readonly<Record<string, Value>> }
  /** What it says to do in a system that the sandbox stands in for is done to the sandbox. */
  | { readonly how: string; readonly act: (clinic: Clinic) => void }
  /** With the reason. */
  | { readonly how: `not run here: ${string}` };
type Value = string | undefined | ((clinic: Clinic) => string);

const { owner } = profiles[portalRelease()];
const commands: Repair = { how: 'its commands run' };
const settings = (right: Readonly<Record<string, Value>>): Repair => ({
  how: `${Object.keys(right).join(', ')} set`,
  settings: right,
});
const byHand = (what: string, act: (clinic: Clinic) => void): Repair => ({ how: `by hand: ${what}`, act });
const lifted = (what: string) => byHand(what, ({ sandbox }) => sandbox.faults.clear());
const ofSandbox =
  (section: 'openstack' | 'concertim', key: string): Value =>
  ({ sandbox }) =>
    (sandbox.config[section] as Record<string, string>)[key] ?? '';

/** They are a minute apart: what the first of them has is measured for long. */
const longRunning = { stacks: 20 };
const closed = 'http://127.0.0.1:1';
const role = ({ cloud }: Sandbox, name: string) => cloud.identity.role(name);
const asAdmin = { openstack: { username: 'admin' } };
const forbidden = (message: string) => JSON.stringify({ forbidden: { code: 403, message } });

/** Makes the sandbox's KillBill the billing platform; its CloudKitty, if it has one, has rated a server. */
function useKillBill({ sandbox, write }: Clinic, more: Readonly<Record<string, string>> = {}): void {
  const { password, apiKey: apikey, apiSecret: apisecret } = killBillLogin;
  const api_host = sandbox.services.killbill.url;
  write({ billing: { platform: 'killbill' }, killbill: { api_host, password, apikey, apisecret, ...more } });
  const { rating } = sandbox.cloud;
  rating.waitMs = 0;
  const hour = rating.processedUntil - 3_600_000;
  rating.push({ begin: hour, id: 'web', type: 'instance', projectId: 'p', quantity: 1, rate: 1 });
}

function firstAccount({ population }: Sandbox) {
  const [account] = population.accounts;
  if (!account) throw new Error('no account');
  return account;
}

/** Records that the service has seen a stack with these resources. */
function recordMembers({ folder }: Clinic, resources: readonly string[]): void {
  mkdirSync(join(folder, 'data'), { recursive: true });
  const line = JSON.stringify({ did: 'joined', stack: 's', resources, at: 1e12 });
  writeFileSync(join(folder, 'data', 'stacks.jsonl'), line);
}

const unit = 'openstack-billed-instance';
const cases: readonly Case[] = [
  {
    fault: 'KillBill rejects the password',
    sandbox: { rating: 'v2' },
    spoil: (clinic) => useKillBill(clinic, { password: 'wrong' }),
    check: 'billing.platform',
    level: 'error',
    found: /KillBill refused GET .* \(401\)/,
    repair: /killbill\.password/,
    repaired: settings({ 'killbill.password': killBillLogin.password }),
  },
  {
    fault: 'KillBill is not where the configuration says',
    sandbox: { rating: 'v2' },
    spoil: (clinic) => useKillBill(clinic, { api_host: closed }),
    check: 'billing.platform',
    level: 'error',
    found: /127\.0\.0\.1:1\b/,
    repair: /is killbill\.api_host right/,
    repaired: settings({ 'killbill.api_host': ({ sandbox }) => sandbox.services.killbill.url }),
  },
  {
    fault: 'the catalog of KillBill has no such plan',
    sandbox: { rating: 'v2' },
    spoil: (clinic) => useKillBill(clinic, { plan_name: 'gold' }),
    check: 'billing.platform',
    level: 'error',
    found: /has no plan gold with usage/,
    repair: /killbill\.plan_name/,
    repaired: settings({ 'killbill.plan_name': undefined }),
  },
  {
    fault: 'orders of the service of 2024 are there',
    sandbox: { rating: 'v2' },
    spoil: (clinic) => {
      useKillBill(clinic);
      clinic.sandbox.killBill.subscribe('account', 'made-by-killbill');
    },
    check: 'billing.orders',
    level: 'warning',
    found: /^Another service has opened 1 of the open orders/,
    repair: /billing\.usage_since/,
    repaired: settings({ 'billing.usage_since': '2099-01-01' }),
  },
  {
    fault: 'the catalog lacks a unit that CloudKitty rates',
    sandbox: { rating: 'v2' },
    spoil: (clinic) => {
      useKillBill(clinic);
      clinic.sandbox.killBill.units.delete(unit);
    },
    check: 'billing.units',
    level: 'error',
    found: /has no unit openstack-billed-instance$/,
    repair: /Add it to the catalog/,
    repaired: byHand('the unit added', ({ sandbox }) => void sandbox.killBill.units.set(unit, 1)),
  },
  {
    fault: 'a KillBill that counts whole units has dear ones',
    sandbox: { rating: 'v2' },
    spoil: (clinic) => {
      useKillBill(clinic);
      clinic.sandbox.killBill.version = '0.22.26';
    },
    check: 'billing.units',
    level: 'error',
    found: /One openstack-billed-instance costs 1, and this KillBill cuts/,
    repair: /price 0\.000001/,
    repaired: byHand('the price lowered', ({ sandbox }) => void sandbox.killBill.units.set(unit, 1e-6)),
  },
  {
    fault: 'something was rated that was in no stack, as far as is known',
    sandbox: { rating: 'v2', stacks: 0, servers: 0 },
    spoil: (clinic) => {
      useKillBill(clinic);
      const { rating } = clinic.sandbox.cloud;
      const { id: projectId } = firstAccount(clinic.sandbox).project;
      const hour = { begin: rating.processedUntil - 3_600_000, type: 'instance', projectId, quantity: 1 };
      rating.push({ ...hour, id: 'here', rate: 2 });
      rating.push({ ...hour, id: 'gone', rate: 12.4 });
      recordMembers(clinic, ['here']);
    },
    check: 'billing.stack-record',
    level: 'warning',
    found: /^12\.40 was rated this month and the last .*: 1, such as gone of project/,
    repair: /restore it from a backup/,
    repaired: byHand('stacks.jsonl restored', (clinic) => recordMembers(clinic, ['here', 'gone'])),
  },
  {
    fault: 'KillBill without CloudKitty',
    spoil: (clinic) => useKillBill(clinic),
    check: 'billing.units',
    level: 'warning',
    found: /The cloud has no CloudKitty/,
    repair: /billing\.rating: none/,
    repaired: settings({ 'billing.rating': 'none' }),
  },
  {
    fault: 'CloudKitty has the storage of v1',
    sandbox: { rating: 'v1' },
    spoil: (clinic) => useKillBill(clinic),
    check: 'billing.units',
    level: 'warning',
    found: /reports totals by project only/,
    repair: /version = 2/,
    repaired: settings({ 'billing.rating': 'none' }),
  },
  {
    fault: 'everybody may read the configuration',
    spoil: ({ file }) => chmodSync(file, 0o644),
    check: 'config.file',
    level: 'warning',
    found: /every user of this machine may read it/,
    repair: /^chmod o-rwx .*config\.yaml$/,
    repaired: commands,
  },
  {
    fault: 'a setting of 2024 that says nothing here',
    settings: { cloud_type: 'openstack' },
    check: 'config.notice',
    level: 'warning',
    found: /cloud_type/,
    repair: /Change or remove it/,
    repaired: settings({ cloud_type: undefined }),
  },
  {
    fault: 'data_dir is a file',
    settings: { data_dir: 'config.yaml' },
    check: 'config.data_dir',
    level: 'error',
    found: /cannot be written \(not a folder\)/,
    repair: /^Set data_dir to a folder/,
    repaired: settings({ data_dir: 'data' }),
  },
  {
    fault: 'log_dir lies below a file',
    settings: { log_dir: 'config.yaml/log' },
    check: 'config.log_dir',
    level: 'error',
    found: /cannot be written \(ENOTDIR\)/,
    repair: /^Set log_dir to a folder/,
    repaired: settings({ log_dir: 'log' }),
  },
  {
    fault: 'whoever reaches the component api may ask it',
    settings: { api: { host: '0.0.0.0' } },
    check: 'config.api',
    level: 'warning',
    found: /is open: anyone who can reach 0\.0\.0\.0:\d+ may use it without a token/,
    repair: /Set api\.jwt_secret/,
    repaired: settings({ 'api.jwt_secret': 'known-to-both-of-them-and-nobody-else' }),
  },
  {
    fault: 'a request without a token passes',
    settings: {
      api: { host: '0.0.0.0', jwt: 'if-present', jwt_secret: 'known-to-both-of-them-and-nobody-else' },
    },
    check: 'config.api',
    level: 'warning',
    found: /may use it by sending no token/,
    repair: /Set api\.jwt to required/,
    repaired: settings({ 'api.jwt': 'required' }),
  },
  {
    fault: 'data_dir is not set',
    spoil: (clinic) => clinic.set('data_dir', undefined),
    check: 'config.data_dir',
    level: 'ok',
    found: /data_dir is not set/,
    repair: /^Set `data_dir: /,
    repaired: settings({ data_dir: 'data' }),
  },
  {
    fault: 'Keystone is away',
    settings: { openstack: { auth_url: `${closed}/v3` } },
    check: 'keystone.sign-in',
    level: 'error',
    found: /did not answer .*ECONNREFUSED/,
    repair: /is the address right/,
    repaired: settings({ 'openstack.auth_url': ofSandbox('openstack', 'auth_url') }),
  },
  {
    fault: 'auth_url is another service',
    spoil: (clinic) => clinic.write({ openstack: { auth_url: `${clinic.sandbox.services.neutron.url}/v3` } }),
    check: 'keystone.sign-in',
    level: 'error',
    found: /\b404\b/,
    repair: /openstack\.auth_url/,
    repaired: settings({ 'openstack.auth_url': ofSandbox('openstack', 'auth_url') }),
  },
  {
    fault: 'a wrong password',
    settings: { openstack: { password: 'not-the-one' } },
    check: 'keystone.sign-in',
    level: 'error',
    found: /refused .*concertim.*401/,
    repair: /Check name and password/,
    repaired: settings({ 'openstack.password': ofSandbox('openstack', 'password') }),
  },
  {
    fault: 'a region that is not there',
    settings: { openstack: { region_name: 'RegionTwo' } },
    check: 'keystone.catalog.compute',
    level: 'error',
    found: /no public endpoint of type compute \(Nova\) in region RegionTwo/,
    repair: /public in RegionOne.*openstack\.region_name/,
    repaired: settings({ 'openstack.region_name': 'RegionOne' }),
  },
  {
    fault: 'an interface that a service has no endpoint of',
    settings: { openstack: { interface: 'internal' } },
    spoil: ({ sandbox }) => withoutEndpoints(sandbox, 'orchestration', 'internal'),
    check: 'keystone.catalog.orchestration',
    level: 'error',
    found: /no internal endpoint of type orchestration/,
    repair: /openstack\.interface.*openstack endpoint create/,
    repaired: settings({ 'openstack.interface': 'public' }),
  },
  {
    fault: 'a cloud without Gnocchi',
    spoil: ({ sandbox }) => withoutEndpoints(sandbox, 'metric', 'public'),
    check: 'keystone.catalog.metric',
    level: 'warning',
    found: /no public endpoint of type metric \(Gnocchi\)/,
    repair: /openstack endpoint create .* metric public URL/,
    repaired: lifted('Gnocchi installed, and put into the catalogue'),
  },
  {
    fault: 'a clock that is wrong',
    spoil: ({ sandbox }) =>
      void sandbox.faults.add({
        service: 'keystone',
        method: 'GET',
        path: /^\/v3\/$/,
        kind: 'answer',
        status: 200,
        headers: { date: 'Sun, 22 Nov 2020 12:00:00 GMT' },
      }),
    check: 'keystone.clock',
    level: 'warning',
    found: /clock is \d+ s behind this machine's/,
    repair: /chrony/,
    repaired: lifted('both machines keep the time'),
  },
  {
    fault: 'no role watcher',
    spoil: ({ sandbox }) => sandbox.cloud.identity.deleteRole(role(sandbox, 'watcher')),
    check: 'keystone.roles',
    level: 'error',
    found: /Role watcher does not exist/,
    repair: /^openstack role create watcher$/,
    isFixable: true,
    repaired: commands,
  },
  {
    fault: 'no role member',
    spoil: ({ sandbox }) => sandbox.cloud.identity.deleteRole(role(sandbox, 'member')),
    check: 'keystone.roles',
    level: 'error',
    found: /Role member does not exist/,
    repair: /^openstack role create member$/,
    isFixable: true,
    repaired: { how: 'its commands run', afterwards: addMembersAgain },
  },
  {
    fault: 'no role rating, and billing',
    settings: { billing: { enabled: true } },
    spoil: ({ sandbox }) => sandbox.cloud.identity.deleteRole(role(sandbox, 'rating')),
    check: 'keystone.roles',
    level: 'error',
    found: /Role rating does not exist/,
    repair: /^openstack role create rating$/,
    isFixable: true,
    repaired: commands,
  },
  {
    fault: 'no user concertim',
    settings: asAdmin,
    spoil: ({ sandbox }) => sandbox.cloud.identity.deleteUser(sandbox.population.concertim),
    check: 'keystone.users',
    level: 'error',
    found: /User concertim does not exist/,
    repair: /^openstack user create --domain default --password-prompt concertim$/,
    isFixable: true,
    repaired: commands,
  },
  {
    fault: 'no user cloudkitty, and billing',
    settings: { billing: { enabled: true } },
    check: 'keystone.users',
    level: 'error',
    found: /User cloudkitty does not exist/,
    repair: /^openstack user create .* cloudkitty$/,
    isFixable: true,
    repaired: commands,
  },
  {
    fault: 'the account is no administrator',
    spoil: ({ sandbox: { cloud, population } }) =>
      cloud.identity.revoke(population.concertim, population.admin, cloud.identity.role('admin')),
    check: 'keystone.account',
    level: 'error',
    found: /member.*, not admin/,
    repair: /^openstack role add --user \w+ --project \w+ admin$/,
    repaired: commands,
  },
  {
    fault: 'nobody watches a project',
    spoil: ({ sandbox }) =>
      sandbox.cloud.identity.revoke(
        sandbox.population.concertim,
        firstAccount(sandbox).project,
        role(sandbox, 'watcher'),
      ),
    check: 'keystone.watcher',
    level: 'warning',
    found: /not watcher in project \w+ of portal (?:user user1|team user1_team)/,
    repair: /^openstack role add --user \w+ --project \w+ watcher$/,
    isFixable: true,
    repaired: commands,
  },
  {
    fault: 'a portal user is an administrator of the cloud',
    spoil: ({ sandbox }) => {
      const { user, project } = firstAccount(sandbox);
      sandbox.cloud.identity.revoke(user, project, role(sandbox, 'member'));
      sandbox.cloud.identity.grant(user, project, 'admin');
    },
    check: 'keystone.portal-admins',
    level: 'error',
    found: /User \S+ \(\w+\) signed up in the portal and has the role admin in project \w+/,
    repair: /^openstack role add --user \w+ --project \w+ member; openstack role remove .* admin$/,
    isFixable: true,
    repaired: commands,
  },
  {
    fault: 'an administrator of the cloud is known to the portal by its description alone',
    spoil: ({ sandbox }) => {
      const { project } = firstAccount(sandbox);
      const draft = { name: 'CM_former', password: 'x', description: 'Concertim Managed User' };
      sandbox.cloud.identity.grant(sandbox.cloud.identity.createUser(draft), project, 'admin');
    },
    check: 'keystone.portal-admins',
    level: 'error',
    found: /User CM_former \(\w+\) signed up in the portal/,
    repair: /openstack role remove .* admin$/,
    isFixable: true,
    repaired: commands,
  },
  {
    fault: "a portal user's project is gone",
    spoil: ({ sandbox }) => sandbox.cloud.identity.deleteProject(firstAccount(sandbox).project),
    check: 'keystone.projects',
    level: 'error',
    found: /Project \w+ of portal (?:user user1|team user1_team) is not in Keystone/,
    repair: /right cloud/,
    repaired: byHand('the project id cleared, and the user saved again, in Concertim', giveProjects),
  },
  {
    fault: "a portal user's project is disabled",
    spoil: ({ sandbox }) => {
      firstAccount(sandbox).project.enabled = false;
    },
    check: 'keystone.projects',
    level: 'warning',
    found: /Project \w+ of portal (?:user user1|team user1_team) is disabled in Keystone/,
    repair: /openstack project set --enable \w+$/,
    repaired: byHand('the project enabled', ({ sandbox }) => {
      firstAccount(sandbox).project.enabled = true;
    }),
  },
  {
    fault: "the domain of a portal user's project is disabled",
    spoil: ({ sandbox }) => {
      const { identity } = sandbox.cloud;
      const domain = identity.createDomain('tenants');
      Object.assign(firstAccount(sandbox).project, { domainId: domain.id });
      identity.disableDomain(domain);
    },
    check: 'keystone.projects',
    level: 'warning',
    found:
      /Domain tenants \(\w+\) is disabled in Keystone; the project of portal (?:user user1|team user1_team) is in it$/,
    repair: /openstack domain set --enable \w+$/,
    repaired: byHand('the domain enabled', ({ sandbox }) => {
      for (const domain of sandbox.cloud.identity.domains) domain.enabled = true;
    }),
  },
  {
    fault: 'Nova refuses all_tenants',
    spoil: ({ sandbox }) =>
      void sandbox.faults.add({
        service: 'nova',
        path: /all_tenants/,
        kind: 'answer',
        status: 403,
        body: forbidden(
          "Policy doesn't allow os_compute_api:servers:detail:get_all_tenants to be performed.",
        ),
      }),
    check: 'nova.all_tenants',
    level: 'error',
    found: /Policy doesn't allow/,
    repair: /role admin/,
    repaired: lifted("let in by Nova's policy"),
  },
  {
    fault: 'Nova is away',
    spoil: ({ sandbox }) => void sandbox.faults.add({ service: 'nova', kind: 'answer', status: 503 }),
    check: 'nova',
    level: 'error',
    found: /Nova answered .* with 503/,
    repair: /systemctl status nova-api/,
    repaired: lifted('Nova started'),
  },
  {
    fault: 'Heat is away',
    spoil: ({ sandbox }) => void sandbox.faults.add({ service: 'heat', kind: 'answer', status: 503 }),
    check: 'heat',
    level: 'error',
    found: /Heat answered .* with 503/,
    repair: /systemctl status heat-api heat-engine/,
    repaired: lifted('Heat started'),
  },
  {
    fault: 'Heat is away when the racks are compared with its stacks',
    spoil: ({ sandbox }) => void sandbox.faults.add({ service: 'heat', kind: 'answer', status: 503 }),
    check: 'concertim.claims',
    level: 'error',
    found: /Heat answered .* with 503/,
    repair: /systemctl status heat-api heat-engine/,
    repaired: lifted('Heat started'),
  },
  {
    fault: 'Gnocchi is away',
    spoil: ({ sandbox }) =>
      void sandbox.faults.add({ service: 'gnocchi', kind: 'answer', status: 503, path: /archive_policy/ }),
    check: 'gnocchi',
    level: 'error',
    found: /Gnocchi answered .* with 503/,
    repair: /systemctl status gnocchi-api/,
    repaired: lifted('Gnocchi started'),
  },
  {
    fault: 'Heat lists project by project',
    sandbox: { adminContext: false },
    check: 'heat.list',
    level: 'ok',
    found: /only project by project/,
    repair: /stacks:global_index/,
    repaired: byHand("let in by Heat's policy", ({ sandbox }) => {
      Object.assign(sandbox.cloud.options, { heatGlobalIndex: true });
    }),
  },
  {
    fault: 'Heat lets a project not be listed',
    sandbox: { adminContext: false },
    spoil: ({ sandbox }) => {
      const { concertim } = sandbox.population;
      const { project } = firstAccount(sandbox);
      for (const name of ['member', 'watcher'])
        sandbox.cloud.identity.revoke(concertim, project, role(sandbox, name));
    },
    check: 'heat.project',
    level: 'error',
    found: /refuses to list the stacks of project \w+/,
    repair: /^openstack role add --user \w+ --project \w+ member$/,
    isFixable: true,
    repaired: commands,
  },
  {
    fault: 'Heat tells Nova no hints',
    check: 'heat.scheduler_hints',
    level: 'ok',
    found: /No server names/,
    repair: /stack_scheduler_hints = True/,
    repaired: byHand('stack_scheduler_hints in heat.conf, and a stack made since', ({ sandbox }) => {
      Object.assign(sandbox.cloud.options, { stackSchedulerHints: true });
      const { project, user: owner } = firstAccount(sandbox);
      const [template] = [...sandbox.cloud.orchestration.stacks()].flatMap((stack) => stack.template ?? []);
      if (!template) throw new Error('no stack has a template');
      sandbox.cloud.orchestration.createStack({ name: 'since', project, owner, template });
      sandbox.cloud.settle();
    }),
  },
  {
    fault: 'Concertim is away',
    settings: { concertim: { concertim_url: closed } },
    check: 'concertim.sign-in',
    level: 'error',
    found: /did not answer .*ECONNREFUSED/,
    repair: /is the address right/,
    repaired: settings({ 'concertim.concertim_url': ofSandbox('concertim', 'concertim_url') }),
  },
  {
    fault: "Concertim's password is wrong",
    settings: { concertim: { concertim_password: 'not-the-one' } },
    check: 'concertim.sign-in',
    level: 'error',
    found: /refused the sign-in of "admin"/,
    repair: /concertim_username .*concertim_password/,
    repaired: settings({ 'concertim.concertim_password': 'admin' }),
  },
  {
    fault: 'the login is no super-user',
    settings: { concertim: { concertim_username: 'user1', concertim_password: 'secret' } },
    check: 'concertim.sign-in',
    level: 'error',
    found: /"user1" is not a super-user/,
    repair: /admin/,
    repaired: settings({ 'concertim.concertim_username': 'admin', 'concertim.concertim_password': 'admin' }),
  },
  {
    fault: 'a portal of a release that is not known',
    spoil: ({ sandbox }) =>
      void sandbox.faults.add({
        service: 'concertim',
        path: /sign_in\.json/,
        kind: 'rewrite',
        // Every release has one of the two or both, so that a portal with neither fits none.
        rewrite: (body) => without(body as Record<string, unknown>, 'deleted_at', 'project_id'),
      }),
    check: 'concertim.release',
    level: 'error',
    found: /does not know/,
    repair: /concertim\.release/,
    repaired: lifted('a portal of a known release behind the address'),
  },
  {
    fault: 'the portal is reached by TLS only',
    spoil: ({ sandbox }) =>
      void sandbox.faults.add({
        service: 'concertim',
        kind: 'answer',
        status: 307,
        headers: { location: 'https://concertim.example.com/users/sign_in.json' },
      }),
    check: 'concertim.sign-in',
    level: 'error',
    found: /307/,
    repair: /concertim_url as https:\/\/concertim\.example\.com/,
    repaired: { how: 'not run here: doctor-tls.test.ts does' },
  },
  {
    fault: 'tokens of the portal that soon end',
    spoil: ({ sandbox: { faults, portal } }) =>
      void faults.add({
        service: 'concertim',
        path: /users\/sign_in/,
        kind: 'answer',
        status: 200,
        body: JSON.stringify(signInBody(portal, admin(portal))),
        headers: { authorization: `Bearer ${shortToken(portal)}` },
      }),
    check: 'concertim.token',
    level: 'warning',
    found: /lasts 5 minutes/,
    repair: /jwt\.expiration_time/,
    repaired: lifted('jwt.expiration_time a day'),
  },
  {
    fault: 'a user without a project',
    spoil: ({ sandbox }) => void sandbox.portal.addUser({ login: 'newcomer' }),
    check: `concertim.${owner}s`,
    level: 'warning',
    found: /(?:Users|Teams) without a Keystone project: newcomer/,
    repair: /component api/,
    repaired: byHand('the user saved again in Concertim, with the component api running', giveProjects),
  },
  {
    fault: 'two users with one project',
    spoil: ({ sandbox }) =>
      void sandbox.portal.addUser({ login: 'second', project_id: firstAccount(sandbox).project.id }),
    check: `concertim.${owner}s`,
    level: 'warning',
    found: /belongs to user1(?:_team)?, second/,
    repair: /one of them/,
    repaired: byHand('the project id left to one of them', ({ sandbox: { portal } }) => {
      const [second] = portal.users.all().filter(({ login }) => login === 'second');
      portal.users.remove(second?.id ?? 0);
    }),
  },
  {
    fault: 'a rack whose owner has no project',
    spoil: ({ sandbox: { portal } }) => {
      const { id } = portal.addUser({ login: 'former' });
      portal.addRack({ user_id: id, name: 'orphan', metadata: { openstack_stack_id: 's1' } });
    },
    check: 'concertim.racks',
    level: 'warning',
    found: /whose owner has no project: orphan/,
    repair: /Set the project of their owner/,
    repaired: byHand(
      'its owner given a project again, and the rack removed by a run, since its stack is gone',
      (clinic) => {
        giveProjects(clinic);
        const { racks } = clinic.sandbox.portal;
        racks.remove(racks.all().find(({ name }) => name === 'orphan')?.id ?? 0);
      },
    ),
  },
  {
    fault: "a rack that names another tenant's stack",
    spoil: ({ sandbox: { portal, cloud, population } }) => {
      const [first, second] = population.accounts;
      const user = portal.users.all().find(({ login }) => login === first?.login);
      const stack = [...cloud.orchestration.stacks()].find(
        ({ projectId, parent }) => projectId === second?.project.id && !parent,
      );
      portal.addRack({
        user_id: user?.id ?? 0,
        name: 'forged',
        metadata: { openstack_stack_id: stack?.id ?? '' },
      });
    },
    check: 'concertim.claims',
    level: 'warning',
    found: /^rack \S+ owned by user1(?:_team)? claims stack \S+ of project \S+$/,
    repair: /Delete it in Concertim/,
    repaired: byHand('the rack deleted', ({ sandbox: { portal } }) => {
      const forged = portal.racks.all().find(({ name }) => name === 'forged');
      portal.racks.remove(forged?.id ?? 0);
    }),
  },
  {
    fault: 'a rack of the Python service whose stack is gone',
    spoil: ({ sandbox: { portal, population } }) => {
      const user = portal.users.all().find(({ login }) => login === population.accounts[0]?.login);
      portal.addRack({
        user_id: user?.id ?? 0,
        name: 'left',
        metadata: { openstack_stack_id: '5f0c1f5e-0000-4000-8000-000000000000' },
      });
    },
    check: 'concertim.gone-stacks',
    level: 'warning',
    found: /^Heat does not list the stacks of 1 rack: left \(\S+\)$/,
    repair: /allow-deletions --yes lets the running service remove them/,
    repaired: byHand('the rack removed', ({ sandbox: { portal } }) => {
      const left = portal.racks.all().find(({ name }) => name === 'left');
      portal.racks.remove(left?.id ?? 0);
    }),
  },
  {
    fault: 'a stack whose row in the list of Heat has no status',
    spoil: ({ sandbox }) =>
      void rewriteRows(sandbox, stackList, (row, at) => (at ? row : { ...row, stack_status: undefined })),
    check: 'heat.rows',
    level: 'warning',
    found: /^Heat lists 1 stack in a way that is not understood: \S+ \(stack_status: .+\)$/,
    repair: /openstack stack show/,
    repaired: byHand('the service updated', ({ sandbox: { faults } }) => faults.clear()),
  },
  {
    fault: "a device that names another tenant's server",
    spoil: ({ sandbox: { portal, cloud, population } }) => {
      const [first, second] = population.accounts;
      const user = portal.users.all().find(({ login }) => login === first?.login);
      const server = [...cloud.compute.servers()].find(({ projectId }) => projectId === second?.project.id);
      const { id } = portal.addRack({ user_id: user?.id ?? 0, name: 'forged' });
      const template = portal.addTemplate({ name: 'by hand' });
      portal.addDevice({
        template_id: template.id,
        rack_id: id,
        name: 'forged',
        start_u: 1,
        metadata: { openstack_instance_id: server?.id ?? '' },
      });
    },
    check: 'concertim.device-claims',
    level: 'warning',
    found: /^device \S+ owned by user1(?:_team)? claims server \S+ of project \S+$/,
    repair: /Delete it in Concertim/,
    repaired: byHand('the device deleted', ({ sandbox: { portal } }) => {
      const forged = portal.devices.all().find(({ name }) => name === 'forged');
      portal.devices.remove(forged?.id ?? 0);
    }),
  },
  {
    fault: 'no metric daemon behind the portal',
    spoil: ({ sandbox }) => spoilDaemon(sandbox, 404, '404 page not found'),
    check: 'concertim.metric-daemon',
    level: 'warning',
    found: /no metric daemon .*404 page not found/,
    repair: /location \^~ \/mrd\//,
    repaired: lifted('nginx sends /mrd/ to the daemon'),
  },
  {
    fault: "the portal's own 404 where the daemon should answer",
    spoil: ({ sandbox }) =>
      void sandbox.faults.add({
        service: 'concertim',
        path: /^\/mrd\//,
        kind: 'answer',
        status: 404,
        body: '{"status":404,"error":"Not Found"}',
        headers: { 'content-type': 'application/json' },
      }),
    check: 'concertim.metric-daemon',
    level: 'warning',
    found: /no metric daemon .*\(404\)/,
    repair: /location \^~ \/mrd\//,
    repaired: lifted('nginx sends /mrd/ to the daemon'),
  },
  {
    fault: 'the metric daemon has another secret',
    spoil: ({ sandbox }) => spoilDaemon(sandbox, 401, 'token is unauthorized'),
    check: 'concertim.metric-daemon',
    level: 'error',
    found: /token is unauthorized/,
    repair: /same secret/,
    repaired: lifted('the secret given to the daemon'),
  },
  {
    fault: 'the metric daemon is down',
    spoil: ({ sandbox }) => spoilDaemon(sandbox, 502),
    check: 'concertim.metric-daemon',
    level: 'error',
    found: /Nothing answers behind .* \(502\)/,
    repair: /Start the metric daemon/,
    repaired: lifted('the daemon started'),
  },
  {
    fault: 'Gnocchi has no archive policy that keeps means',
    spoil: ({ sandbox: { telemetry } }) => {
      telemetry.usualPolicy = { counters: 'bool', gauges: 'bool' };
      for (const name of telemetry.policies.keys()) if (name !== 'bool') telemetry.policies.delete(name);
    },
    check: 'gnocchi.archive-policies',
    level: 'error',
    found: /None of the archive policies keeps the mean: bool/,
    repair: /^gnocchi archive-policy create .*-m mean concertim;/,
    isFixable: true,
    repaired: {
      how: 'its commands run',
      afterwards: ({ sandbox: { telemetry } }) => {
        telemetry.usualPolicy = { counters: 'concertim', gauges: 'concertim' };
      },
    },
  },
  {
    fault: 'nothing is measured',
    sandbox: longRunning,
    spoil: ({ sandbox: { cloud, telemetry } }) => {
      for (const { id } of cloud.compute.servers()) telemetry.except(id, { isSilent: true });
    },
    check: 'gnocchi.measures',
    level: 'warning',
    found: /newest measure of cpu of running instance \S+ is older than two hours/,
    repair: /ceilometer-agent-compute/,
    repaired: byHand('the agent started', measureAgain),
  },
  {
    fault: 'Gnocchi knows no server',
    sandbox: longRunning,
    spoil: ({ sandbox: { cloud, telemetry } }) => {
      for (const { id } of cloud.compute.servers()) telemetry.except(id, { isAbsent: true });
    },
    check: 'gnocchi.measures',
    level: 'warning',
    found: /metric cpu for none of \d running servers/,
    repair: /polling\.yaml/,
    repaired: byHand('the meter cpu in polling.yaml', measureAgain),
  },
  {
    fault: 'Ceilometer measures every five minutes',
    spoil: ({ sandbox: { telemetry } }) => {
      telemetry.usualPolicy = { counters: 'low', gauges: 'low' };
    },
    check: 'gnocchi.interval',
    level: 'ok',
    found: /archive policy low keeps 300 s/,
    repair: /interval: 60/,
    repaired: byHand('interval: 60, and a policy of 60 s', ({ sandbox: { telemetry } }) => {
      telemetry.usualPolicy = { counters: 'high', gauges: 'high' };
    }),
  },
  {
    fault: 'RabbitMQ is away',
    settings: { rmq: { rmq_address: '127.0.0.1', rmq_port: 1, rmq_password: 'secret' } },
    check: 'rabbitmq.connection',
    level: 'error',
    found: /cannot be reached/,
    repair: /rmq\.rmq_address/,
    repaired: { how: 'not run here: doctor-broker.rabbitmq.test.ts does' },
  },
  {
    fault: 'no broker is configured',
    check: 'rabbitmq.connection',
    level: 'ok',
    found: /rmq_address is not set/,
    repair: /updates_mq/,
    repaired: { how: 'not run here: doctor-broker.rabbitmq.test.ts does' },
  },
];

/** Of five minutes, for the administrator. */
function admin({ users }: Portal): UserRow {
  const [first] = users.all();
  if (!first) throw new Error('the portal has no user');
  return first;
}

function without(body: Record<string, unknown>, ...names: string[]): object {
  return Object.fromEntries(Object.entries(body).filter(([name]) => !names.includes(name)));
}

function shortToken(portal: Portal): string {
  const { clock, secret, ids, allowedTokens } = portal;
  const iat = Math.floor(clock.now() / 1_000);
  allowedTokens.add('short');
  return signToken(
    {
      sub: String(ids.show('user', admin(portal).id)),
      scp: 'user',
      iat,
      exp: String(iat + 300),
      jti: 'short',
    },
    secret,
  );
}

function spoilDaemon({ faults }: Sandbox, status: number, text?: string): void {
  const body = text === undefined ? {} : { body: `${text}\n`, headers: { 'content-type': 'text/plain' } };
  faults.add({ service: 'concertim', path: /^\/mrd\//, kind: 'answer', status, ...body });
}

function withoutEndpoints({ faults }: Sandbox, type: string, face: string): void {
  type Body = { token: { catalog: { type: string; endpoints: { interface: string }[] }[] } };
  faults.add({
    service: 'keystone',
    path: /auth\/tokens/,
    kind: 'rewrite',
    rewrite: (body) => {
      const { token } = body as Body;
      const catalog = token.catalog.map((entry) =>
        entry.type === type
          ? { ...entry, endpoints: entry.endpoints.filter((endpoint) => endpoint.interface !== face) }
          : entry,
      );
      return { token: { ...token, catalog } };
    },
  });
}

/** What the component api does for a user whom the portal asks a project for. */
function giveProjects({ sandbox: { portal, cloud, population } }: Clinic): void {
  const { identity } = cloud;
  for (const { id, login, root, project_id } of portal.users.all()) {
    if (root || (project_id !== null && identity.projects.has(project_id))) continue;
    const project = identity.createProject({ name: `CM_${login}_new`, description: 'Concertim Managed' });
    identity.grant(population.concertim, project, 'member', 'watcher');
    portal.users.update(id, { project_id: project.id });
    const account = population.accounts.find((each) => each.login === login);
    if (account) identity.grant(account.user, project, 'member');
  }
}

/**
 * The configured role has changed: a member lacks the new one until Concertim requests it for each member of
 * a team.
 */
function addMembersAgain({ sandbox: { cloud, population } }: Clinic): void {
  for (const { user, project } of population.accounts) cloud.identity.grant(user, project, 'member');
}

function measureAgain({ sandbox: { cloud, telemetry } }: Clinic): void {
  for (const { id } of cloud.compute.servers()) telemetry.except(id, { isSilent: false, isAbsent: false });
}

/** The commands of all findings, as long as there are any: one may be what the next stands on. @returns those run */
async function runCommands(
  { examine, sandbox }: Clinic,
  afterwards: (() => void) | undefined,
): Promise<string[]> {
  const done: string[] = [];
  for (let round = 0; round < 3; round++) {
    const printed = ailments(await examine()).flatMap(({ repair }) => commandsIn(repair ?? ''));
    for (const command of printed) await runPrinted(command, sandbox);
    done.push(...printed);
    afterwards?.();
    if (printed.length === 0) break;
  }
  return done;
}

async function carryOut(repair: Repair, clinic: Clinic, printed: string): Promise<void> {
  if ('settings' in repair) {
    for (const [path, value] of Object.entries(repair.settings)) {
      expect(printed).toContain(path);
      clinic.set(path, typeof value === 'function' ? value(clinic) : value);
    }
  } else if ('act' in repair) {
    repair.act(clinic);
  } else if (repair.how === 'its commands run') {
    const done = await runCommands(
      clinic,
      'afterwards' in repair ? () => repair.afterwards?.(clinic) : undefined,
    );
    expect(done).toEqual(expect.arrayContaining(commandsIn(printed)));
    expect(done).not.toEqual([]);
  }
}

test.each(cases)('$fault: $check names it; $repaired.how: all is well', async (given) => {
  await using clinic = await startClinic(given.sandbox);
  clinic.write(given.settings);
  given.spoil?.(clinic);

  const { findings } = await clinic.examine();

  const told = findings.filter(({ check, found }) => check === given.check && given.found.test(found));
  expect(told, JSON.stringify(findings, undefined, 1)).toHaveLength(1);
  expect(told[0]).toMatchObject({
    level: given.level,
    why: expect.any(String),
    repair: expect.stringMatching(given.repair),
  });
  expect(told[0]?.remedy !== undefined).toBe(given.isFixable ?? false);
  if (given.repaired.how.startsWith('not run here')) return;

  await carryOut(given.repaired, clinic, `${told[0]?.found}\n${told[0]?.repair}`);

  const after = await clinic.examine();
  expect(ailments(after)).toEqual([]);
  expect(after.findings.filter(({ found }) => given.found.test(found))).toEqual([]);
});

test('where Nova lists no servers, that alone is reported', async () => {
  await using clinic = await startClinic();
  clinic.sandbox.faults.add({ service: 'nova', path: /servers/, kind: 'answer', status: 503 });

  const diagnosis = await clinic.examine();

  expect(ailments(diagnosis).map(({ check }) => check)).toEqual(['nova']);
  expect(diagnosis.unchecked).toEqual(
    expect.arrayContaining([
      { check: 'gnocchi.measures', because: 'Nova lists no servers' },
      { check: 'concertim.device-claims', because: 'Nova did not list all servers in time' },
    ]),
  );
  expect(diagnosis.unchecked).toHaveLength(2);
});

test('servers that were made just now need not have been measured yet', async () => {
  await using clinic = await startClinic();
  const { cloud, telemetry } = clinic.sandbox;
  for (const { id } of cloud.compute.servers()) telemetry.except(id, { isSilent: true });

  const { findings } = await clinic.examine();

  expect(findings.find(({ check }) => check === 'gnocchi.measures')).toMatchObject({
    level: 'ok',
    found: 'No server has run for 15 minutes: they may not have been polled yet',
  });
});

/** All that a write could change. */
function stateOf({ cloud, portal, telemetry, metricDaemon }: Sandbox): unknown {
  const { identity, compute, orchestration, keyPairs } = cloud;
  const users = [...identity.users.values()];
  return structuredClone({
    users,
    projects: [...identity.projects.values()],
    roles: identity.roles,
    grants: identity.grants(),
    keyPairs: users.map(({ id }) => keyPairs.of(id)),
    servers: [...compute.servers()].map(({ id, vmState, updatedAt }) => ({ id, vmState, updatedAt })),
    stacks: [...orchestration.stacks()].map(({ id, updatedAt }) => ({ id, updatedAt })),
    policies: [...telemetry.policies.keys()],
    portal: [portal.users, portal.racks, portal.devices, portal.templates].map((table) => table.all()),
    figures: [0, ...portal.devices.all().map(({ id }) => id)].map((id) => [...metricDaemon.shown(id)]),
  });
}

test('a healthy cloud is said to be so within ten seconds, and nothing is written', async () => {
  await using clinic = await startClinic();
  const { sandbox } = clinic;
  const before = stateOf(sandbox);
  const startedAt = performance.now();

  const diagnosis = await clinic.examine();

  expect(performance.now() - startedAt).toBeLessThan(10_000);
  expect(ailments(diagnosis)).toEqual([]);
  expect(diagnosis.unchecked).toEqual([]);
  expect(worstOf(diagnosis)).toBe('ok');
  expect(describeDiagnosis(diagnosis)).toMatch(/\nAll is well: \d+ checks\.$/);
  expect(stateOf(sandbox)).toEqual(before);
  const others = Object.values(sandbox.services)
    .flatMap(({ seen }) => seen)
    .filter(({ method }) => method !== 'GET')
    .map(({ method, url }) => `${method} ${url.split('?')[0]}`);
  // Signing in, what is asked for by POST, and a PUT that is empty: whether a token is taken is said to no other.
  expect(new Set(others)).toEqual(
    new Set([
      'POST /v3/auth/tokens',
      'POST /users/sign_in.json',
      'POST /v1/search/resource/instance',
      'POST /v1/aggregates',
      'PUT /mrd/0/metrics',
    ]),
  );
});

test.each(cases.filter(({ isFixable }) => isFixable))('$fault: --fix puts it right', async (given) => {
  await using clinic = await startClinic(given.sandbox);
  clinic.write(given.settings);
  given.spoil?.(clinic);

  await clinic.treat();

  const again = await clinic.examine();
  expect(
    ailments(again).filter(({ check, found }) => check === given.check && given.found.test(found)),
  ).toEqual([]);
});

test.each(['0.2.1', '1.1', 'main', 'next'] as const)(
  'a healthy portal of release %s is said to be so',
  async (release) => {
    await using clinic = await startClinic({ release });

    const diagnosis = await clinic.examine();

    expect(ailments(diagnosis)).toEqual([]);
    expect(worstOf(diagnosis)).toBe('ok');
  },
);

test.each(releases.filter((release) => releaseRules[release].owner === 'team'))(
  'portal %s: a member of a team whose role was lost at sign-up is named, and how to give it',
  async (release) => {
    await using clinic = await startClinic({ release });
    const { identity } = clinic.sandbox.cloud;
    const { user, project } = firstAccount(clinic.sandbox);
    const found = async () =>
      (await clinic.examine()).findings.filter(({ check }) => check === 'keystone.team-members');
    const before = await found();
    identity.revoke(user, project, role(clinic.sandbox, 'member'));

    expect(before).toMatchObject([{ level: 'ok' }]);
    expect(await found()).toMatchObject([
      {
        level: 'warning',
        found: `Portal user user1 is in team user1_team and has no role in its project ${project.id}`,
        repair: 'in Concertim, remove user user1 from team user1_team and add the user again',
      },
    ]);
  },
);

test('the members of teams are not checked in a portal without teams', async () => {
  await using clinic = await startClinic({ release: '1.1' });

  const { findings } = await clinic.examine();

  expect(findings.map(({ check }) => check)).not.toContain('keystone.team-members');
});

test.each([0, 1, 5, 6])(
  'of %i racks whose rows are not understood each is named, up to five',
  async (count) => {
    await using clinic = await startClinic();
    const { portal, faults } = clinic.sandbox;
    const [user] = portal.users.all();
    const racks = Array.from({ length: 8 }, (_, at) =>
      portal.addRack({ user_id: user?.id ?? 0, name: `by hand ${at}` }),
    );
    const idOf = ({ id }: (typeof racks)[number]) => portal.ids.show('rack', id);
    const odd = new Set(racks.slice(0, count).map(idOf));
    faults.add({
      service: 'concertim',
      method: 'GET',
      path: /racks/,
      kind: 'rewrite',
      rewrite: (body) =>
        (body as { id: ReturnType<typeof idOf> }[]).map((row) =>
          odd.has(row.id) ? { ...row, u_height: 'odd' } : row,
        ),
    });

    const { findings } = await clinic.examine();

    const said = findings.filter(({ check }) => check === 'concertim.rows').map(({ found }) => found);
    const named = racks.slice(0, Math.min(count, 5)).map((row) => `rack ${row.name} (${idOf(row)}): `);
    expect(said).toHaveLength(count === 0 ? 0 : 1);
    for (const name of named) expect(said[0]).toContain(name);
    expect(said[0]?.match(/by hand/g) ?? []).toHaveLength(named.length);
    expect(said[0]?.endsWith(' and 1 more') ?? false).toBe(count === 6);
  },
);
