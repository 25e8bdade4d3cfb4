import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Config } from './config.ts';
import { loadConfig } from './load.ts';
import { ConfigError } from './problems.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'concertim-clouds-'));
  mkdirSync(join(folder, 'openstack'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const clouds = `
clouds:
  prod:
    auth:
      auth_url: https://keystone.example.com/v3/
      username: concertim
      password: 0123
      project_name: admin
      default_domain_name: Default
    region_name: north
    interface: internal
    verify: false
  legacy:
    auth_type: v3token
    profile: vendor
    auth: { auth_url: "https://x/v3" }
`;

function write(name: string, text: string): void {
  writeFileSync(join(folder, name), text);
}

function load(openstack: string, env: NodeJS.ProcessEnv = { XDG_CONFIG_HOME: folder }): Config {
  write(
    'config.yaml',
    `openstack:\n${openstack}\nconcertim:\n  concertim_url: http://c\n  concertim_username: a\n  concertim_password: p\n`,
  );
  return loadConfig({ file: join(folder, 'config.yaml'), env });
}

function problemsOf(openstack: string, env?: NodeJS.ProcessEnv): string[] {
  try {
    load(openstack, env);
  } catch (error) {
    if (error instanceof ConfigError)
      return error.problems.map((problem) => problem.replaceAll(`${folder}/`, ''));
    throw error;
  }
  return [];
}

test('a cloud of clouds.yaml says how to sign in, where, and whom to trust', () => {
  write('openstack/clouds.yaml', clouds);

  const [{ openstack }] = load('  cloud: prod').clouds;

  expect(openstack).toMatchObject({
    credentials: {
      kind: 'password',
      authUrl: 'https://keystone.example.com/v3',
      user: { name: 'concertim', domain: { name: 'Default' } },
      project: { name: 'admin', domain: { name: 'Default' } },
    },
    region: 'north',
    interface: 'internal',
    tls: { insecure: true },
  });
  expect(openstack.credentials.kind === 'password' && openstack.credentials.password.reveal()).toBe('0123');
});

test('region, interface and trust of config.yaml win over those of clouds.yaml', () => {
  write('openstack/clouds.yaml', clouds);

  const [{ openstack }] = load(
    '  cloud: prod\n  region_name: south\n  interface: admin\n  insecure: false',
  ).clouds;

  expect(openstack).toMatchObject({ region: 'south', interface: 'admin', tls: { insecure: false } });
});

test('secrets may stand in secure.yaml', () => {
  write('openstack/clouds.yaml', clouds.replace('      password: 0123\n', ''));
  write('openstack/secure.yaml', 'clouds:\n  prod:\n    auth: { password: from-secure }\n');

  const { credentials } = load('  cloud: prod').clouds[0].openstack;

  expect(credentials.kind === 'password' && credentials.password.reveal()).toBe('from-secure');
});

test('the files that the environment names come before the standard places', () => {
  write('openstack/clouds.yaml', 'clouds: {}');
  write('mine.yaml', clouds);
  write('mine-secure.yaml', 'clouds:\n  prod:\n    auth: { username: other }\n');

  const { credentials } = load('  cloud: prod', {
    XDG_CONFIG_HOME: folder,
    OS_CLIENT_CONFIG_FILE: join(folder, 'mine.yaml'),
    OS_CLIENT_SECURE_FILE: join(folder, 'mine-secure.yaml'),
  }).clouds[0].openstack;

  expect(credentials).toMatchObject({ user: { name: 'other' } });
});

test('an application credential may stand in clouds.yaml', () => {
  write(
    'openstack/clouds.yaml',
    'clouds:\n  app:\n    auth_type: v3applicationcredential\n    auth:\n      auth_url: http://k/v3\n      application_credential_id: i\n      application_credential_secret: s\n',
  );

  expect(load('  cloud: app').clouds[0].openstack.credentials).toMatchObject({
    kind: 'application-credential',
    credential: { id: 'i' },
  });
});

test('a wrong value is reported with its place in clouds.yaml', () => {
  write('openstack/clouds.yaml', clouds.replace('interface: internal', 'interface: secret'));

  expect(problemsOf('  cloud: prod')).toEqual([
    'openstack/clouds.yaml:11:5 openstack.interface: is none of the words it can be, write one of public, internal, admin',
  ]);
});

test('a cloud that is not there, and clouds.yaml that is not, are problems', () => {
  expect(problemsOf('  cloud: prod')).toContainEqual(
    expect.stringMatching(
      /^config\.yaml:2:3 openstack\.cloud: no clouds\.yaml is there, put one at .*openstack\/clouds\.yaml/,
    ),
  );
  write('openstack/clouds.yaml', clouds);
  expect(problemsOf('  cloud: staging')).toContain(
    'config.yaml:2:3 openstack.cloud: no such cloud is in openstack/clouds.yaml, give one of its names',
  );
});

test('what of clouds.yaml we cannot do is a problem, not left out', () => {
  write('openstack/clouds.yaml', clouds);

  const problems = problemsOf('  cloud: legacy');

  expect(problems).toContainEqual(
    expect.stringContaining('auth_type: is not supported, use one of password'),
  );
  expect(problems).toContainEqual(expect.stringContaining('profile: is not supported'));
});

test('a cloud and a way to sign in cannot both be given', () => {
  write('openstack/clouds.yaml', clouds);

  expect(problemsOf('  cloud: prod\n  username: admin')).toEqual([
    'config.yaml:3:3 openstack.username: is given beside openstack.cloud, remove one of the two',
  ]);
});
