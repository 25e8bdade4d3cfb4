import type { Release } from '../../concertim/profile.ts';

/** How the sandbox's portal differs between releases. It does not use the product's own table, which is tested against this one. */
export interface ReleaseRules {
  readonly ids: 'integer' | 'uuid';
  /** Who owns racks. In releases with teams each user except super-users has a team of their own. */
  readonly owner: 'user' | 'team';
  readonly orders: boolean;
  /** Credits without which an owner may launch no cluster; undefined: the release has none, or keeps units of its own. */
  readonly launchCredits: number | undefined;
  readonly clusterTypes: boolean;
  readonly devices: 'bare' | 'flat' | 'details' | 'typed';
  /** `$1.50`, `1.50`, or not at all. */
  readonly money: 'dollars' | 'plain' | 'none';
  /** Tokens are on a list that a sign-out takes them from. */
  readonly allowList: boolean;
  /** The path under which people sign in and out. Signing in at `/users` stays possible in all releases. */
  readonly accountsPath: '/users' | '/accounts';
  /** Of users by the API: at once, or marked until a job has done so in the cloud; undefined: the API has no such call. */
  readonly userDeletion: 'at once' | 'by a job' | undefined;
  /** Of the answer to a sign-in: what differs between releases. */
  readonly signInKeys: readonly string[];
  /** Of a user in a list, besides id, login, name and fullname: what super-users have too, and what they do not. */
  readonly userKeys: readonly string[];
  readonly memberKeys: readonly string[];
  readonly teamKeys: readonly string[];
  /** Words its refusals for lack of rights, and its crashes, as Rails 7.0.8 and later do. */
  readonly namesExceptions: boolean;
  /** Pages that only some releases have: they redirect visitors who are not signed in. */
  readonly pages: readonly string[];
}

const team = '/teams/:id';
const teamBillingPages = [`${team}/invoices`, `${team}/credit_deposits/new`];

const first: ReleaseRules = {
  ids: 'integer',
  owner: 'user',
  orders: false,
  launchCredits: undefined,
  clusterTypes: false,
  devices: 'bare',
  money: 'none',
  allowList: false,
  accountsPath: '/users',
  userDeletion: undefined,
  signInKeys: ['fixme_encrypt_this_already_plaintext_password', 'project_id'],
  userKeys: [],
  memberKeys: ['cloud_user_id', 'project_id'],
  teamKeys: [],
  namesExceptions: false,
  pages: [],
};

const ofAugust: ReleaseRules = {
  ...first,
  devices: 'flat',
  money: 'dollars',
  signInKeys: [...first.signInKeys, 'cost', 'billing_period_start', 'billing_period_end'],
  userKeys: ['email', 'root'],
  memberKeys: [...first.memberKeys, 'cost', 'billing_period_start', 'billing_period_end'],
  pages: ['/users/key_pairs'],
};

const withOrders: ReleaseRules = {
  ...ofAugust,
  orders: true,
  money: 'plain',
  userDeletion: 'at once',
  signInKeys: [
    'foreign_password',
    'project_id',
    'cost',
    'billing_period_start',
    'billing_period_end',
    'billing_acct_id',
  ],
  memberKeys: [...ofAugust.memberKeys, 'billing_acct_id'],
  namesExceptions: true,
  pages: ['/users/key_pairs', '/invoices', '/api/v1/data-source-maps'],
};

const withCredits: ReleaseRules = {
  ...withOrders,
  ids: 'uuid',
  launchCredits: 25,
  allowList: true,
  accountsPath: '/accounts',
  userDeletion: 'by a job',
  signInKeys: [...withOrders.signInKeys, 'credits', 'deleted_at', 'pending_foreign_password'],
  userKeys: ['email', 'root', 'status'],
  pages: ['/racks/:id', '/devices/:id', '/invoices', '/key_pairs', '/api/v1/data-source-maps'],
};

const withTeams: ReleaseRules = {
  ...withCredits,
  owner: 'team',
  devices: 'details',
  signInKeys: ['foreign_password', 'deleted_at', 'pending_foreign_password'],
  userKeys: ['email', 'root', 'status', 'team_roles'],
  memberKeys: ['cloud_user_id'],
  teamKeys: ['billing_acct_id', 'billing_period_start', 'billing_period_end', 'cost', 'credits'],
  pages: [
    '/racks/:id',
    '/devices/:id',
    '/key_pairs',
    '/statistics',
    '/teams',
    `${team}/quotas`,
    ...teamBillingPages,
    '/api/v1/data-source-maps',
    '/api/v1/users/permissions',
  ],
};

const withTypes: ReleaseRules = {
  ...withTeams,
  devices: 'typed',
  pages: [...withTeams.pages.filter((page) => page !== `${team}/quotas`), `${team}/usage_limits`],
};

const withComputeUnits: ReleaseRules = {
  ...withTypes,
  orders: false,
  launchCredits: undefined,
  clusterTypes: true,
  money: 'none',
  teamKeys: [],
  pages: [
    ...withTypes.pages.filter((page) => !teamBillingPages.includes(page)),
    '/compute-unit-usage/volumes',
    '/compute-unit-usage/instance-types',
  ],
};

/** Whether volumes and networks have devices beside servers. */
export function hasKinds({ devices }: ReleaseRules): boolean {
  return devices === 'details' || devices === 'typed';
}

/** By release. */
export const releaseRules: Readonly<Record<Release, ReleaseRules>> = {
  '0.2.1': first,
  '2023-08': ofAugust,
  '0.2.3': withOrders,
  '1.1': withCredits,
  '1.2': withTeams,
  main: withTypes,
  next: withComputeUnits,
};
