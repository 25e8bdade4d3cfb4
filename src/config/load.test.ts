import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Secret } from '../runtime/secret.ts';
import { severityOf } from '../runtime/severity.ts';
import { loadConfig, loadConfigWithSettings } from './load.ts';
import { ConfigError } from './problems.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'concertim-config-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const openstack = `
openstack:
  auth_url: http://controller:5000/v3
  user_id: u1
  password: p
  project_id: p1
`;
const concertim = `
concertim:
  concertim_url: https://concertim.example.com
  concertim_username: admin
  concertim_password: p
`;
const minimal = openstack + concertim;

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function load(text: string, env: NodeJS.ProcessEnv = {}) {
  return loadConfig({ file: write('config.yaml', text), env });
}

/** The problems of a configuration, with the folder left out of their places. */
function problemsOf(text: string, env: NodeJS.ProcessEnv = {}): string[] {
  try {
    load(text, env);
  } catch (error) {
    if (error instanceof ConfigError)
      return error.problems.map((problem) => problem.replaceAll(`${folder}/`, ''));
    throw error;
  }
  return [];
}

const revealed = (secret: Secret | undefined) => secret?.reveal();

test('the sample of the first version works unchanged', () => {
  const config = load(`log_level: "DEBUG"
openstack:
        auth_url: "https://example.com:35357/v3"
        username: "admin"
        password: "password123"
        project_id: "123456789abcdf"
        project_domain_name: "default"
        user_domain_name: "default"
rmq:
        rmq_username: "openstack"
        rmq_password: "secret"
        rmq_address : "controller"
        rmq_port : "5672"
        rmq_path : "/"
concertim:
        concertim_url: "https://command.concertim.example.com/"
        concertim_username: "admin"
        concertim_password: "admin"
        default_rack_height: 20
`);

  expect(config).toMatchObject({
    logLevel: 'debug',
    clouds: [
      {
        openstack: {
          credentials: {
            kind: 'password',
            authUrl: 'https://example.com:35357/v3',
            user: { name: 'admin', domain: { name: 'default' } },
            project: { id: '123456789abcdf' },
          },
          region: undefined,
          interface: 'public',
          tls: { ca: undefined, insecure: false },
        },
        rmq: { hosts: ['controller'], port: 5672, username: 'openstack', vhost: '/', tls: undefined },
      },
    ],
    concertim: { url: 'https://command.concertim.example.com', login: 'admin', defaultRackHeight: 20 },
    updates: {
      intervalMs: 150_000,
      auditIntervalMs: 1_800_000,
      maxDeletionShare: 0.05,
      maxDeletions: 5,
      standaloneServers: 'ignore',
    },
    notices: [],
  });
  expect(revealed(config.clouds[0].rmq?.password)).toBe('secret');
});

test('the sample with its broker left empty has no broker, and says so', () => {
  const config = load(`${minimal}
rmq:
  rmq_username: openstack
  rmq_password: ""
  rmq_address: ""
  rmq_port: "5672"
`);

  expect(config.clouds[0].rmq).toBeUndefined();
  expect(config.notices).toEqual([expect.stringMatching(/config\.yaml:13:1 rmq: has no rmq_address/)]);
});

test.each(['DEBUG', 'Info', 'warning', 'WARN', 'error', 'Critical'])(
  'log level %s is understood',
  (level) => {
    const expected = level === 'WARN' ? 'warning' : level.toLowerCase();

    expect(load(`log_level: ${level}\n${minimal}`).logLevel).toBe(expected);
  },
);

test('the configuration cannot be changed', () => {
  const config = load(minimal);

  expect(Object.isFrozen(config)).toBe(true);
  expect(Object.isFrozen(config.clouds[0].openstack.credentials)).toBe(true);
  expect(Object.isFrozen(config.notices)).toBe(true);
});

