import { Secret } from '../runtime/secret.ts';
import type { Place } from './problems.ts';
import type { ConfigFile } from './schema.ts';
import type { YamlEntry, YamlMap, YamlNode } from './yaml-tree.ts';

/** What a program may give for a key whose parsed value is `Seen`: that value, or its text in config.yaml. */
type Written<Seen> = Seen extends boolean
  ? boolean | 'true' | 'false'
  : Seen extends number
    ? number | string
    : Seen extends Secret
      ? Secret | string
      : Seen extends readonly (infer Item)[]
        ? Item | readonly Item[]
        : Seen;

type SecretKeys<Section> = {
  [Key in keyof Section]: NonNullable<Section[Key]> extends Secret ? Key & string : never;
}[keyof Section];

type Keys<Section> = { readonly [Key in keyof Section]?: Written<NonNullable<Section[Key]>> | undefined } & {
  readonly [Key in SecretKeys<Section> as `${Key}_file`]?: string | undefined;
};

/** The sections of one cloud. */
type CloudKeys = {
  readonly openstack: Keys<ConfigFile['openstack']>;
  readonly rmq?: Keys<ConfigFile['rmq']> | undefined;
};

type SectionName = Exclude<
  { [Key in keyof ConfigFile]: ConfigFile[Key] extends string | undefined ? never : Key }[keyof ConfigFile],
  keyof CloudKeys | 'clouds'
>;

/**
 * What config.yaml says, as a value: the same sections, keys and meanings (times in seconds or as `5m`), for
 * a program that keeps its settings elsewhere. docs/configuration.md has them all.
 */
export type ConfigValues = Keys<Omit<ConfigFile, SectionName | keyof CloudKeys | 'clouds'>> & {
  readonly [Section in Exclude<SectionName, 'concertim'>]?: Keys<ConfigFile[Section]> | undefined;
} & { readonly concertim: Keys<ConfigFile['concertim']> } & (
    | (CloudKeys & { readonly clouds?: undefined })
    | {
        readonly clouds: readonly (CloudKeys & { readonly name: string })[];
        readonly openstack?: undefined;
        readonly rmq?: undefined;
      }
  );

const at: Place = { file: 'config', line: 0, column: 0 };

/** The values as if they had been read from a file; paths that are not absolute start from the working directory. */
export function treeOf(values: object): YamlMap {
  return mapOf(values);
}

function mapOf(values: object): YamlMap {
  const entries = Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]): [string, YamlEntry] => [key, { at, node: nodeOf(value) }]);
  return { kind: 'map', at, entries: new Map(entries) };
}

function nodeOf(value: unknown): YamlNode {
  if (value instanceof Secret) return { kind: 'text', at, text: value.reveal() };
  if (Array.isArray(value)) return { kind: 'list', at, items: value.map(nodeOf) };
  if (typeof value === 'object' && value !== null) return mapOf(value);
  return { kind: 'text', at, text: value === null ? undefined : `${value as string | number | boolean}` };
}
