import { dirname } from 'node:path';
import { z } from 'zod';
import { type KeyPath, pathText } from './key-path.ts';
import { nearest } from './nearest.ts';
import { type Place, type Problems, placeText } from './problems.ts';
import { readFile } from './read-file.ts';
import { resolvePath } from './resolve-path.ts';
import { alsoRead, Cloud, ConfigFile, keysOf2024 } from './schema.ts';
import { type About, about } from './setting.ts';
import type { YamlEntry, YamlMap, YamlNode } from './yaml-tree.ts';

/** One key with its text, for showing the configuration. */
export interface Setting {
  /** Empty for the keys at the top. */
  readonly section: KeyPath;
  readonly key: string;
  /** As written; `[hidden]` for a secret. */
  readonly shown: string | readonly string[];
  /** `config.yaml:3:3`, the path of a secret's file, or `default`. */
  readonly origin: string;
}

export interface ReadSettings {
  /** To be trusted only when there are no problems: a key that has one is undefined. */
  readonly values: Omit<ConfigFile, CloudKey | 'clouds'>;
  /** The same of each cloud; of the only one where its sections stand at the top. */
  readonly clouds: readonly ReadCloud[];
  /** Where each key that was given stands, by its path. */
  readonly places: ReadonlyMap<string, Place>;
  readonly settings: readonly Setting[];
}

export interface ReadCloud {
  /** Where its sections stand; empty for the top. */
  readonly path: KeyPath;
  readonly keys: z.output<typeof Cloud>;
}

/** The sections of a cloud, which stand at the top where there is one. */
type CloudKey = 'openstack' | 'rmq';
/** Name of the cloud where there is one. */
const onlyCloud = 'openstack';

interface SecretFile {
  readonly at: Place;
  readonly path: string;
  readonly text: string | undefined;
}

/** The values of all keys in the file's tree; every key that is wrong, missing or misspelt is a problem. */
export function readSettings(root: YamlMap, problems: Problems): ReadSettings {
  const tree = relocate(root, problems);
  const areSeveral = given(tree, 'clouds') !== undefined;
  if (areSeveral) refuseOneCloud(tree, problems);
  const top = ConfigFile.omit(areSeveral ? { openstack: true, rmq: true } : { clouds: true });
  const reader = new SettingsReader(top, problems);
  const { openstack, rmq, ...values } = reader.section(top, tree, []) as ConfigFile;
  const { places, settings } = reader;
  reader.noticeUnknown();
  const clouds = areSeveral
    ? reader.clouds
    : [{ path: [], keys: { name: onlyCloud, allowed_auth_urls: undefined, openstack, rmq } }];
  return { values, clouds, places, settings };
}

function refuseOneCloud(tree: YamlMap, problems: Problems): void {
  for (const key of ['openstack', 'rmq'] satisfies CloudKey[]) {
    const at = given(tree, key)?.at;
    const whatToDo =
      at?.line === 0
        ? 'end the name of the variable with that of its cloud, such as _NORTH'
        : 'move it into the entry of its cloud';
    if (at) problems.add(at, key, `is given beside clouds, ${whatToDo}`);
  }
}

class SettingsReader {
  readonly places = new Map<string, Place>();
  readonly settings: Setting[] = [];
  readonly clouds: ReadCloud[] = [];
  /** What may stand at the top: the sections of one cloud, or a list of several. */
  readonly #top: z.ZodObject;
  readonly #problems: Problems;
  readonly #unknown: { readonly at: Place; readonly path: string }[] = [];

  constructor(top: z.ZodObject, problems: Problems) {
    this.#top = top;
    this.#problems = problems;
  }

  section(schema: z.ZodObject, map: YamlMap, path: KeyPath): Record<string, unknown> {
    this.#refuseUnknown(path.length === 0 ? ConfigFile : schema, map, path);
    const values: Record<string, unknown> = {};
    for (const [key, part] of Object.entries(schema.shape)) {
      if (part instanceof z.ZodObject) values[key] = this.#subsection(part, map, path, key);
      else if (part instanceof z.ZodArray) this.#readClouds(map);
      else values[key] = this.#value(part as z.ZodType, map, path, key);
    }
    return values;
  }