test('all problems are reported at once, each with its place and what to do', () => {
  const problems = problemsOf(`log_levl: debug
openstack:
  auth_url: controller
  usrname: admin
  password: [a, b]
  project_name: admin
  insecure: maybe
concertim:
  concertim_url: ftp://concertim
  default_rack_height: 100
updates: 5
rmq:
  rmq_address: amqp://host
  rmq_port: 70000
`);

  expect(problems).toEqual([
    'config.yaml:1:1 log_levl: is not a known key, did you mean log_level?',
    'config.yaml:2:1 openstack.username: is missing, give it with user_domain_name, or give user_id',
    'config.yaml:2:1 openstack.project_domain_name: is missing, give it or project_domain_id; on many clouds it is Default',
    'config.yaml:3:3 openstack.auth_url: is not an address, write it as http://host:port/path',
    'config.yaml:4:3 openstack.usrname: is not a known key, did you mean openstack.username?',
    'config.yaml:5:3 openstack.password: is a list or a section, give a single value',
    'config.yaml:7:3 openstack.insecure: is neither true nor false, write one of the two',
    'config.yaml:8:1 concertim.concertim_username: is missing, write concertim_username: admin',
    'config.yaml:8:1 concertim.concertim_password: is missing, write concertim_password: … or concertim_password_file: PATH',
    'config.yaml:9:3 concertim.concertim_url: is no address of a web service, begin it with http:// or https://',
    'config.yaml:10:3 concertim.default_rack_height: is not a whole number from 1 to 72, give such a number',
    'config.yaml:11:1 updates: is not a section, write its keys below it, indented',
    'config.yaml:12:1 rmq.rmq_password: is missing, give the password of the user, or rmq_password_file',
    'config.yaml:13:3 rmq.rmq_address: is not the name or the IP address of a host, write it without scheme, port or path',
    'config.yaml:14:3 rmq.rmq_port: is not a whole number from 1 to 65535, give such a number',
  ]);
});

test('of a section that is none, its keys are not missed as well', () => {
  expect(problemsOf(`openstack: http://controller:5000\n${concertim}`)).toEqual([
    'config.yaml:1:1 openstack: is not a section, write its keys below it, indented',
  ]);
});

test('a configuration that cannot be used is fatal', () => {
  expect(() => load('{}')).toThrow(ConfigError);
  expect(severityOf(new ConfigError(['x']))).toBe('fatal');
});

test.each([
  ['log_levl: debug', 'log_level?'],
  ['LOG_LEVEL: debug', 'log_level?'],
  ['log-level: debug', 'log_level?'],
  ['interval: 30', 'put it under updates'],
  ['concertim_url: http://x', 'put it under concertim'],
  ['jwt_secret_file: x', 'put it under api'],
  ['updates:\n  log_level: info', 'put it at the top, outside any section'],
  ['updates:\n  intervall: 5', 'did you mean updates.interval?'],
  ['billing:\n  password: x', 'put it under openstack'],
  ['metrics:\n  tll: 5', 'did you mean metrics.ttl?'],
  ['openstack:\n  region: x', 'did you mean openstack.region_name?'],
  ['concertim:\n  password: x', 'did you mean concertim.concertim_password?'],
  ['concertim:\n  url: x', 'did you mean concertim.concertim_url?'],
])('of the unknown key in %j it is said: %s', (text, advice) => {
  const unknown = problemsOf(text).filter((problem) => problem.includes('is not a known key'));

  expect(unknown).toEqual([expect.stringContaining(advice)]);
});

test('a value that ends before the next one comes is refused', () => {
  expect(problemsOf(`${minimal}metrics: { interval: 60, ttl: 59 }`)).toEqual([
    expect.stringContaining('is 59 s and shorter than metrics.interval, 60 s'),
  ]);
  expect(load(`${minimal}metrics: { interval: 60, ttl: 60 }`).metrics.ttlMs).toBe(60_000);
});

test('keys that resemble none of ours are ignored, with one notice for all', () => {
  const config = load(`frobnicate: x
__proto__: x
${minimal}api:
  quux: [1, 2]
zyxwvut:
  password: p
`);

  expect(config.notices).toEqual([
    expect.stringMatching(
      /config\.yaml:1:1 frobnicate: is no key of this version and is ignored, and so are __proto__ \(line 2\), zyxwvut \(line \d+\), api\.quux \(line \d+\); docs\/configuration\.md lists all keys$/,
    ),
  ]);
});

test('keys of the version of 2024 are accepted with a notice', () => {
  const config = load(`cloud_type: openstack
billing_platform: killbill
message_queue: rmq
killbill:
  api_host: http://killbill:48080
  username: admin
  password: p
  apikey: k
  apisecret: s
  plan_name: monthly
${minimal}`);

  expect(config.notices).toEqual([
    expect.stringContaining('config.yaml:1:1 cloud_type: is ignored'),
    expect.stringContaining('config.yaml:3:1 message_queue: is ignored'),
  ]);
  expect(config.billing.killBill).toMatchObject({ url: 'http://killbill:48080', plan: 'monthly' });
});

