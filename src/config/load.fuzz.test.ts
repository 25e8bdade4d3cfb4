import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { z } from 'zod';
import type { Config } from './config.ts';
import { loadConfig } from './load.ts';
import { ConfigError } from './problems.ts';
import { Cloud, ConfigFile } from './schema.ts';
import { about } from './setting.ts';

const folder = mkdtempSync(join(tmpdir(), 'concertim-fuzz-'));
const file = join(folder, 'config.yaml');

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** A configuration, or all that is wrong with it as one text. */
function outcome(text: string): Config | string {
  writeFileSync(file, text);
  try {
    return loadConfig({ file, env: { XDG_CONFIG_HOME: folder } });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.problems.length).toBeGreaterThan(0);
    for (const problem of error.problems)
      expect(problem).toMatch(/^\S+config\.yaml:\d+:\d+ [^\n]+: \S[^\n]+$/);
    return error.message;
  }
}

const sections: Record<string, z.ZodObject> = { '': ConfigFile };
for (const [name, part] of Object.entries(ConfigFile.shape))
  if (part instanceof z.ZodObject) sections[name] = part;
const sectionsOfACloud = Object.entries(Cloud.shape).filter(([, part]) => part instanceof z.ZodObject);

const isSecret = (section: string, key: string) =>
  about.get(sections[section]?.shape[key] as z.ZodType)?.secret ?? false;

const odd = fc.oneof(
  fc.constantFrom(
    '',
    '~',
    'true',
    '-1',
    '1e9',
    '0x10',
    '70000',
    '99999999999999999999',
    'http://',
    'http://[',
    '/',
    '..',
  ),
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.array(fc.string(), { maxLength: 3 }),
  fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 }),
);

test('any text is a configuration or says what is wrong with it', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), yamlish), (text) => {
      outcome(text);
    }),
    { numRuns: 100 },
  );
});

test('any values of any keys are a configuration or say what is wrong with it', () => {
  const keys = Object.entries(sections).flatMap(([section, { shape }]) =>
    Object.keys(shape).map((key) => ({ section, key })),
  );
  const given = fc.array(fc.record({ place: fc.constantFrom(...keys), value: odd }), { maxLength: 12 });

  fc.assert(
    fc.property(given, (settings) => {
      const tree: Record<string, unknown> = {};
      for (const { place, value } of settings) {
        if (place.section === '') tree[place.key] = value;
        else {
          const section = tree[place.section];
          tree[place.section] = {
            ...(typeof section === 'object' && section ? section : {}),
            [place.key]: value,
          };
        }
      }
      outcome(stringify(tree));
    }),
    { numRuns: 100 },
  );
});

test('any values of any keys of several clouds are a configuration or say what is wrong with it', () => {
  const keys = sectionsOfACloud.flatMap(([, part]) => Object.keys((part as z.ZodObject).shape));
  const section = fc.oneof(odd, fc.dictionary(fc.constantFrom(...keys), odd, { maxKeys: 4 }));
  const cloud = fc.oneof(
    odd,
    fc.record({ name: odd, openstack: section, rmq: section }, { requiredKeys: [] }),
  );
  const clouds = fc.oneof(odd, fc.array(cloud, { maxLength: 3 }));

  fc.assert(
    fc.property(fc.record({ clouds, openstack: section }, { requiredKeys: ['clouds'] }), (tree) => {
      outcome(stringify(tree));
    }),
    { numRuns: 100 },
  );
});

test('a file of 1 GB is refused at 1 MiB, and not read', () => {
  const large = join(folder, 'large.yaml');
  writeFileSync(large, '# ');
  truncateSync(large, 1024 ** 3);
  const before = process.memoryUsage().rss;

  expect(() => loadConfig({ file: large, env: {} })).toThrow('is larger than 1 MiB');
  expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 ** 2);
});

test('aliases that would unfold to billions are refused', () => {
  const levels = Array.from(
    { length: 12 },
    (_, at) =>
      `a${at}: &a${at} [${Array(10)
        .fill(at ? `*a${at - 1}` : 'x')
        .join(', ')}]`,
  );

  expect(outcome(levels.join('\n'))).toEqual(expect.any(String));
});

test('no secret is ever repeated, however the file is broken', () => {
  const canary = 'CaNaRy';
  const secrets = Object.entries(sections).flatMap(([section, { shape }]) =>
    Object.keys(shape)
      .filter((key) => isSecret(section, key))
      .map((key) => ({ section, key })),
  );
  const whole = [
    ...secrets.map(({ section, key }) => `${section}:\n  ${key}: "${canary}"\n`),
    `clouds:\n  - name: a\n    openstack: { password: "${canary}" }\n    rmq: { rmq_password: "${canary}" }\n`,
  ].join('');
  expect(secrets.length).toBeGreaterThan(4);

  fc.assert(
    fc.property(
      fc.nat(whole.length),
      fc.oneof(brokenPiece, fc.string({ maxLength: 3 })),
      fc.nat(3),
      (at, piece, cut) => {
        const result = outcome(whole.slice(0, at) + piece + whole.slice(at + cut));

        expect(JSON.stringify(result)).not.toContain(canary);
      },
    ),
    { numRuns: 100 },
  );
});

const brokenPiece = fc.constantFrom(
  '\t',
  '\n',
  ':',
  ': ',
  '"',
  "'",
  '*',
  '&',
  '!',
  '%',
  '@',
  '{',
  '[',
  ']',
  '|',
  '- ',
  '#',
  '\\',
  '---\n',
);
const yamlish = fc
  .array(
    fc.oneof(
      brokenPiece,
      fc.constantFrom('openstack', 'rmq:\n  ', 'clouds:\n  - ', 'password', 'a', '<<', ' ', '  ', '\n'),
    ),
    { maxLength: 40 },
  )
  .map((pieces) => pieces.join(''));
