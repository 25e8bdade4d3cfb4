import { expect, test } from 'vitest';
import { Secret } from '../runtime/secret.ts';
import { type Credentials, describeUser, identityUrl } from './credentials.ts';

const password: Credentials = {
  kind: 'password',
  authUrl: '',
  user: { id: 'u1' },
  password: new Secret('p'),
  project: { id: 'p1' },
};
const v2: Credentials = {
  kind: 'v2-password',
  authUrl: '',
  username: 'concertim',
  password: new Secret('p'),
  tenant: { name: 'admin' },
};

test.each([
  [password, 'http://cloud:5000', 'http://cloud:5000/v3'],
  [password, 'http://cloud:5000/', 'http://cloud:5000/v3'],
  [password, 'http://cloud:5000/v3', 'http://cloud:5000/v3'],
  [password, 'https://cloud/identity/v3//', 'https://cloud/identity/v3'],
  [v2, 'http://cloud:5000', 'http://cloud:5000/v2.0'],
  [v2, 'http://cloud:5000/v2.0/', 'http://cloud:5000/v2.0'],
])('an address with or without its version: %#', (credentials, authUrl, expected) => {
  expect(identityUrl({ ...credentials, authUrl })).toBe(expected);
});

test('who signs in is reported in the words of the configuration', () => {
  const secret = new Secret('s');
  const bridge: Credentials = {
    kind: 'application-credential',
    authUrl: '',
    credential: { name: 'bridge', user: { name: 'ada', domain: { id: 'default' } } },
    secret,
  };

  expect(describeUser(password)).toBe('user u1');
  expect(describeUser(v2)).toBe('user "concertim"');
  expect(describeUser(bridge)).toBe('application credential "bridge" of user "ada" in domain default');
});