test('KillBill needs its address and its secrets where it is the platform, and nothing where it is not', () => {
  expect(load(`killbill:\n  api_host: http://killbill:48080\n${minimal}`).billing.killBill).toBeUndefined();
  expect(problemsOf(`billing:\n  platform: killbill\nkillbill:\n  password: p\n${minimal}`)).toEqual([
    'config.yaml:3:1 killbill.api_host: is missing, and billing.platform is killbill',
    'config.yaml:3:1 killbill.apikey: is missing, and billing.platform is killbill',
    'config.yaml:3:1 killbill.apisecret: is missing, and billing.platform is killbill',
  ]);
});

test('the keys of the broker are also read under openstack, but not in both places', () => {
  const keys = '  rmq_address: broker\n  rmq_password: s\n  rmq_port: 5673\n';

  expect(load(openstack + keys + concertim).clouds[0].rmq).toMatchObject({
    hosts: ['broker'],
    port: 5673,
    vhost: '/',
  });
  expect(load(`${openstack}  rmq_address:\n${concertim}`).clouds[0].rmq).toBeUndefined();
  expect(problemsOf(`${openstack}${keys}${concertim}rmq:\n  rmq_port: 5672`)).toEqual([
    'config.yaml:9:3 openstack.rmq_port: is given under rmq too, remove one of the two',
  ]);
});

test('standalone_servers is read under updates and at the top', () => {
  expect(load(`${minimal}updates:\n  standalone_servers: rack`).updates.standaloneServers).toBe('rack');
  expect(load(`${minimal}standalone_servers: rack`).updates.standaloneServers).toBe('rack');
});

test.each([
  '0123',
  '1e5',
  '0x1F',
  '1_000',
  'true',
  'No',
  '1.10',
  '2026-11-22',
  '12:30',
  'ünï',
  "'it''s'",
  '"a\\tb"',
])('the password %s is what was typed', (typed) => {
  const config = load(minimal.replace('concertim_password: p', `concertim_password: ${typed}`));

  const expected = { "'it''s'": "it's", '"a\\tb"': 'a\tb' }[typed] ?? typed;
  expect(revealed(config.concertim.password)).toBe(expected);
});

test.each(['', '~', 'null', '""', "''"])('a password written as %j is not given', (typed) => {
  expect(problemsOf(minimal.replace('concertim_password: p', `concertim_password: ${typed}`))).toEqual([
    expect.stringContaining('concertim.concertim_password: is missing'),
  ]);
});

test.each([
  ['150', 150_000],
  ['2.5', 2_500],
  ['90s', 90_000],
  ['5 m', 300_000],
  ['1h', 3_600_000],
  ['1500ms', 1_500],
])('the interval %s is %d ms', (typed, ms) => {
  expect(load(`${minimal}updates:\n  interval: ${typed}`).updates.intervalMs).toBe(ms);
});

test.each(['0', '0.5', '-1', '2d', 'soon', '1e3', '90000', '[150]'])(
  'the interval %s is refused',
  (typed) => {
    expect(problemsOf(`${minimal}updates:\n  interval: ${typed}`)).toHaveLength(1);
  },
);

test.each([
  ['0.5', 0.5],
  ['50%', 0.5],
  ['100 %', 1],
  ['0', 0],
])('the share %s is %d', (typed, share) => {
  expect(load(`${minimal}updates:\n  max_deletion_share: ${typed}`).updates.maxDeletionShare).toBe(share);
});

test.each([
  ['https://concertim/', 'https://concertim'],
  ['http://concertim:8080/base//', 'http://concertim:8080/base'],
  ['https://[::1]:9444', 'https://[::1]:9444'],
])('the address %s is used as %s', (typed, used) => {
  expect(load(minimal.replace('https://concertim.example.com', typed)).concertim.url).toBe(used);
});

test('an address with a password in it is refused, and not repeated', () => {
  const problems = problemsOf(minimal.replace('https://', 'https://admin:CANARY@'));

  expect(problems).toEqual([expect.stringContaining('holds a user or a password')]);
  expect(problems.join()).not.toContain('CANARY');
});

