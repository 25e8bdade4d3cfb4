import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CloudConfig } from './config.ts';
import { loadConfig } from './load.ts';
import { ConfigError } from './problems.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'concertim-clouds-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const portal = `concertim:
  concertim_url: https://concertim.example.com
  concertim_username: admin
  concertim_password: p
`;
const north = `  - name: north
    openstack: { auth_url: "http://north:5000/v3", user_id: u1, password: p, project_id: p1 }
`;
const south = north.replaceAll('north', 'south');
const rmq = '    rmq: { rmq_address: broker, rmq_password: r }\n';

function load(text: string, env: NodeJS.ProcessEnv = {}) {
  const file = join(folder, 'config.yaml');
  writeFileSync(file, text);
  return loadConfig({ file, env: { XDG_CONFIG_HOME: folder, ...env } });
}

function problemsOf(text: string, env: NodeJS.ProcessEnv = {}): string[] {
  try {
    load(text, env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map((problem) => problem.replaceAll(`${folder}/`, ''));
  }
  return [];
}

const clouds = (...entries: readonly string[]) => `${portal}clouds:\n${entries.join('')}`;

function passwordOf({ openstack: { credentials } }: CloudConfig): string | undefined {
  return credentials.kind === 'password' ? credentials.password.reveal() : undefined;
}

test('clouds are read in their order, each with its own account, region and broker', () => {
  const config = load(
    clouds(
      north + rmq,
      `  - name: south
    openstack:
      auth_url: http://south:5000/v3
      region_name: two
      interface: internal
      timeout: 60
      application_credential_id: a
      application_credential_secret: s
`,
    ),
  );

  expect(config.notices).toEqual([]);
  expect(config.clouds).toMatchObject([
    {
      name: 'north',
      openstack: { credentials: { kind: 'password', authUrl: 'http://north:5000/v3' }, region: undefined },
      rmq: { hosts: ['broker'], port: 5672 },
    },
    {
      name: 'south',
      openstack: {
        credentials: { kind: 'application-credential', authUrl: 'http://south:5000/v3' },
        region: 'two',
        interface: 'internal',
        listTimeoutMs: 60_000,
      },
      rmq: undefined,
    },
  ]);
});

test('a single entry of clouds is what the sections at the top are', () => {
  const [listed] = load(clouds(north + rmq)).clouds;
  const [atTop] = load(
    `${portal}openstack: { auth_url: "http://north:5000/v3", user_id: u1, password: p, project_id: p1 }
rmq: { rmq_address: broker, rmq_password: r }
`,
  ).clouds;

  expect(listed).toEqual({ ...atTop, name: 'north', path: 'clouds[0]' });
});

test('clouds that share a broker have queues of their own, and the first keeps those of a single cloud', () => {
  const config = load(clouds(north + rmq, south + rmq));

  expect(config.clouds.map((cloud) => cloud.rmq?.deployment)).toEqual(['default', 'default.south']);
});

test.each([
  [`openstack: { auth_url: "http://x:5000" }\n`, 'openstack'],
  [`rmq: { rmq_address: broker, rmq_password: r }\n`, 'rmq'],
])('beside clouds there is no %j', (text, section) => {
  expect(problemsOf(text + clouds(north))).toEqual([
    `config.yaml:1:1 ${section}: is given beside clouds, move it into the entry of its cloud`,
  ]);
});

test('clouds without a value is as good as not there', () => {
  expect(problemsOf(`clouds:\nopenstack: { user_id: u1, password: p, project_id: p1 }\n${portal}`)).toEqual([
    'config.yaml:2:1 openstack.auth_url: is missing, give the address of Keystone, or cloud, a name in clouds.yaml',
  ]);
});

test.each([
  ['clouds: { north: { openstack: {} } }', '1:1 clouds: is not a list, begin each cloud with `- name: …`'],
  ['clouds: north', '1:1 clouds: is not a list, begin each cloud with `- name: …`'],
  ['clouds: []', '1:1 clouds: is an empty list, put a cloud into it or remove the key'],
  ['clouds: [north]', '1:10 clouds[0]: is not a cloud, write `- name: …` and its sections below that'],
])('%j is no list of clouds', (text, problem) => {
  expect(problemsOf(`${text}\n${portal}`)).toEqual([`config.yaml:${problem}`]);
});

test('all that is wrong with the entries is reported, each with its place', () => {
  const problems = problemsOf(`${portal}clouds:
  - openstack:
      auth_url: controller
      usrname: u
      rmq_address: broker
      password: p
    rmq:
      rmq_port: 70000
      rmq_password: r
  - name: south
    auth_url: http://south:5000
    openstack: http://south:5000
  - name: west
    opnstack: {}
    concertim: {}
auth_url: x
`);

  expect(problems).toEqual([
    'config.yaml:6:5 clouds[0].name: is missing, write name: north',
    'config.yaml:6:5 clouds[0].openstack.username: is missing, give it with user_domain_name, or give user_id',
    'config.yaml:6:5 clouds[0].openstack.project_name: is missing, give it with project_domain_name, or give project_id',
    'config.yaml:7:7 clouds[0].openstack.auth_url: is not an address, write it as http://host:port/path',
    'config.yaml:8:7 clouds[0].openstack.usrname: is not a known key, did you mean clouds[0].openstack.username?',
    'config.yaml:9:7 clouds[0].openstack.rmq_address: is not a known key, put it under clouds[0].rmq',
    'config.yaml:11:5 clouds[0].rmq.rmq_address: is missing, give the host of the broker',
    'config.yaml:12:7 clouds[0].rmq.rmq_port: is not a whole number from 1 to 65535, give such a number',
    'config.yaml:15:5 clouds[1].auth_url: is not a known key, put it under clouds[1].openstack',
    'config.yaml:16:5 clouds[1].openstack: is not a section, write its keys below it, indented',
    'config.yaml:17:5 clouds[2].openstack.auth_url: is missing, give the address of Keystone, or cloud, a name in clouds.yaml',
    'config.yaml:17:5 clouds[2].openstack.username: is missing, give it with user_domain_name, or give user_id',
    'config.yaml:17:5 clouds[2].openstack.password: is missing, give the password of that user, or password_file',
    'config.yaml:17:5 clouds[2].openstack.project_name: is missing, give it with project_domain_name, or give project_id',
    'config.yaml:18:5 clouds[2].opnstack: is not a known key, did you mean clouds[2].openstack?',
    'config.yaml:19:5 clouds[2].concertim: is not a known key, put it at the top, outside any section',
    'config.yaml:20:1 auth_url: is not a known key, put it under openstack of one of the clouds',
  ]);
});

test.each(['a:b', 'tag', 'Tag', 'deleted-flavor', '../x', '.', '-a', 'a b', 'ü', 'x'.repeat(33), '[a]'])(
  'the name %s is refused',
  (name) => {
    expect(problemsOf(clouds(north.replace('name: north', `name: ${name}`)))).toEqual([
      expect.stringMatching(/^config\.yaml:6:5 clouds\[0\]\.name: (cannot be the name of a cloud|is a list)/),
    ]);
  },
);

test.each([
  ['north', 'north'],
  ['north', 'NORTH'],
  ['north-1', 'north_1'],
  ['a.b', 'a-b'],
])('%s and %s cannot both be names', (one, other) => {
  const named = (name: string, cloud: string) => cloud.replace(/name: \w+/, `name: ${name}`);

  expect(problemsOf(clouds(named(one, north), named(other, south)))).toEqual([
    'config.yaml:8:5 clouds[1].name: is that of clouds[0], or differs only in case and punctuation, give each cloud its own',
  ]);
});

const region = (cloud: string, name: string) => cloud.replace('user_id', `region_name: ${name}, user_id`);
const asSouth = (text: string) => text.replace('name: north', 'name: south');

test('regions of one Keystone are clouds, and each has to be named', () => {
  const upper = north.replace('http://north:5000/v3', 'HTTP://NORTH:5000/');

  expect(load(clouds(region(north, 'one'), asSouth(region(upper, 'two')))).clouds).toHaveLength(2);
  expect(problemsOf(clouds(region(north, 'one'), asSouth(region(upper, 'one'))))).toEqual([
    'config.yaml:9:50 clouds[1].openstack.region_name: is that of clouds[0], which has the same auth_url, give another one or remove one of the two clouds',
  ]);
  expect(problemsOf(clouds(north, asSouth(region(upper, 'two'))))).toEqual([
    'config.yaml:7:5 clouds[0].openstack.region_name: is missing: another of the clouds has the same auth_url, give the region of each',
  ]);
  expect(problemsOf(clouds(region(north, 'one'), asSouth(upper)))).toEqual([
    'config.yaml:9:5 clouds[1].openstack.region_name: is missing: another of the clouds has the same auth_url, give the region of each',
  ]);
});

test('a secret of each cloud can come from a file, or from the variable that ends in its name', () => {
  writeFileSync(join(folder, 'password'), 'of the file\n');
  const silent = (cloud: string) => cloud.replace('password: p, ', '');
  const named = north
    .replace('name: north', 'name: north-1.a')
    .replace('password: p', 'password_file: password');
  const broker = rmq.replace(', rmq_password: r', '');

  const config = load(clouds(named, silent(south) + broker, silent(south).replaceAll('south', 'west-1.b')), {
    CONCERTIM_OPENSTACK_SERVICE_OPENSTACK_PASSWORD_NORTH_1_A: 'not read',
    CONCERTIM_OPENSTACK_SERVICE_OPENSTACK_PASSWORD_SOUTH: 'of the south',
    CONCERTIM_OPENSTACK_SERVICE_RMQ_PASSWORD_SOUTH: 'of its broker',
    CONCERTIM_OPENSTACK_SERVICE_OPENSTACK_PASSWORD_WEST_1_B: 'of the west',
  });

  expect(config.clouds.map(passwordOf)).toEqual(['of the file', 'of the south', 'of the west']);
  expect(config.clouds[1]?.rmq?.password.reveal()).toBe('of its broker');
});

test('the variable of a single cloud is for none of several, and says so', () => {
  const env = { CONCERTIM_OPENSTACK_SERVICE_OPENSTACK_PASSWORD: 'CANARY' };

  expect(problemsOf(clouds(north, south), env)).toEqual([
    '$CONCERTIM_OPENSTACK_SERVICE_OPENSTACK_PASSWORD openstack: is given beside clouds, end the name of the variable with that of its cloud, such as _NORTH',
  ]);
});

test('each cloud may be one of clouds.yaml', () => {
  const yaml = join(folder, 'clouds.yaml');
  const auth = (host: string) =>
    `{ auth_url: "http://${host}:5000", user_id: u, password: ${host}, project_id: p }`;
  writeFileSync(yaml, `clouds:\n  n: { auth: ${auth('n')}, region_name: r }\n  s: { auth: ${auth('s')} }\n`);
  const env = { OS_CLIENT_CONFIG_FILE: yaml };
  const named = (name: string, cloud: string) => `  - name: ${name}\n    openstack: { cloud: ${cloud} }\n`;

  const config = load(clouds(named('north', 'n'), named('south', 's')), env);

  expect(config.clouds.map(passwordOf)).toEqual(['n', 's']);
  expect(config.clouds[0].openstack.region).toBe('r');
  expect(problemsOf(clouds(named('north', 'n'), named('south', 'x')), env)).toContain(
    'config.yaml:9:18 clouds[1].openstack.cloud: no such cloud is in clouds.yaml, give one of its names',
  );
  expect(problemsOf(clouds(named('north', 'n'), named('south', 's, password: p')), env)).toContain(
    'config.yaml:9:28 clouds[1].openstack.password: is given beside clouds[1].openstack.cloud, remove one of the two',
  );
});

test('of a broker without an address it is said which cloud is not heard', () => {
  const config = load(clouds(north, `${south}    rmq: { rmq_port: 5672 }\n`));

  expect(config.notices).toEqual([
    expect.stringMatching(/config\.yaml:10:5 clouds\[1\]\.rmq: has no rmq_address/),
  ]);
});
