/** Whatever comes in, an answer goes out: one of ours, without secrets, and the process lives on. */
import fc from 'fast-check';
import { request } from 'undici';
import { expect, test } from 'vitest';
import { type ApiCloud, startApiCloud } from '../support/api-cloud.ts';
import { fuzzRuns } from '../support/fuzz-runs.ts';
import { ManualClock } from '../support/manual-clock.ts';

const canary = 'canary-pa55word"\\ü';

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD', 'PROPFIND', 'TRACE'];
const paths = [
  '/',
  '/healthz',
  '/readyz',
  '/openapi.json',
  '/create_user_project',
  '/key_pairs',
  '/update_status',
  '/update_status/devices/',
  '/update_status/devices/x',
  '/update_status/racks/x',
  '/update_status/volumes/x',
  '/update_status/networks/x',
  '/user',
  '/change_user_details',
  '/delete_user',
  '/team',
  '/team/limits',
  '/team/x/quotas',
  '/team_role',
  '/statistics',
  '/get_credits',
  '/create_order',
  '/add_order_tag',
  '/delete_order',
  '/credits',
  '/add_credits',
  '/list_paginated_invoices',
  '/get_account_invoice',
  '/get_draft_invoice',
  '/get_user_invoice',
];
const types = [
  'application/json',
  'application/json; charset=utf-16',
  'APPLICATION/JSON',
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'nonsense',
  '',
];

/** Any value, more often one that is nearly right. */
function nearly(cloud: ApiCloud, right: unknown): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 6, arbitrary: fc.constant(right) },
    { weight: 1, arbitrary: fc.constantFrom(undefined, null, '', 0, -1, true, [], {}, 'x'.repeat(5_000)) },
    { weight: 1, arbitrary: fc.jsonValue() },
    { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
    { weight: 1, arbitrary: fc.constantFrom(cloud.user['user_id'], '../../x', '__proto__', '\u0000', '%00') },
  );
}

function bodies(cloud: ApiCloud): fc.Arbitrary<unknown> {
  const env = cloud.user;
  const cloudEnv = fc.oneof(
    fc.record({
      auth_url: nearly(cloud, env['auth_url']),
      user_id: nearly(cloud, env['user_id']),
      password: nearly(cloud, env['password']),
      project_id: nearly(cloud, env['project_id']),
      project_domain_name: nearly(cloud, undefined),
      billing_enabled: nearly(cloud, 'True'),
      note: fc.constant(canary),
    }),
    nearly(cloud, { ...env, password: canary }),
  );
  return fc.record({
    cloud_env: cloudEnv,
    action: nearly(cloud, 'off'),
    username: nearly(cloud, 'someone'),
    password: nearly(cloud, canary),
    email: nearly(cloud, 'someone@example.com'),
    cloud_user_id: nearly(cloud, undefined),
    project_id: nearly(cloud, undefined),
    key_pair: fc.oneof(
      fc.record({
        name: nearly(cloud, 'mine'),
        key_type: nearly(cloud, 'ssh'),
        public_key: nearly(cloud, 'ssh-ed25519 AAAA'),
      }),
      nearly(cloud, {}),
    ),
    keypair_name: nearly(cloud, 'mine'),
    name: nearly(cloud, 'a team'),
    user_info: fc.record({
      cloud_user_id: nearly(cloud, env['user_id']),
      project_id: nearly(cloud, env['project_id']),
      billing_acct_id: nearly(cloud, 'acct'),
      new_data: nearly(cloud, { email: 'x@example.com' }),
    }),
    team_info: nearly(cloud, { project_id: env['project_id'], billing_acct_id: 'acct' }),
    team_role: fc.record({
      role: nearly(cloud, 'admin'),
      current_role: nearly(cloud, 'admin'),
      new_role: nearly(cloud, 'member'),
      user_id: nearly(cloud, env['user_id']),
      project_id: nearly(cloud, env['project_id']),
    }),
    credits: fc.record({
      billing_acct_id: nearly(cloud, 'acct'),
      billing_account_id: nearly(cloud, 'acct'),
      amount: nearly(cloud, '12.5'),
      credits_to_add: nearly(cloud, '12.5'),
    }),
    order: nearly(cloud, { billing_account_id: 'acct', order_id: 'order' }),
    tag: nearly(cloud, { order_id: 'order', tag_name: 'openstack_stack_id', tag_value: 's' }),
    invoice: nearly(cloud, { billing_acct_id: 'acct', invoice_id: 'i' }),
    invoices: nearly(cloud, { billing_account_id: 'acct', offset: 0, limit: '20' }),
  });
}