test('several brokers are a list', () => {
  const config = load(
    `${minimal}rmq:\n  rmq_address: [rabbit1, rabbit2, "::1"]\n  rmq_password: s\n  tls: true`,
  );

  expect(config.clouds[0].rmq).toMatchObject({
    hosts: ['rabbit1', 'rabbit2', '::1'],
    port: 5671,
    tls: { ca: undefined },
  });
});

test('sections for components to come are read into typed values', () => {
  write('cert.pem', '-----BEGIN CERTIFICATE-----\n');
  write('key.pem', '-----BEGIN EC PRIVATE KEY-----\n');
  const config = load(`${minimal}
metrics: { interval: 30, ttl: 60, cpu_per_vcpu: no }
api:
  port: "8443"
  allowed_auth_urls: http://other:5000/v3/
  jwt_secret: of-sixteen-chars
  tls_cert: cert.pem
  tls_key: key.pem
  ui: off
billing: { enabled: true }
observability: { port: 9100, otlp_endpoint: "http://otel:4318" }
log_rotation: { size: 1 MB, files: 2 }
`);

  expect(config).toMatchObject({
    metrics: { intervalMs: 30_000, ttlMs: 60_000, cpuPerVcpu: false, names: '2023' },
    api: {
      host: '0.0.0.0',
      port: 8443,
      allowedAuthUrls: ['http://other:5000/v3'],
      ui: false,
      uiToken: undefined,
    },
    billing: { enabled: true },
    observability: { host: '127.0.0.1', port: 9100, otlpEndpoint: 'http://otel:4318' },
    logRotation: { maxBytes: 1_000_000, files: 2 },
  });
  expect(revealed(config.api.tls?.key)).toContain('PRIVATE KEY');
  expect(problemsOf(`${minimal}api:\n  tls_cert: cert.pem`)).toEqual([
    'config.yaml:13:3 api.tls_cert: is given without api.tls_key, give both or none',
  ]);
});

const secret = '0123456789abcdef';
const open = { kind: 'off' };
const shut = { kind: 'required', allowDummyToken: false };

test.each([
  { what: 'nothing', api: '{}', env: {}, jwt: open },
  { what: 'a secret', api: `{jwt_secret: ${secret}}`, env: {}, jwt: shut },
  { what: 'a secret of the environment', api: '{}', env: { JWT_SECRET: secret }, jwt: shut },
  {
    what: 'one of the environment beside an empty key',
    api: '{jwt_secret: }',
    env: { JWT_SECRET: secret },
    jwt: shut,
  },
  {
    what: 'the policy alone, with a secret of the environment',
    api: '{jwt: if-present, allow_dummy_token: true}',
    env: { JWT_SECRET: secret },
    jwt: { kind: 'if-present', allowDummyToken: true },
  },
  { what: 'off beside a secret', api: `{jwt: off, jwt_secret: ${secret}}`, env: {}, jwt: open },
])('with $what of a portal, requests need a token: $jwt.kind', ({ api, env, jwt }) => {
  const config = load(`${minimal}api: ${api}\n`, env);

  expect(config.api.jwt).toMatchObject(jwt);
  if (config.api.jwt.kind !== 'off') expect(revealed(config.api.jwt.secret)).toBe(secret);
});

test('the secret of the file goes before that of the environment', () => {
  const { jwt } = load(`${minimal}api: {jwt_secret: ${secret}}`, {
    JWT_SECRET: 'another-one-of-24-letters',
  }).api;

  expect(jwt.kind !== 'off' && revealed(jwt.secret)).toBe(secret);
});

test.each([
  { api: '{jwt_secret: ""}', env: {}, problem: /^config\.yaml:.* api\.jwt_secret: is empty/ },
  { api: '{jwt_secret: }', env: {}, problem: /^config\.yaml:.* api\.jwt_secret: is empty/ },
  { api: '{}', env: { JWT_SECRET: '' }, problem: /^\$JWT_SECRET api\.jwt_secret: is empty/ },
  { api: '{jwt_secret: }', env: { JWT_SECRET: '' }, problem: /^\$JWT_SECRET api\.jwt_secret: is empty/ },
  { api: '{jwt_secret: 0123456789abcde}', env: {}, problem: /fewer than 16 characters/ },
  { api: '{}', env: { JWT_SECRET: 'x' }, problem: /^\$JWT_SECRET .*fewer than 16 characters/ },
  { api: '{jwt: required}', env: {}, problem: /api\.jwt: is required, but there is no secret/ },
  { api: '{jwt: if-present}', env: {}, problem: /api\.jwt: is if-present, but there is no secret/ },
  { api: '{jwt: maybe}', env: {}, problem: /none of the words/ },
])('$api with $env is an error of configuration, and no open door', ({ api, env, problem }) => {
  expect(problemsOf(`${minimal}api: ${api}\n`, env)).toEqual([expect.stringMatching(problem)]);
});

