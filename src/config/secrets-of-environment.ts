import { z } from 'zod';
import { withCloudEntries } from './cloud-entries.ts';
import { Cloud, ConfigFile } from './schema.ts';
import { type About, about } from './setting.ts';
import type { YamlEntry, YamlMap } from './yaml-tree.ts';

const prefix = 'CONCERTIM_OPENSTACK_SERVICE';

/**
 * The variables of the environment that a secret is taken from: `api.jwt_secret` from
 * `CONCERTIM_OPENSTACK_SERVICE_API_JWT_SECRET`, or from what others call it. A key that begins with the name of its section
 * does not repeat it.
 */
export function variablesOf(
  section: string,
  key: string,
  { variable }: Pick<About, 'variable'>,
  suffix?: string,
): string[] {
  const path = key.startsWith(section) ? key : `${section}_${key}`;
  const ours = [prefix, path, ...(suffix === undefined ? [] : [suffix])].join('_').toUpperCase();
  return [ours, ...(variable === undefined ? [] : [variable])];
}

/** What the name of a cloud adds to its variables: `NORTH_1` for `north-1`. */
export function variableSuffix(cloud: string): string {
  return cloud.toUpperCase().replace(/[.-]/g, '_');
}

/**
 * The tree with the secrets that the environment gives; what the file says takes precedence. Variables of one of several clouds end in its name.
 */
export function withSecretsOf(env: NodeJS.ProcessEnv, root: YamlMap): YamlMap {
  return withCloudEntries(withSecrets(env, root, ConfigFile), (entry) => {
    const name = entry.entries.get('name')?.node;
    if (name?.kind !== 'text' || name.text === undefined) return entry;
    return withSecrets(env, entry, Cloud, variableSuffix(name.text));
  });
}

function withSecrets(env: NodeJS.ProcessEnv, root: YamlMap, sections: z.ZodObject, suffix?: string): YamlMap {
  const changed = new Map(root.entries);
  for (const [section, schema] of Object.entries(sections.shape)) {
    const given = changed.get(section);
    // Anything but a mapping here is reported when the section is read.
    if (!(schema instanceof z.ZodObject) || (given?.node.kind !== 'map' && !isSilent(given))) continue;
    const entries = new Map(given?.node.kind === 'map' ? given.node.entries : []);
    const secrets = Object.entries(schema.shape)
      .filter(([key]) => isSilent(entries.get(key)) && isSilent(entries.get(`${key}_file`)))
      .flatMap(([key, part]) => {
        const facts = about.get(part as z.ZodType);
        if (!facts?.secret) return [];
        const entry = entryOf(env, variablesOf(section, key, facts, suffix), facts);
        return entry ? [{ key, entry }] : [];
      });
    for (const { key, entry } of secrets) entries.set(key, entry);
    const at = given?.at ?? secrets[0]?.entry.at;
    if (at && secrets.length > 0) changed.set(section, { at, node: { kind: 'map', at, entries } });
  }
  return { ...root, entries: changed };
}

/** The value of the first variable that says something. */
function entryOf(
  env: NodeJS.ProcessEnv,
  variables: readonly string[],
  { mayNotBeEmpty }: About,
): YamlEntry | undefined {
  const variable = variables.find((name) => (mayNotBeEmpty ? env[name] !== undefined : env[name]));
  if (variable === undefined) return undefined;
  const at = { file: `$${variable}`, line: 0, column: 0 };
  return { at, node: { kind: 'text', text: env[variable], at } };
}

/** Not there, or there with nothing after it. */
export function isSilent(entry: YamlEntry | undefined): boolean {
  return !entry || (entry.node.kind === 'text' && entry.node.text === undefined);
}
