import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, expectTypeOf, test } from 'vitest';
import { stringify } from 'yaml';
import { Secret } from '../runtime/secret.ts';
import type { ConfigValues } from './config-values.ts';
import { configFromValues, loadConfig } from './load.ts';
import { ConfigError } from './problems.ts';

const values = {
  log_level: 'warning',
  openstack: {
    auth_url: 'http://controller:5000/v3',
    user_id: 'u',
    password: 'p',
    project_id: 'p',
    insecure: true,
  },
  concertim: {
    concertim_url: 'https://portal',
    concertim_username: 'admin',
    concertim_password: 'q',
    default_rack_height: 48,
  },
  updates: { interval: '5m', max_deletion_share: 0.5, max_deletions: 7 },
  rmq: { rmq_address: ['one', 'two'], rmq_password: 'r', tls: true },
  metrics: { interval: 30 },
  api: { allowed_auth_urls: 'http://other:5000/v3' },
} as const satisfies ConfigValues;

function problemsOf(given: object): readonly string[] {
  try {
    configFromValues(given as ConfigValues);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

test('values mean what they mean in a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'values-'));
  const file = join(folder, 'config.yaml');
  writeFileSync(file, stringify(values));

  const config = configFromValues(values);

  expect(config).toEqual(loadConfig({ file, env: {} }));
  expect(config).toMatchObject({
    updates: { intervalMs: 300_000, maxDeletionShare: 0.5, maxDeletions: 7 },
    metrics: { intervalMs: 30_000 },
    concertim: { defaultRackHeight: 48 },
  });
  rmSync(folder, { recursive: true });
});

test('a secret may be one already', () => {
  const { concertim } = configFromValues({
    ...values,
    concertim: { ...values.concertim, concertim_password: new Secret('of the program') },
  });

  expect(concertim.password.reveal()).toBe('of the program');
});

test('wrong values are reported as those of a file are, all at once, and none is repeated', () => {
  const problems = problemsOf({
    log_level: 'loud',
    openstack: { ...values.openstack, usrname: 'x' },
    concertim: { concertim_url: 'ftp://canary', default_rack_height: 100 },
    updates: { interval: true },
  });

  expect(problems).toEqual(
    expect.arrayContaining([
      'config log_level: is none of the words it can be, write one of debug, info, warning, error, critical',
      'config openstack.usrname: is not a known key, did you mean openstack.username?',
      'config concertim.concertim_username: is missing, write concertim_username: admin',
      'config concertim.default_rack_height: is not a whole number from 1 to 72, give such a number',
      expect.stringMatching(/^config updates\.interval: is not a time from 1 s/),
    ]),
  );
  expect(problems.join()).not.toContain('canary');
});

test('undefined and null are as good as not there', () => {
  const { updates, dataDir } = configFromValues({
    ...values,
    data_dir: undefined,
    updates: { interval: undefined },
  });

  expect(updates.intervalMs).toBe(150_000);
  expect(dataDir).toBeUndefined();
  expect(problemsOf({ ...values, metrics: null })).toEqual([]);
});

test('the environment has no part in it', () => {
  process.env['JWT_SECRET'] = '0123456789abcdef';
  process.env['STATE_DIRECTORY'] = '/somewhere';

  const config = configFromValues(values);

  delete process.env['JWT_SECRET'];
  delete process.env['STATE_DIRECTORY'];
  expect(config.api.jwt).toEqual({ kind: 'off' });
  expect(config.dataDir).toBeUndefined();
});

test('the types are those of the schema: what is misspelt or of a wrong type does not compile', () => {
  type Openstack = NonNullable<ConfigValues['openstack']>;
  expectTypeOf<'auth_url'>().toExtend<keyof Openstack>();
  expectTypeOf<'password_file'>().toExtend<keyof Openstack>();
  expectTypeOf<'usrname'>().not.toExtend<keyof Openstack>();
  type Cloud = NonNullable<ConfigValues['clouds']>[number];
  expectTypeOf<Cloud['openstack']>().toEqualTypeOf<Openstack>();
  expectTypeOf<NonNullable<ConfigValues['updates']>['interval']>().toEqualTypeOf<
    number | string | undefined
  >();
  expectTypeOf<ConfigValues['log_level']>().toEqualTypeOf<
    'debug' | 'info' | 'warning' | 'error' | 'critical' | undefined
  >();
  expectTypeOf<Openstack['insecure']>().toEqualTypeOf<boolean | 'true' | 'false' | undefined>();
});