test.each([
  ['openstack', '/openstack'],
  ['/openstack/', '/openstack'],
  ['//a//b/', '/a/b'],
  ['/', undefined],
])('the prefix %j of the API is %j', (given, prefix) => {
  expect(load(`${minimal}api: {path_prefix: "${given}"}`).api.pathPrefix).toBe(prefix);
});

test('the roles of teams are member and reader, or what is given, and never admin', () => {
  expect(load(minimal).api.teamRoles).toEqual({ admin: ['member'], member: ['reader'] });
  expect(
    load(`${minimal}api: {team_admin_roles: [member, heat_stack_owner], team_member_roles: member}`).api
      .teamRoles,
  ).toEqual({ admin: ['member', 'heat_stack_owner'], member: ['member'] });
  expect(problemsOf(`${minimal}api: {team_admin_roles: [member, Admin]}`)).toEqual([
    expect.stringContaining(
      'api.team_admin_roles: has admin, with which a user of the portal rules the whole cloud',
    ),
  ]);
});

test('a secret is read from its file, beside the configuration, without the line feed at its end', () => {
  write('portal-password', 'from file\n');

  const config = load(minimal.replace('concertim_password: p', 'concertim_password_file: portal-password'));

  expect(revealed(config.concertim.password)).toBe('from file');
});

test('a file of a secret that is missing, a folder, empty or given beside the secret is a problem', () => {
  write('empty', '\n');
  mkdirSync(join(folder, 'dir'));
  const withFile = (line: string) => problemsOf(minimal.replace('concertim_password: p', line));

  expect(withFile('concertim_password_file: nowhere')).toEqual([
    'config.yaml:11:3 concertim.concertim_password_file: nowhere does not exist, check the path',
  ]);
  expect(withFile('concertim_password_file: dir')).toEqual([
    'config.yaml:11:3 concertim.concertim_password_file: dir is a folder, give the file in it',
  ]);
  expect(withFile('concertim_password_file: empty')).toEqual([
    'config.yaml:11:3 concertim.concertim_password_file: empty is empty, write the secret into it',
  ]);
  expect(withFile('concertim_password: p\n  concertim_password_file: empty')).toContain(
    'config.yaml:12:3 concertim.concertim_password_file: is given beside concertim.concertim_password, remove one of the two',
  );
});

test('certificates are read from their files', () => {
  const ca = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
  write('ca.pem', ca);
  write('not.pem', 'hello');

  const config = load(`${minimal}  cacert: ca.pem\n  insecure: true\n`);

  expect(config.concertim.tls).toEqual({ ca, insecure: true });
  expect(problemsOf(`${minimal}  cacert: not.pem\n`)).toEqual([
    'config.yaml:12:3 concertim.cacert: not.pem holds no certificate, give a PEM file that does',
  ]);
  expect(problemsOf(`${minimal}  cacert: nowhere.pem\n`)).toEqual([
    'config.yaml:12:3 concertim.cacert: nowhere.pem does not exist, check the path',
  ]);
});

test('log and data folders that are not absolute start beside the configuration', () => {
  const config = load(`log_dir: log\ndata_dir: /var/lib/x\n${minimal}`);

  expect(config.logDir).toBe(join(folder, 'log'));
  expect(config.dataDir).toBe('/var/lib/x');
});

test('the file is the one named, else the one the environment names, else the standard one', () => {
  const named = write('named.yaml', `log_level: error\n${minimal}`);
  const fromEnvironment = write('environment.yaml', `log_level: critical\n${minimal}`);
  const env = { CONCERTIM_OPENSTACK_SERVICE_CONFIG: fromEnvironment };

  expect(loadConfig({ file: named, env }).logLevel).toBe('error');
  expect(loadConfig({ env }).logLevel).toBe('critical');
  expect(() => loadConfig({ env: {} })).toThrow(
    /^\/etc\/concertim-openstack-service\/config\.yaml does not exist, .*--config FILE or set \$CONCERTIM/,
  );
});

