/** Compares the calls of the sandbox's portal to its companion with the recorded calls of real portals. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import type { Release } from '../../src/concertim/profile.ts';
import { changeUser, deleteUser } from '../../src/sandbox/portal/outbound/account-changes.ts';
import {
  depositCredits,
  listInvoices,
  showDraftInvoice,
  showInvoice,
} from '../../src/sandbox/portal/outbound/billing-pages.ts';
import {
  createKeyPair,
  deleteKeyPair,
  showKeyPairs,
} from '../../src/sandbox/portal/outbound/key-pair-pages.ts';
import { createOutbound } from '../../src/sandbox/portal/outbound/outbound.ts';
import type { OutboundContext } from '../../src/sandbox/portal/outbound/outbound-context.ts';
import { configureCloud } from '../../src/sandbox/portal/outbound/sign-up.ts';
import { requestStatusChange } from '../../src/sandbox/portal/outbound/status-change.ts';
import {
  addTeamRole,
  changeTeamRole,
  deleteTeam,
  queueTeam,
  removeTeamRole,
} from '../../src/sandbox/portal/outbound/teams.ts';
import { showStatistics, showTeamUsage } from '../../src/sandbox/portal/outbound/usage-pages.ts';
import { Portal, type UserRow } from '../../src/sandbox/portal/portal.ts';

type Body = Readonly<Record<string, unknown>>;
interface RecordedCall {
  readonly release: string;
  readonly recording: string;
  readonly method: string;
  readonly path: string;
  /** '' when the request had no body. */
  readonly body: Body | '';
}

const releaseOf: Readonly<Record<string, Release>> = {
  'v0.2.1': '0.2.1',
  '2023-08': '2023-08',
  'v0.2.3': '0.2.3',
  'v1.0.1': '1.1',
  'v1.1.0': '1.1',
  'v1.2.0': '1.2',
  main: 'main',
  'new-credits': 'next',
};

const calls = JSON.parse(
  readFileSync(new URL('../fixtures/concertim/jobs/releases.json', import.meta.url), 'utf8'),
) as RecordedCall[];

/** Makes the portal do what caused the recorded call. */
type Deed = (context: OutboundContext, user: UserRow, body: Body) => unknown;

const ownRole = ({ portal }: OutboundContext) => portal.teamRoles.all()[0]?.id ?? 0;

const deeds: Readonly<Record<string, Deed>> = {
  'POST /create_user_project': (context) => configureCloud(context),
  'POST /user': (context) => configureCloud(context),
  'PATCH /user': changed,
  'POST /change_user_details': changed,
  'DELETE /user': (context, { id }) => {
    context.portal.users.update(id, { team_name: null });
    deleteUser(context, id);
  },
  'DELETE /delete_user': (context, { id }) => deleteUser(context, id),
  'POST /team': (context, { id }) => queueTeam(context, id),
  'DELETE /team': (context, { id }) => deleteTeam(context, id),
  'POST /team_role': (context, { id }, body) =>
    addTeamRole(context, { user_id: id, team_id: id, role: roleIn(body, 'role') }),
  'PATCH /team_role': (context, _, body) => {
    context.portal.teamRoles.update(ownRole(context), { role: roleIn(body, 'current_role') });
    return changeTeamRole(context, ownRole(context), roleIn(body, 'new_role'));
  },
  'DELETE /team_role': (context) => removeTeamRole(context, ownRole(context)),
  'GET /team/quotas': (context, { id }) => showTeamUsage(context, { userId: id }),
  'GET /team/limits': (context, { id }, { cloud_env: env }) =>
    showTeamUsage(context, { userId: rootIf(context, env)?.id ?? id, teamId: id }),
  'GET /statistics': (context) => showStatistics(context),
  'POST /key_pairs': (context, { id }, { key_pair: pair }) =>
    createKeyPair(context, id, {
      name: 'laptop',
      publicKey: ((pair as Body)['public_key'] as string | null) ?? null,
    }),
  'GET /key_pairs': (context, { id }) => showKeyPairs(context, id),
  'DELETE /key_pairs': (context, { id }) => deleteKeyPair(context, id, 'laptop'),
  'POST /get_user_invoice': (context, { id }) => showDraftInvoice(context, id),
  'POST /get_draft_invoice': (context, { id }) => showDraftInvoice(context, id),
  'POST /list_paginated_invoices': (context, { id }) => listInvoices(context, id),
  'POST /get_account_invoice': (context, { id }) => showInvoice(context, id, 'inv-1'),
  'POST /credits': deposited,
  'POST /add_credits': deposited,
};

/** An administrator, if the call carries the credentials from the portal's own configuration. */
function rootIf({ portal }: OutboundContext, env: unknown): UserRow | undefined {
  return (env as Body)['password'] === 'adminpw' ? portal.users.all().find(({ root }) => root) : undefined;
}

/** The portal's form sends an amount as text; a recording also has a number. */
function deposited(context: OutboundContext, { id }: UserRow, { credits }: Body) {
  const amount = (credits as Body)['amount'] ?? (credits as Body)['credits_to_add'];
  return depositCredits(context, id, amount as string);
}