  #subsection(schema: z.ZodObject, parent: YamlMap, path: KeyPath, name: string): Record<string, unknown> {
    const entry = parent.entries.get(name);
    const own = [...path, name];
    if (entry) this.places.set(pathText(own), entry.at);
    const node = entry?.node;
    if (node?.kind === 'map') return this.section(schema, node, own);
    if (node?.kind === 'list' || node?.text !== undefined) {
      const problem = 'is not a section, write its keys below it, indented';
      this.#problems.add(entry?.at ?? parent.at, pathText(own), problem);
      return {};
    }
    return this.section(schema, { kind: 'map', entries: new Map(), at: entry?.at ?? parent.at }, own);
  }

  #readClouds(root: YamlMap): void {
    const { at, node } = root.entries.get('clouds') as YamlEntry;
    if (node.kind !== 'list') {
      this.#problems.add(at, 'clouds', 'is not a list, begin each cloud with `- name: …`');
      return;
    }
    if (node.items.length === 0) {
      this.#problems.add(at, 'clouds', 'is an empty list, put a cloud into it or remove the key');
    }
    for (const [index, item] of node.items.entries()) {
      const path = ['clouds', index];
      this.places.set(pathText(path), item.at);
      if (item.kind === 'map') {
        this.clouds.push({ path, keys: this.section(Cloud, item, path) as ReadCloud['keys'] });
      } else {
        const problem = 'is not a cloud, write `- name: …` and its sections below that';
        this.#problems.add(item.at, pathText(path), problem);
      }
    }
  }

  #value(schema: z.ZodType, map: YamlMap, section: KeyPath, key: string): unknown {
    const facts = about.get(schema);
    const path = pathText([...section, key]);
    const entry = given(map, key) ?? (given(map, `${key}_file`) ? undefined : emptySecret(map, key, facts));
    const fromFile = facts?.secret ? this.#secretFile(map, path, key) : undefined;
    if (entry && fromFile) {
      this.#problems.add(fromFile.at, `${path}_file`, `is given beside ${path}, remove one of the two`);
    }
    const at = entry?.at ?? fromFile?.at;
    if (at) this.places.set(path, at);
    const raw = entry ? plain(entry.node) : fromFile?.text;
    // What is wrong with the file of a secret is said already.
    if (raw === undefined && fromFile) return undefined;
    const parsed = schema.safeParse(raw);
    if (!parsed.success) {
      const problem =
        raw === undefined
          ? `is missing, write ${howToWrite(key, facts)}`
          : (parsed.error.issues[0]?.message ?? 'is not understood');
      this.#problems.addOnce(at ?? this.places.get(pathText(section)) ?? map.at, path, problem);
      return undefined;
    }
    const shown = facts?.secret && raw !== undefined ? '[hidden]' : (raw ?? facts?.default);
    if (shown !== undefined) {
      const origin = fromFile?.path ?? (entry ? placeText(entry.at) : 'default');
      this.settings.push({ section, key, shown: shown as string | string[], origin });
    }
    return parsed.data;
  }

  /** The secret that `<key>_file` names; its text is undefined, with a problem, when there is none. */
  #secretFile(map: YamlMap, path: string, key: string): SecretFile | undefined {
    const entry = given(map, `${key}_file`);
    if (!entry) return undefined;
    const { at, node } = entry;
    const file = node.kind === 'text' && node.text ? resolvePath(node.text, dirname(at.file)) : undefined;
    const content = file ? readFile(file) : { problem: 'is a list or a section, give the path of a file' };
    if ('problem' in content) {
      this.#problems.add(at, `${path}_file`, content.problem);
      return { at, path: file ?? '', text: undefined };
    }
    // Editors and `echo` end a file with a line feed that is no part of the secret.
    const text = content.text.replace(/\r?\n$/, '') || undefined;
    if (!text) this.#problems.add(at, `${path}_file`, `${file} is empty, write the secret into it`);
    return { at, path: file ?? '', text };
  }

  /**
   * A key that resembles one of ours is a typing error, and its value would be lost; any other belongs to
   * another program.
   */
  #refuseUnknown(schema: z.ZodObject, map: YamlMap, section: KeyPath): void {
    const known = keysOf(schema);
    for (const [key, entry] of map.entries) {
      if (known.includes(key)) continue;
      const path = pathText([...section, key]);
      if (section.length === 0 && Object.hasOwn(keysOf2024, key)) {
        this.#problems.notice(entry.at, path, `is ignored: ${keysOf2024[key]}`);
        continue;
      }
      const meant = advice(key, known, section, this.#top);
      if (meant !== undefined) this.#problems.add(entry.at, path, `is not a known key, ${meant}`);
      else this.#unknown.push({ at: entry.at, path });
    }
  }

  /** One notice, however many keys of another version or program there are. */
  noticeUnknown(): void {
    const [first, ...others] = this.#unknown;
    if (!first) return;
    const also = others.map(({ at, path }) => `${path} (line ${at.line})`).join(', ');
    this.#problems.notice(
      first.at,
      first.path,
      `is no key of this version and is ignored${also && `, and so are ${also}`}; docs/configuration.md lists all keys`,
    );
  }
}