test('a file that is no text, too large, a folder or not there is a problem, not a crash', () => {
  const loading = (path: string) => () => loadConfig({ file: path, env: {} });
  const binary = join(folder, 'binary.yaml');
  writeFileSync(binary, Buffer.from([0xff, 0xfe, 0x00]));

  expect(loading(binary)).toThrow(/is not UTF-8 text, save it as UTF-8/);
  expect(loading(write('large.yaml', '#'.repeat(256 * 1024 + 1)))).toThrow(/is larger than 256 KiB/);
  expect(loading('/dev/zero')).toThrow(/is larger than 1 MiB/);
  expect(loading(folder)).toThrow(/is a folder, give the file in it/);
  expect(loading(join(folder, 'nowhere.yaml'))).toThrow(/does not exist, check the path/);
});

test.each([
  ['', '1:1 YAML: the file is empty, start from config.example.yaml'],
  ['# nothing\n', '1:1 YAML: the file is empty, start from config.example.yaml'],
  ['- a\n', '1:1 YAML: the file is not a mapping, write `key: value` lines as in config.example.yaml'],
  ['hello', '1:1 YAML: the file is not a mapping, write `key: value` lines as in config.example.yaml'],
  ['openstack:\n\tauth_url: x\n', '2:1 YAML: a tab is used to indent, use spaces'],
  ['a: @b\n', '1:4 YAML: a value cannot begin with this character, put the value in quotes'],
  ["a: 'b\n", '2:1 YAML: a quote, bracket, brace, comma or colon is missing here'],
  ['a: !b c\n', '1:4 YAML: a value that begins with `!` is taken for a tag, put it in quotes'],
])('of the broken file %j it is said: %s', (text, problem) => {
  expect(problemsOf(text)).toEqual([`config.yaml:${problem}`]);
});

test.each(['@CANARY', '%CANARY', '"\\qCANARY"', 'a: CANARY: b', '*CANARY', '!CANARY x', '`CANARY`'])(
  'a secret that YAML stumbles over, such as %s, is a problem, and is not repeated',
  (typed) => {
    const problems = problemsOf(minimal.replace('concertim_password: p', `concertim_password: ${typed}`));

    expect(problems[0]).toMatch(/^config\.yaml:11:\d+ (YAML|concertim\.concertim_password): /);
    expect(problems.join()).not.toContain('CANARY');
  },
);

test('a key that is given twice is a problem', () => {
  expect(problemsOf(`${minimal}  concertim_password: q\n`)).toEqual([
    'config.yaml:12:3 concertim.concertim_password: is given twice, remove one of the two',
  ]);
});

test('anchors and merge keys work, and one that refers to itself is a problem', () => {
  const config = load(`
openstack: &o
  auth_url: &url http://controller:5000/v3
  user_id: u1
  password: p
  project_id: p1
api:
  allowed_auth_urls: [*url]
concertim:
  <<: { concertim_username: merged, concertim_password: p }
  concertim_url: https://concertim.example.com
`);

  expect(config.api.allowedAuthUrls).toEqual(['http://controller:5000/v3']);
  expect(config.concertim.login).toBe('merged');
  expect(problemsOf(`${minimal}api: &a\n  allowed_auth_urls: *a\n`)).toContain(
    'config.yaml:13:22 api.allowed_auth_urls: an anchor refers to itself, write the value out',
  );
});