function roleIn(body: Body, key: string): 'admin' | 'member' {
  return (body['team_role'] as Body)[key] as 'admin' | 'member';
}

function changed(context: OutboundContext, { id }: UserRow, { user_info: info }: Body): void {
  const { email, password } = (info as Body)['new_data'] as { email?: string; password?: string };
  changeUser(context, id, { ...(email && { email }), ...(password && { password }) });
}

const statusFor: Readonly<Record<string, string>> = { on: 'STOPPED', resume: 'SUSPENDED' };

/** Presses the button of the rack view that the path names, in a state that allows its action. */
function pressed({ path, body }: RecordedCall): Deed {
  const [, type = '', id = ''] = /(\w+)\/([^/]*)$/.exec(path) ?? [];
  const { action, cloud_env: env } = body as Body;
  return (context, user) => {
    const { portal } = context;
    const rack = portal.addRack({ user_id: user.id, name: 'r', metadata: { openstack_stack_id: id } });
    const kind = type === 'volumes' ? 'Volume' : type === 'networks' ? 'Network' : 'Instance';
    const device = portal.addDevice({
      template_id: 1,
      rack_id: rack.id,
      start_u: 1,
      name: 'd',
      kind,
      status: kind === 'Volume' ? 'AVAILABLE' : (statusFor[String(action)] ?? 'ACTIVE'),
      metadata: { openstack_instance_id: id },
    });
    const by = rootIf(context, env);
    const object = type === 'racks' ? rack : device;
    return requestStatusChange(context, object, { task: String(action), ...(by && { by }) });
  };
}

const plainPath = (path: string) =>
  path.replace(/^\/+(prefix\/+)?/, '/').replace(/^\/team\/.*\/quotas/, '/team/quotas');

/** The names of the fields and the types of their values; the values themselves differ from site to site. */
function shapeOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value === null ? null : typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, shapeOf(part)]));
}

/** The value that the recorded body has under one of these names, at any depth. */
function valueIn(body: unknown, ...names: string[]): string | null | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  for (const [key, part] of Object.entries(body)) {
    if (names.includes(key)) return part as string | null;
    const within = key === 'cloud_env' ? undefined : valueIn(part, ...names);
    if (within !== undefined) return within;
  }
  return undefined;
}

test.each(calls)('$release $method $path ($recording) is what the sandbox sends', async (call) => {
  const { body, path, method } = call;
  await using companion = await startListener();
  const portal = new Portal({ release: releaseOf[call.release] ?? 'main' });
  const prefix = path.startsWith('//') ? '/' : path.startsWith('/prefix') ? '/prefix' : '';
  portal.companionUrl = companion.url + prefix;
  const ids = { auth_url: 'http://keystone:5000/v3', user_id: '0a'.repeat(16), project_id: '0b'.repeat(16) };
  const outbound = createOutbound({
    portal,
    admin: () => ({ ...ids, password: 'adminpw' }),
    makeStack: () => Promise.reject(new Error('nothing is launched here')),
  });
  const isSignUp = /create_user_project|\/user$|\/team$/.test(path) && method === 'POST';
  const idOr = (fallback: string, ...names: string[]) => {
    const recorded = valueIn(body, ...names);
    return recorded === undefined && !isSignUp ? fallback : (recorded ?? null);
  };
  const env = (body === '' ? {} : (body['cloud_env'] ?? {})) as Body;
  const user = portal.addUser({
    login: 'oscar',
    name: 'Oscar',
    email: 'oscar@example.org',
    cloud_user_id: idOr('01'.repeat(16), 'cloud_user_id', 'user_id'),
    project_id: idOr('fe'.repeat(16), 'project_id'),
    billing_acct_id: idOr('acct-1', 'billing_acct_id', 'billing_account_id'),
    ...(env['password'] === null && { foreign_password: null }),
  });

  const deed = path.includes('/update_status/') ? pressed(call) : deeds[`${method} ${plainPath(path)}`];
  await deed?.(outbound, user, body === '' ? {} : body);
  await outbound.jobs.quiet();
  await outbound.jobs.close();

  const [sent] = companion.seen;
  const id = valueIn(body, 'project_id');
  expect(sent?.method).toBe(method);
  expect(sent?.path.replace('fe'.repeat(16), id ?? 'fedcba9876543210'.repeat(2))).toBe(path);
  expect(shapeOf(sent?.body)).toEqual(shapeOf(body));
  expect(sent?.isSigned).toBe(!/^(v0|2023)/.test(call.release));
});

/** Answers everything with an empty object, and keeps what came. */
async function startListener() {
  const seen: { method: string; path: string; body: unknown; isSigned: boolean }[] = [];
  const keep = async (request: IncomingMessage, response: ServerResponse) => {
    const sent = await text(request);
    const isSigned = request.headers.authorization !== undefined;
    const { method = '', url: path = '' } = request;
    seen.push({ method, path, body: sent === '' ? '' : JSON.parse(sent), isSigned });
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  };
  const server = createServer((request, response) => void keep(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
