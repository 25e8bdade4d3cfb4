import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  Scalar,
  type YAMLMap,
} from 'yaml';
import type { Place, Problems } from './problems.ts';

/**
 * A YAML file as places and texts. Every scalar is the text that stands in the file: what it means is for the
 * schema to say, so that a password `0123` or `1e5` stays what was typed.
 */
export type YamlNode = YamlText | YamlList | YamlMap;

export interface YamlText {
  readonly kind: 'text';
  /** undefined for nothing at all, `~`, `null` and the empty text: the key is as good as not there. */
  readonly text: string | undefined;
  readonly at: Place;
}

export interface YamlList {
  readonly kind: 'list';
  readonly items: readonly YamlNode[];
  readonly at: Place;
}

export interface YamlMap {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, YamlEntry>;
  readonly at: Place;
}

export interface YamlEntry {
  /** Where the key stands. */
  readonly at: Place;
  readonly node: YamlNode;
}

/** The parser takes seconds over a longer file that is wrong all through. */
const maxLength = 256 * 1024;

/**
 * The mapping that a file holds. What is wrong is added to `problems`; undefined when there is nothing to go on with.
 */
export function parseYaml(text: string, file: string, problems: Problems): YamlMap | undefined {
  const lines = new LineCounter();
  const start: Place = { file, line: 1, column: 1 };
  if (text.length > maxLength) {
    problems.add(start, 'YAML', 'the file is larger than 256 KiB, is it the right one?');
    return undefined;
  }
  try {
    const document = parseDocument(text, {
      schema: 'failsafe',
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: false,
      logLevel: 'silent',
    });
    const place = (offset: number): Place => {
      const { line, col } = lines.linePos(offset);
      return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
    };
    const stumbles = [...document.errors, ...document.warnings];
    if (stumbles.length > 0) {
      // One a line: the parser stumbles more than once over the same mistake.
      const byLine = new Map(stumbles.toReversed().map((error) => [place(error.pos[0]).line, error]));
      for (const error of byLine.values())
        problems.add(place(error.pos[0]), 'YAML', explainSyntax(error.code));
      return undefined;
    }
    const isEmpty =
      document.contents === null || (isScalar(document.contents) && document.contents.source?.trim() === '');
    if (isEmpty) {
      problems.add(start, 'YAML', 'the file is empty, start from config.example.yaml');
      return undefined;
    }
    const root = new TreeBuilder(document, place, problems).node(document.contents, '');
    if (root.kind === 'map') return root;
    problems.add(
      root.at,
      'YAML',
      'the file is not a mapping, write `key: value` lines as in config.example.yaml',
    );
  } catch (error) {
    // The parser and the builder are recursive: only a file made to break them is nested so deeply.
    if (!(error instanceof RangeError)) throw error;
    problems.add(start, 'YAML', 'the file is nested too deeply to read, write it as in config.example.yaml');
  }
  return undefined;
}

class TreeBuilder {
  readonly #document: Document;
  readonly #place: (offset: number) => Place;
  readonly #problems: Problems;
  /** Nodes done, so that an anchor used many times is built once; undefined while one is being built. */
  readonly #built = new Map<unknown, YamlNode | undefined>();

  constructor(document: Document, place: (offset: number) => Place, problems: Problems) {
    this.#document = document;
    this.#place = place;
    this.#problems = problems;
  }

  node(node: unknown, path: string): YamlNode {
    const target = isAlias(node) ? node.resolve(this.#document) : node;
    const at = this.#at(target);
    if (isAlias(node) && !target) this.#problems.add(this.#at(node), path || 'YAML', unknownAnchor);
    if (this.#built.has(target)) {
      const built = this.#built.get(target);
      if (built) return built;
      this.#problems.add(this.#at(node), path || 'YAML', 'an anchor refers to itself, write the value out');
      return { kind: 'text', text: undefined, at };
    }
    this.#built.set(target, undefined);
    const built = this.#build(target, at, path);
    this.#built.set(target, built);
    return built;
  }

  #build(node: unknown, at: Place, path: string): YamlNode {
    if (isMap(node)) return { kind: 'map', entries: this.#entries(node, path), at };
    if (isSeq(node)) {
      return {
        kind: 'list',
        items: node.items.map((item, index) => this.node(item, `${path}[${index}]`)),
        at,
      };
    }
    if (isScalar(node)) return { kind: 'text', text: textOf(node), at };
    return { kind: 'text', text: undefined, at };
  }

  #entries(map: YAMLMap, path: string): Map<string, YamlEntry> {
    const entries = new Map<string, YamlEntry>();
    const merged: YamlNode[] = [];
    for (const pair of map.items) {
      const at = this.#at(pair.key);
      const key = isScalar(pair.key) ? textOf(pair.key) : undefined;
      if (key === undefined) {
        this.#problems.add(at, path || 'YAML', 'a key here is not a plain word, write `key: value`');
        continue;
      }
      const keyPath = path ? `${path}.${key}` : key;
      const node = this.node(pair.value, keyPath);
      if (key === '<<') merged.push(...(node.kind === 'list' ? node.items : [node]));
      else if (entries.has(key)) this.#problems.add(at, keyPath, 'is given twice, remove one of the two');
      else entries.set(key, { at, node });
    }
    for (const node of merged) {
      if (node.kind !== 'map') continue;
      for (const [key, entry] of node.entries) if (!entries.has(key)) entries.set(key, entry);
    }
    return entries;
  }

  #at(node: unknown): Place {
    const range = (node as { range?: readonly number[] | null } | null)?.range;
    return this.#place(range?.[0] ?? 0);
  }
}

function textOf(scalar: Scalar): string | undefined {
  const text = typeof scalar.value === 'string' ? scalar.value : scalar.source;
  if (text === undefined || text === '') return undefined;
  return scalar.type === Scalar.PLAIN && /^(~|null)$/i.test(text) ? undefined : text;
}

const unknownAnchor =
  'a value that begins with `*` is taken for an anchor that is not there, put it in quotes';

/** The parser's own messages quote the file, which may hold secrets there: these do not. */
function explainSyntax(code: string): string {
  switch (code) {
    case 'TAB_AS_INDENT':
      return 'a tab is used to indent, use spaces';
    case 'BAD_INDENT':
      return 'the line is indented wrongly, line it up with its neighbours';
    case 'BAD_SCALAR_START':
      return 'a value cannot begin with this character, put the value in quotes';
    case 'BLOCK_AS_IMPLICIT_KEY':
    case 'MULTILINE_IMPLICIT_KEY':
      return 'a `key: value` is expected here, put a value that holds `: ` in quotes and write one key a line';
    case 'BAD_DQ_ESCAPE':
      return 'a backslash in double quotes begins an escape that does not exist, use single quotes';
    case 'MISSING_CHAR':
      return 'a quote, bracket, brace, comma or colon is missing here';
    case 'MULTIPLE_DOCS':
      return 'the file holds several documents, keep one and remove the `---`';
    case 'BAD_ALIAS':
      return unknownAnchor;
    case 'TAG_RESOLVE_FAILED':
      return 'a value that begins with `!` is taken for a tag, put it in quotes';
    default:
      return `this is not valid YAML (${code}), compare it with config.example.yaml; a value with special characters needs quotes`;
  }
}
