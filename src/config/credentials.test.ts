import { expect, test } from 'vitest';
import { Secret } from '../runtime/secret.ts';
import { readCredentials } from './credentials.ts';
import { Problems } from './problems.ts';
import type { ConfigFile } from './schema.ts';

type Keys = Partial<Record<keyof ConfigFile['openstack'], string>>;

const at = { file: 'config.yaml', line: 1, column: 1 };
const v3 = 'http://controller:5000/v3';
const v2 = 'http://controller:5000/v2.0';

function read(keys: Keys) {
  const problems = new Problems();
  const values = Object.fromEntries(
    Object.entries(keys).map(([key, value]) => [
      key,
      /password|secret/.test(key) ? new Secret(value) : value,
    ]),
  );
  const places = new Map(Object.keys(keys).map((key) => [`openstack.${key}`, at]));
  const credentials = readCredentials(
    { keys: values as unknown as ConfigFile['openstack'], section: 'openstack', at, places },
    problems,
  );
  return {
    credentials,
    problems: problems.any ? problems.toError().problems : [],
    notices: problems.notices,
  };
}

test.each<[string, Keys, object]>([
  [
    'by name',
    {
      auth_url: v3,
      username: 'admin',
      password: 'p',
      user_domain_name: 'Default',
      project_name: 'ops',
      project_domain_name: 'Ops',
    },
    {
      kind: 'password',
      authUrl: v3,
      user: { name: 'admin', domain: { name: 'Default' } },
      project: { name: 'ops', domain: { name: 'Ops' } },
    },
  ],
  [
    'by id',
    { auth_url: v3, user_id: 'u', password: 'p', project_id: 'r' },
    { kind: 'password', user: { id: 'u' }, project: { id: 'r' } },
  ],
  [
    'by user name and project id',
    { auth_url: v3, username: 'admin', password: 'p', user_domain_name: 'Default', project_id: 'r' },
    { kind: 'password', user: { name: 'admin', domain: { name: 'Default' } }, project: { id: 'r' } },
  ],
  [
    'with domains by id',
    {
      auth_url: v3,
      username: 'admin',
      password: 'p',
      user_domain_id: 'd1',
      project_name: 'ops',
      project_domain_id: 'd2',
    },
    {
      kind: 'password',
      user: { name: 'admin', domain: { id: 'd1' } },
      project: { name: 'ops', domain: { id: 'd2' } },
    },
  ],
  [
    'in an address without a version',
    { auth_url: 'http://controller:5000', user_id: 'u', password: 'p', project_id: 'r' },
    { kind: 'password', authUrl: 'http://controller:5000' },
  ],
  [
    'identity v2.0, tenant by name',
    { auth_url: v2, username: 'admin', password: 'p', tenant_name: 't' },
    { kind: 'v2-password', authUrl: v2, username: 'admin', tenant: { name: 't' } },
  ],
  [
    'identity v2.0, tenant by id',
    { auth_url: v2, username: 'admin', password: 'p', tenant_id: 't' },
    { kind: 'v2-password', tenant: { id: 't' } },
  ],
  [
    'an application credential by id',
    { auth_url: v3, application_credential_id: 'a', application_credential_secret: 's' },
    { kind: 'application-credential', authUrl: v3, credential: { id: 'a' } },
  ],
  [
    'an application credential by name',
    {
      auth_url: v3,
      application_credential_name: 'a',
      application_credential_secret: 's',
      username: 'admin',
      user_domain_name: 'Default',
    },
    {
      kind: 'application-credential',
      credential: { name: 'a', user: { name: 'admin', domain: { name: 'Default' } } },
    },
  ],
])('signing in %s', (_, keys, expected) => {
  const { credentials, problems } = read(keys);

  expect(problems).toEqual([]);
  expect(credentials).toMatchObject(expected);
});

test('where an id and a name are given the id counts, and that is said', () => {
  const { credentials, notices } = read({
    auth_url: v3,
    user_id: 'u',
    username: 'admin',
    password: 'p',
    project_id: 'r',
    project_name: 'ops',
  });

  expect(credentials).toMatchObject({ user: { id: 'u' }, project: { id: 'r' } });
  expect(notices).toHaveLength(2);
});

test.each<[Keys, string[]]>([
  [{}, ['auth_url', 'username', 'password', 'project_name']],
  [{ auth_url: v3, username: 'admin', password: 'p', project_id: 'r' }, ['user_domain_name']],
  [{ auth_url: v3, user_id: 'u', password: 'p', project_name: 'ops' }, ['project_domain_name']],
  [{ auth_url: v2, username: 'admin' }, ['password', 'tenant_name']],
  [{ auth_url: v3, application_credential_id: 'a' }, ['application_credential_secret']],
  [{ auth_url: v3, application_credential_secret: 's' }, ['application_credential_id']],
  [{ auth_url: v3, application_credential_name: 'a', application_credential_secret: 's' }, ['username']],
])('of %j each missing key is named', (keys, missing) => {
  const { credentials, problems } = read(keys);

  expect(credentials).toBeUndefined();
  expect(problems.map((problem) => /openstack\.(\w+): is missing/.exec(problem)?.[1])).toEqual(missing);
});
