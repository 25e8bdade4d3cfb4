import type { Release } from '../../../concertim/profile.ts';
import type { DeviceRow } from '../portal.ts';

/** The name of a billing account in calls: it changed twice. */
export type AccountKey = 'billing_acct_id' | 'billing_account_id';

/** What a release asks of its companion, as far as it is not the same in all of them. */
export interface OutboundRules {
  /** How long it waits to connect and for an answer. */
  readonly timeoutMs: number;
  /** Sends a token with each call. */
  readonly isSigned: boolean;
  /** What signing up asks for: a user with a project, or a user, to whom a team is given after that. */
  readonly signUp: 'user and project' | 'user';
  readonly tellsEmail: boolean;
  /** What it calls a billing account at sign-up; undefined: it knows none. */
  readonly account: AccountKey | undefined;
  /** Keeps the ids of an answer that lacks the billing account, and asks again for that one. */
  readonly keepsParts: boolean;
  /** undefined: the companion has no such endpoint. */
  readonly changeUser: Endpoint | undefined;
  /** undefined: the portal does it without a word to its companion, if at all. */
  readonly deleteUser: Endpoint | undefined;
  /** What the path of a status change calls each kind of device; none: there are no such buttons. */
  readonly statusPaths: Partial<Record<DeviceRow['kind'], string>>;
  /** Takes the dashes out of a user's id before it asks for a status change. */
  readonly stripsDashes: boolean;
  /** Has a button to destroy what has failed. */
  readonly destroysFailed: boolean;
  readonly keyPairs: readonly ('create' | 'list' | 'delete')[];
  /** Reads `{"keypair": {"name": …}}` instead of `{"name": …}`. */
  readonly nestedKeyPairs: boolean;
  /** The page of what a team may use; with it there is the page of statistics. */
  readonly usage: 'quotas' | 'limits' | undefined;
  readonly deposit:
    | { readonly path: string; readonly account: AccountKey; readonly amount: string }
    | undefined;
  readonly invoices: Invoices | undefined;
  /** The cluster builder that was released with it; undefined: one that asks nothing of the companion. */
  readonly clusterBuilder: '1.1.0' | '1.2.0' | undefined;
}

/** Method and path. */
export type Endpoint = readonly [method: 'POST' | 'PATCH' | 'DELETE', path: string];

interface Invoices {
  readonly account: AccountKey;
  /** The one key that is read of the answer with an invoice; undefined: there is one page of HTML and nothing else. */
  readonly invoiceKey: 'invoice' | 'account_invoice' | undefined;
}

const first: OutboundRules = {
  timeoutMs: 5_000,
  isSigned: false,
  signUp: 'user and project',
  tellsEmail: false,
  account: undefined,
  keepsParts: false,
  changeUser: undefined,
  deleteUser: undefined,
  statusPaths: {},
  stripsDashes: false,
  destroysFailed: false,
  keyPairs: [],
  nestedKeyPairs: true,
  usage: undefined,
  deposit: undefined,
  invoices: undefined,
  clusterBuilder: undefined,
};

const ofAugust: OutboundRules = {
  ...first,
  tellsEmail: true,
  statusPaths: { Instance: 'devices' },
  stripsDashes: true,
  keyPairs: ['create'],
};

const withOrders: OutboundRules = {
  ...ofAugust,
  account: 'billing_acct_id',
  stripsDashes: false,
  destroysFailed: true,
  keyPairs: ['create', 'list', 'delete'],
  invoices: { account: 'billing_acct_id', invoiceKey: undefined },
};

const withCredits: OutboundRules = {
  ...withOrders,
  timeoutMs: 60_000,
  isSigned: true,
  account: 'billing_account_id',
  keepsParts: true,
  changeUser: ['POST', '/change_user_details'],
  deleteUser: ['DELETE', '/delete_user'],
  deposit: { path: '/add_credits', account: 'billing_account_id', amount: 'credits_to_add' },
  invoices: { account: 'billing_account_id', invoiceKey: 'account_invoice' },
  clusterBuilder: '1.1.0',
};

const withTeams: OutboundRules = {
  ...withCredits,
  signUp: 'user',
  account: 'billing_acct_id',
  changeUser: ['PATCH', '/user'],
  deleteUser: ['DELETE', '/user'],
  nestedKeyPairs: false,
  usage: 'quotas',
  deposit: { path: '/credits', account: 'billing_acct_id', amount: 'amount' },
  invoices: { account: 'billing_acct_id', invoiceKey: 'invoice' },
  clusterBuilder: '1.2.0',
};

const withTypes: OutboundRules = {
  ...withTeams,
  statusPaths: { Instance: 'instances', Volume: 'volumes', Network: 'networks' },
  usage: 'limits',
};

const withComputeUnits: OutboundRules = {
  ...withTypes,
  deposit: undefined,
  invoices: undefined,
  clusterBuilder: undefined,
};

/** By release. */
export const outboundRules: Readonly<Record<Release, OutboundRules>> = {
  '0.2.1': first,
  '2023-08': ofAugust,
  '0.2.3': withOrders,
  '1.1': withCredits,
  '1.2': withTeams,
  main: withTypes,
  next: withComputeUnits,
};