/** The keys that may stand in a section, the `_file` form of secrets among them. */
function keysOf(schema: z.ZodObject): string[] {
  return Object.entries(schema.shape).flatMap(([key, part]) =>
    about.get(part as z.ZodType)?.secret ? [key, `${key}_file`] : [key],
  );
}

/** undefined: it resembles none of ours. */
function advice(
  key: string,
  known: readonly string[],
  section: KeyPath,
  top: z.ZodObject,
): string | undefined {
  const shortened = known.find((candidate) => candidate.endsWith(`_${key}`));
  if (shortened) return `did you mean ${pathText([...section, shortened])}?`;
  const home = homeOf(key, section, top);
  if (home) return `put it under ${home}`;
  if (section.length > 0 && keysOf(ConfigFile).includes(key)) return 'put it at the top, outside any section';
  const meant = nearest(key, known);
  return meant && `did you mean ${pathText([...section, meant])}?`;
}

/** What has the key, of several the nearest; undefined: nothing has. */
function homeOf(key: string, section: KeyPath, top: z.ZodObject): string | undefined {
  const entry = section[0] === 'clouds' ? section.slice(0, 2) : undefined;
  if (entry && keysOf(Cloud).includes(key)) return pathText(entry);
  const own = 'clouds' in top.shape ? sectionWith(Cloud, key) : undefined;
  if (own) return entry ? pathText([...entry, own]) : `${own} of one of the clouds`;
  return sectionWith(top, key);
}

function sectionWith({ shape }: z.ZodObject, key: string): string | undefined {
  return Object.entries(shape).find(
    ([, part]) => part instanceof z.ZodObject && keysOf(part).includes(key),
  )?.[0];
}

function howToWrite(key: string, facts: About | undefined): string {
  return facts?.secret ? `${key}: … or ${key}_file: PATH` : `${key}: ${facts?.example ?? '…'}`;
}

/** Whether an entry says something: `key:` with nothing after it is as good as not there. */
function isGiven(entry: YamlEntry | undefined): boolean {
  return entry !== undefined && !(entry.node.kind === 'text' && entry.node.text === undefined);
}

function given(map: YamlMap, key: string): YamlEntry | undefined {
  const entry = map.entries.get(key);
  return isGiven(entry) ? entry : undefined;
}

/**
 * `key:` with nothing after it, for a secret: a template that had no value to fill in. Treated as absent, it
 * would leave open what the secret is to protect.
 */
function emptySecret(map: YamlMap, key: string, facts: About | undefined): YamlEntry | undefined {
  const entry = facts?.mayNotBeEmpty ? map.entries.get(key) : undefined;
  return entry && { at: entry.at, node: { kind: 'text', text: '', at: entry.at } };
}

/** The node as the schema takes it. A section becomes `{}`: no schema of a value accepts one. */
function plain(node: YamlNode): unknown {
  if (node.kind === 'list') return node.items.map(plain);
  return node.kind === 'text' ? node.text : {};
}

/** The tree with the keys that stand in their second place moved to their first. */
function relocate(root: YamlMap, problems: Problems): YamlMap {
  const top = new Map(root.entries);
  for (const { key, home, also, as = key } of alsoRead) {
    const from = also === '' ? top : sectionOf(top, also);
    const to = sectionOf(top, home);
    const entry = from?.get(key);
    if (!from || !to || !entry) continue;
    if (isGiven(entry) && isGiven(to.get(as))) {
      problems.add(
        entry.at,
        also ? `${also}.${key}` : key,
        `is given under ${home} too, remove one of the two`,
      );
    }
    from.delete(key);
    if (!isGiven(to.get(as))) to.set(as, entry);
    if (also !== '') putSection(top, also, from, entry.at);
    putSection(top, home, to, entry.at);
  }
  return { ...root, entries: top };
}

/** A copy of what a section holds, nothing when it is not there; undefined when something else stands in its place. */
function sectionOf(top: ReadonlyMap<string, YamlEntry>, name: string): Map<string, YamlEntry> | undefined {
  const entry = top.get(name);
  if (!isGiven(entry)) return new Map();
  return entry?.node.kind === 'map' ? new Map(entry.node.entries) : undefined;
}

function putSection(
  top: Map<string, YamlEntry>,
  name: string,
  entries: ReadonlyMap<string, YamlEntry>,
  otherwiseAt: Place,
): void {
  const at = top.get(name)?.at ?? otherwiseAt;
  top.set(name, { at, node: { kind: 'map', at, entries } });
}