/** The bytes that are sent, with or without sense. */
function encodings(cloud: ApiCloud): fc.Arbitrary<Buffer | undefined> {
  const text = bodies(cloud).map((body) => JSON.stringify(body) ?? '');
  return fc.oneof(
    { weight: 8, arbitrary: text.map((json) => Buffer.from(json)) },
    { weight: 1, arbitrary: text.map((json) => Buffer.from(json.slice(0, json.length / 2))) },
    { weight: 1, arbitrary: text.map((json) => Buffer.from(json, 'utf16le')) },
    { weight: 1, arbitrary: fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value))) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)) },
    { weight: 1, arbitrary: fc.constant(Buffer.alloc(100_000, 'a')) },
    { weight: 1, arbitrary: fc.constant(undefined) },
  );
}

test('every address that is described is among those that strange requests are sent to', async () => {
  await using cloud = await startApiCloud();
  const { body } = await cloud.api.send('GET', '/openapi.json');

  const described = Object.keys((body as { paths: object }).paths).map((path) =>
    path.replace('{type}', 'devices').replace(/\{\w+\}/g, 'x'),
  );
  expect(described.filter((path) => !paths.includes(path))).toEqual([]);
  expect(described.length).toBeGreaterThan(20);
});

test('no request is too strange', async (context) => {
  const runs = fuzzRuns(context, 'API requests', 400);
  const clock = new ManualClock();
  await using cloud = await startApiCloud({ api: { clock } });
  const fuzzed = fc.record({
    method: fc.oneof(fc.constantFrom('GET', 'POST', 'DELETE'), fc.constantFrom(...methods)),
    path: fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...paths) },
      {
        weight: 2,
        arbitrary: fc
          .tuple(
            fc.constantFrom('devices', 'instances', 'racks', 'volumes', 'networks', ''),
            fc.string({ unit: 'binary', maxLength: 300 }),
          )
          .map(([type, id]) => `/update_status/${type}/${escaped(id)}`),
      },
      {
        weight: 1,
        arbitrary: fc
          .webQueryParameters()
          .map((query) => `/key_pairs?password=${encodeURIComponent(canary)}&${query}`),
      },
      { weight: 1, arbitrary: fc.constantFrom('/%', '/%ff', '//', '/..', '/update_status/devices/%zz') },
    ),
    type: fc.oneof({ weight: 6, arbitrary: fc.constant('application/json') }, fc.constantFrom(...types)),
    body: encodings(cloud),
  });

  await fc.assert(
    fc.asyncProperty(fuzzed, async ({ method, path, type, body }) => {
      // So that failed logins do not keep the next requests out.
      clock.advance(60_000);
      const answer = await request(cloud.api.url + path, {
        method: method as 'GET',
        headers: type === '' ? {} : { 'content-type': type },
        body: body ?? null,
      });
      const text = await answer.body.text();
      const { statusCode: status } = answer;

      // 501: this site has no billing platform that a deposit could go to.
      expect(status < 500 || [501, 502, 504].includes(status), `${status} ${text}`).toBe(true);
      expect(text).not.toContain('canary');
      if (status >= 400 && method !== 'HEAD') {
        const { error, message, request_id } = JSON.parse(text) as Record<string, string>;
        expect([typeof error, typeof message, typeof request_id]).toEqual(['string', 'string', 'string']);
        expect(message?.length).toBeLessThanOrEqual(300);
      }
    }),
    runs,
  );

  expect((await cloud.api.send('GET', '/')).body).toBe('Running');
  expect(cloud.api.printed.join('')).not.toContain('canary');
  expect(cloud.api.printed.join('')).not.toContain('(bug)');
}, 60_000);

/** Any text as a part of a path that Node sends: what it would refuse to send never reaches us. */
function escaped(text: string): string {
  return text.isWellFormed() ? encodeURIComponent(text) : 'x';
}
