/** Sends each recorded call of a released portal to the API: the answer has what its job reads. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type ApiCloud, startApiCloud } from '../support/api-cloud.ts';

interface RecordedCall {
  readonly release: string;
  readonly recording: string;
  readonly method: string;
  readonly path: string;
  readonly contentType: string | null;
  /** '' when the request had no body. */
  readonly body: Readonly<Record<string, unknown>> | '';
}

const calls = JSON.parse(
  readFileSync(new URL('../fixtures/concertim/jobs/releases.json', import.meta.url), 'utf8'),
) as RecordedCall[];

/** The portal stores this text, so it must not be empty. */
const id = expect.stringMatching(/^.+$/);
const account = { billing_acct_id: id, billing_account_id: id };
const number = expect.any(Number);

/** For each call, what the jobs and pages of any release read from its answer. */
const read: Readonly<Record<string, { readonly status: number; readonly body?: unknown }>> = {
  'POST /create_user_project': {
    status: 201,
    body: { username: 'oscar', user_id: id, user_cloud_id: id, project_id: id, ...account },
  },
  'POST /user': { status: 201, body: { username: 'oscar', user_cloud_id: id, user_id: id } },
  'PATCH /user': { status: 200, body: { success: true } },
  'POST /change_user_details': { status: 200, body: { success: true } },
  'DELETE /user': { status: 200, body: { success: true } },
  'DELETE /delete_user': { status: 200, body: { success: true } },
  'POST /team': { status: 201, body: { project_id: id, ...account } },
  'DELETE /team': { status: 200, body: { success: true } },
  'POST /team_role': { status: 201, body: { success: true } },
  'PATCH /team_role': { status: 200, body: { success: true } },
  'DELETE /team_role': { status: 200, body: { success: true } },
  'GET /team/quotas': {
    status: 200,
    body: { quotas: { cores: number, ram: number, instances: number, volumes: number, gigabytes: number } },
  },
  'GET /team/limits': { status: 200, body: { limits: { totalRAMUsed: number, maxTotalRAMSize: number } } },
  'GET /statistics': {
    status: 200,
    body: { stats: { total_vcpus: number, used_vcpus: number, total_ram: number, used_ram: number } },
  },
  'POST /key_pairs': { status: 201, body: { success: true, key_pair: { name: id, fingerprint: id } } },
  'GET /key_pairs': {
    status: 200,
    body: {
      success: true,
      key_pairs: [{ name: 'mine', fingerprint: id, type: 'ssh', keypair: { name: 'mine', fingerprint: id } }],
    },
  },
  'DELETE /key_pairs': { status: 200, body: { success: true } },
  'POST /update_status': { status: 202, body: { success: true } },
  'POST /get_user_invoice': { status: 201, body: { invoice_html: id } },
  'POST /get_draft_invoice': { status: 204 },
  'POST /list_paginated_invoices': { status: 200, body: { total_invoices: 0, invoices: [] } },
  'POST /get_account_invoice': { status: 404, body: { message: id } },
  'POST /credits': { status: 501, body: { message: id } },
  'POST /add_credits': { status: 501, body: { message: id } },
};

/** A portal user with a team in the cloud, in place of the recorded user. */
interface Person {
  readonly user_id: string;
  readonly project_id: string;
}

/** How the recorded project ids of administrators begin. */
const adminsProject = /^(adminproj|0b0b)/;
const ed25519 =
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKx8dEF2AWHz1nttBtF+dlUMh4UbJmbZQng3H+Lc0Nhs someone@example.com';

async function signUp(cloud: ApiCloud): Promise<Person> {
  const post = async (path: string, body: Record<string, unknown>) =>
    (await cloud.api.send('POST', path, { cloud_env: cloud.admin, ...body })).body;
  const user = await post('/user', { username: 'patty', password: 'pattys-own-password' });
  const team = await post('/team', { name: 'patty_team' });
  return { user_id: String(user.user_cloud_id), project_id: String(team.project_id) };
}

