import { z } from 'zod';
import { ConfigFile } from './schema.ts';
import { type About, about } from './setting.ts';
import type { YamlEntry, YamlMap } from './yaml-tree.ts';

const prefix = 'CONCERTIM_OPENSTACK_SERVICE';

/**
 * The variables of the environment that a secret is taken from: `api.jwt_secret` from
 * `CONCERTIM_OPENSTACK_SERVICE_API_JWT_SECRET`, or from what others call it. A key that begins with the name of its section
 * does not repeat it.
 */
export function variablesOf(section: string, key: string, { variable }: Pick<About, 'variable'>): string[] {
  const path = key.startsWith(section) ? key : `${section}_${key}`;
  return [`${prefix}_${path}`.toUpperCase(), ...(variable === undefined ? [] : [variable])];
}

/** The tree with the secrets that the environment gives; what the file says takes precedence. */
export function withSecretsOf(env: NodeJS.ProcessEnv, root: YamlMap): YamlMap {
  const sections = new Map(root.entries);
  for (const [section, schema] of Object.entries(ConfigFile.shape)) {
    const given = sections.get(section);
    // Anything but a mapping here is reported when the section is read.
    if (!(schema instanceof z.ZodObject) || (given?.node.kind !== 'map' && !isSilent(given))) continue;
    const entries = new Map(given?.node.kind === 'map' ? given.node.entries : []);
    const secrets = Object.entries(schema.shape)
      .filter(([key]) => isSilent(entries.get(key)) && isSilent(entries.get(`${key}_file`)))
      .flatMap(([key, part]) => secretOf(env, section, key, about.get(part as z.ZodType)));
    for (const { key, entry } of secrets) entries.set(key, entry);
    const at = given?.at ?? secrets[0]?.entry.at;
    if (at && secrets.length > 0) sections.set(section, { at, node: { kind: 'map', at, entries } });
  }
  return { ...root, entries: sections };
}

function secretOf(env: NodeJS.ProcessEnv, section: string, key: string, facts: About | undefined) {
  if (!facts?.secret) return [];
  const says = (name: string) => (facts.mayNotBeEmpty ? env[name] !== undefined : env[name]);
  const variable = variablesOf(section, key, facts).find(says);
  if (variable === undefined) return [];
  const at = { file: `$${variable}`, line: 0, column: 0 };
  return [{ key, entry: { at, node: { kind: 'text', text: env[variable], at } as const } }];
}

/** Not there, or there with nothing after it. */
export function isSilent(entry: YamlEntry | undefined): boolean {
  return !entry || (entry.node.kind === 'text' && entry.node.text === undefined);
}
