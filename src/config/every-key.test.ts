import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { root } from '../../scripts/command.ts';
import { Secret } from '../runtime/secret.ts';
import type { ConfigValues } from './config-values.ts';
import { configFromValues } from './load.ts';
import { ConfigError } from './problems.ts';
import { ConfigFile } from './schema.ts';
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

interface Key {
  readonly section: string | undefined;
  readonly key: string;
  readonly leaf: z.ZodType;
}

const keys = Object.entries(ConfigFile.shape).flatMap(([name, schema]): Key[] =>
  schema instanceof z.ZodObject
    ? Object.entries<z.ZodType>(schema.shape).map(([key, leaf]) => ({ section: name, key, leaf }))
    : [{ section: undefined, key: name, leaf: schema }],
);

const partsOf = (given: ConfigValues): Readonly<Record<string, object | undefined>> =>
  Object.fromEntries(
    Object.entries(given).map(([name, part]) => [name, typeof part === 'object' ? part : {}]),
  );

test.each(keys)('the key $section $key makes a difference', ({ section, key, leaf }) => {
  const words = [...(about.get(leaf)?.takes ?? '').matchAll(/`([^`]+)`/g)].map(([, word]) => word);
  const taken = [...words, ...candidates].filter((value) => leaf.safeParse(value).success);

  const differs = [withProject, values].flatMap((base) => {
    const before = JSON.stringify(outcomeOf(base));
    return taken.map((value) => {
      const given =
        section === undefined
          ? { ...base, [key]: value }
          : { ...base, [section]: { ...partsOf(base)[section], [key]: value } };
      return JSON.stringify(outcomeOf(given)) !== before;
    });
  });

  expect(differs).toContain(true);
});