test.each([
  [
    'lists of lists by reference',
    Array.from({ length: 50 }, (_, n) => `a${n}: &a${n} [${n ? `*a${n - 1},*a${n - 1}` : 'x'}]`).join('\n'),
  ],
  ['brackets', '['.repeat(10_000)],
  ['nested lists', '- '.repeat(10_000)],
  ['nested keys on a line', 'a: '.repeat(10_000)],
  ['nested sections', Array.from({ length: 1_000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
])('a file made to break the reader, of %s, is refused in good time', (_, text) => {
  expect(problemsOf(text)).not.toEqual([]);
});

test('the example that is shipped is a configuration', () => {
  const example = readFileSync(new URL('../../config.example.yaml', import.meta.url), 'utf8');

  const config = load(example);

  expect(config.clouds[0].openstack.credentials.kind).toBe('password');
  expect(config.clouds[0].rmq?.hosts).toEqual(['controller']);
  expect(config.notices).toEqual([]);
});

test('every key that the example has commented out with a value can be put in', () => {
  const example = readFileSync(new URL('../../config.example.yaml', import.meta.url), 'utf8');

  const problems = problemsOf(example.replace(/^( *)#(\w+: \S)/gm, '$1$2'));

  expect(problems).toEqual([]);
});

test('the folders that systemd or an image gives are used where the file names none', () => {
  const env = { LOGS_DIRECTORY: '/var/log/one:/var/log/two', STATE_DIRECTORY: '/var/lib/state' };

  const silent = load(`log_dir:\n${minimal}`, env);
  const named = load(`log_dir: /srv/log\ndata_dir: /srv/data\n${minimal}`, env);
  const { settings } = loadConfigWithSettings({ file: write('config.yaml', minimal), env });

  expect(silent).toMatchObject({ logDir: '/var/log/one', dataDir: '/var/lib/state' });
  expect(named).toMatchObject({ logDir: '/srv/log', dataDir: '/srv/data' });
  expect(settings.find(({ key }) => key === 'log_dir')).toMatchObject({
    shown: '/var/log/one',
    origin: '$LOGS_DIRECTORY',
  });
});

test('a secret can come from the environment alone; the file, where it gives one, goes first', () => {
  const file = `${minimal.replaceAll('assword: p\n', 'assword:\n')}rmq:
  rmq_address: broker
  rmq_password: secret-of-the-file
`;
  const env = {
    CONCERTIM_OPENSTACK_SERVICE_OPENSTACK_PASSWORD: 'secret-one',
    CONCERTIM_OPENSTACK_SERVICE_CONCERTIM_PASSWORD: 'secret-two',
    CONCERTIM_OPENSTACK_SERVICE_RMQ_PASSWORD: 'secret-three',
    CONCERTIM_OPENSTACK_SERVICE_API_JWT_SECRET: 'secret-of-16-letters',
    JWT_SECRET: 'another-of-16-letters',
    CONCERTIM_OPENSTACK_SERVICE_API_UI_TOKEN: '',
  };

  const config = load(file, env);
  const { settings } = loadConfigWithSettings({ file: write('config.yaml', file), env });

  const { credentials } = config.clouds[0].openstack;
  expect(JSON.stringify(config)).not.toContain('secret-');
  expect(credentials.kind === 'password' && revealed(credentials.password)).toBe('secret-one');
  expect(revealed(config.concertim.password)).toBe('secret-two');
  expect(revealed(config.clouds[0].rmq?.password)).toBe('secret-of-the-file');
  expect(config.api.jwt.kind !== 'off' && revealed(config.api.jwt.secret)).toBe('secret-of-16-letters');
  expect(config.api.uiToken).toBeUndefined();
  expect(settings.find(({ key }) => key === 'jwt_secret')).toMatchObject({
    shown: '[hidden]',
    origin: '$CONCERTIM_OPENSTACK_SERVICE_API_JWT_SECRET',
  });
});

test('in a section that is none, a secret of the environment is not what is wrong', () => {
  expect(problemsOf(`${minimal}api: 5\n`, { JWT_SECRET: 'another-of-16-letters' })).toEqual([
    expect.stringContaining('api: is not a section'),
  ]);
});

test('systemd says where and how often it wants to be notified; a watchdog of another process is none', () => {
  const env = { NOTIFY_SOCKET: '/run/systemd/notify', WATCHDOG_USEC: '60000000' };
  const socket = env.NOTIFY_SOCKET;

  expect(load(minimal).systemd).toBeUndefined();
  expect(load(minimal, { NOTIFY_SOCKET: socket }).systemd).toEqual({ socket, watchdogMs: undefined });
  expect(load(minimal, env).systemd).toEqual({ socket, watchdogMs: 60_000 });
  expect(load(minimal, { ...env, WATCHDOG_PID: '1' }).systemd).toEqual({ socket, watchdogMs: undefined });
});

test('Nova is waited for longer than it waits itself for a cell that is down', () => {
  const novaWaitsMs = 60_200;

  const [{ openstack }] = load(minimal).clouds;

  expect(openstack.timeoutMs).toBeGreaterThan(novaWaitsMs);
  expect(openstack.listTimeoutMs).toBeGreaterThan(novaWaitsMs);
});

test('the metric daemon is waited for 10 s, or as long as Concertim if that is shorter', () => {
  expect(load(minimal).metrics.timeoutMs).toBe(10_000);
  expect(load(`${minimal}  timeout: 5\n`).metrics.timeoutMs).toBe(5_000);
});
