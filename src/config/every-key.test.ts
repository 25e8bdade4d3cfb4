import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { root } from '../../scripts/command.ts';
import { Secret } from '../runtime/secret.ts';
import type { ConfigValues } from './config-values.ts';
import { configFromValues } from './load.ts';
import { ConfigError } from './problems.ts';
import { Cloud, ConfigFile } from './schema.ts';
import { about } from './setting.ts';

const certificate = join(root, 'test/fixtures/tls/cert.pem');

/** A configuration with every section in use. It leaves out the project, whose key has two names. */
const values = {
  openstack: {
    auth_url: 'http://controller:5000/v3',
    username: 'concertim',
    password: 'of the cloud',
    user_domain_name: 'Default',
    project_domain_name: 'Default',
  },
  concertim: {
    concertim_url: 'https://portal',
    concertim_username: 'admin',
    concertim_password: 'of the portal',
  },
  rmq: { rmq_address: 'broker', rmq_password: 'of the broker', tls: true },
  api: { jwt_secret: '0123456789abcdef', tls_cert: certificate, tls_key: certificate.replace('cert', 'key') },
  billing: { platform: 'killbill' },
  killbill: { api_host: 'http://killbill', password: 'p', apikey: 'k', apisecret: 's' },
} as const satisfies ConfigValues;

const withProject = { ...values, openstack: { ...values.openstack, project_name: 'admin' } };

/** Each kind of value accepts one of these; a key with a fixed set of words brings its own. */
const candidates = [
  'words',
  certificate,
  '5',
  '77',
  'true',
  'false',
  'http://other/v3',
  '2026-12-01',
  '9 MB',
];

/** The configuration that the values give, with secrets revealed; or the problems found in them. */
function outcomeOf(given: object): unknown {
  try {
    return revealed(configFromValues(given as ConfigValues));
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

function revealed(value: unknown): unknown {
  if (value instanceof Secret) return value.reveal();
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value).map(([key, child]) => [key, revealed(child)]);
}

/** The same cloud twice, where the second is the one whose keys are tried. */
function several({ openstack, rmq, ...rest }: Pick<typeof values, 'openstack' | 'rmq'>) {
  const first = {
    name: 'first',
    openstack: { ...openstack, auth_url: 'http://first', project_name: 'admin' },
  };
  return { ...rest, clouds: [first, { name: 'second', openstack, rmq }] };
}

interface Key {
  /** The section that has it, as a path; empty for the top. */
  readonly section: readonly string[];
  readonly key: string;
  readonly leaf: z.ZodType;
}

function keysOf({ shape }: z.ZodObject, section: readonly string[] = []): Key[] {
  return Object.entries(shape).flatMap(([key, part]) => {
    if (part instanceof z.ZodArray) return [];
    if (part instanceof z.ZodObject) return keysOf(part, [...section, key]);
    return [{ section, key, leaf: part as z.ZodType }];
  });
}

const keys = [...keysOf(ConfigFile), ...keysOf(Cloud, ['clouds', '1'])];

/** The values with one more at a path. */
function withValue(given: unknown, [key, ...path]: readonly string[], value: string): unknown {
  if (key === undefined) return value;
  if (Array.isArray(given))
    return given.map((item, at) => (at === Number(key) ? withValue(item, path, value) : item));
  const part = (given ?? {}) as Readonly<Record<string, unknown>>;
  return { ...part, [key]: withValue(part[key], path, value) };
}

test.each(keys)('the key $section $key makes a difference', ({ section, key, leaf }) => {
  const words = [...(about.get(leaf)?.takes ?? '').matchAll(/`([^`]+)`/g)].flatMap(([, word]) => word ?? []);
  const taken = [...words, ...candidates].filter((value) => leaf.safeParse(value).success);

  const bases = [withProject, values].map((base) => (section[0] === 'clouds' ? several(base) : base));
  const differs = bases.flatMap((base) => {
    const before = JSON.stringify(outcomeOf(base));
    return taken.map(
      (value) => JSON.stringify(outcomeOf(withValue(base, [...section, key], value) as object)) !== before,
    );
  });

  expect(differs).toContain(true);
});