/** The recorded body with accounts and ids of this cloud in place of the recorded ones. */
function bodyHere(cloud: ApiCloud, { path, body }: RecordedCall, person: Person): unknown {
  if (body === '') return undefined;
  const recorded = body['cloud_env'] as Record<string, unknown> | undefined;
  const isAdmins = recorded?.['password'] === 'adminpw';
  const isInTeam = isAdmins && !adminsProject.test(String(recorded?.['project_id']));
  const cloudEnv = recorded && {
    ...(isAdmins ? cloud.admin : cloud.user),
    ...(isInTeam && { project_id: person.project_id }),
    ...(recorded['password'] === null && { password: null }),
  };
  const here = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, part]) => {
        if (key === 'cloud_user_id' || key === 'user_id') return [key, person.user_id];
        if (key === 'project_id') return [key, person.project_id];
        if (key === 'public_key' && part !== null) return [key, ed25519];
        return [key, here(part)];
      }),
    );
  };
  const known = /create_user_project|^\/+team$/.test(path) ? { cloud_user_id: null, project_id: null } : {};
  const rest = here({ ...body, cloud_env: undefined }) as Record<string, unknown>;
  const named = 'username' in body ? { username: 'oscar' } : {};
  return { ...rest, ...pick(known, body), ...named, cloud_env: cloudEnv };
}

/** Those of `values` whose key the recorded body has. */
function pick(values: Record<string, unknown>, body: Readonly<Record<string, unknown>>) {
  return Object.fromEntries(Object.entries(values).filter(([key]) => key in body));
}

function nameOf({ method, path }: RecordedCall): string {
  const plain = path
    .replace(/^\/+(prefix\/+)?/, '/')
    .replace(/^\/update_status\/.*/, '/update_status')
    .replace(/^\/team\/.*\/quotas/, '/team/quotas');
  return `${method} ${plain}`;
}

test('the calls of all releases are here', () => {
  expect(new Set(calls.map(({ release }) => release)).size).toBe(8);
  expect(calls.map(nameOf).filter((name) => !(name in read))).toEqual([]);
  expect(new Set(calls.map(nameOf)).size).toBe(Object.keys(read).length);
});

test.each(calls)('$release $method $path ($recording) gets what its job reads', async (call) => {
  await using cloud = await startApiCloud({ api: { pathPrefix: '/prefix' } });
  const person = await signUp(cloud);
  const isLost = JSON.stringify(call.body).includes('"password":null');
  if (call.path.includes('key_pairs') && call.method === 'GET') {
    await cloud.api.send('POST', '/key_pairs', {
      cloud_env: cloud.user,
      key_pair: { name: 'mine', key_type: 'ssh', public_key: ed25519 },
    });
  }
  const { action } = call.body as { action?: string };
  const verb = action === 'on' ? 'stop' : action === 'resume' ? 'suspend' : undefined;
  if (verb) cloud.sandbox.cloud.compute.act(cloud.servers[0] ?? '', verb);
  const path = call.path
    .replace(/(devices|instances)\/[^/]+$/, `$1/${cloud.servers[0]}`)
    .replace(/racks\/[^/]+$/, `racks/${cloud.stacks[0]}`)
    .replace(/^\/team\/\w{32}\//, `/team/${person.project_id}/`);
  const headers = call.contentType === null ? {} : { 'content-type': call.contentType };

  const send = () => cloud.api.send(call.method, path, bodyHere(cloud, call, person), headers);
  const answer = await send();

  const { status, body } = read[nameOf(call)] ?? { status: 0 };
  if (isLost) {
    expect(answer).toMatchObject({
      status: 400,
      body: { message: expect.stringMatching(/lost the password/) },
    });
    return;
  }
  expect(answer.status, JSON.stringify(answer.body)).toBe(status);
  if (body !== undefined) expect(answer.body).toMatchObject(body as object);
  // The portal may repeat the job, which must then get the same answer.
  const isRepeatable = !/key_pairs|update_status/.test(path) && status < 300;
  if (isRepeatable) expect((await send()).body).toEqual(answer.body);
});
