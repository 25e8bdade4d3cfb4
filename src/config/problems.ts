import { ServiceError } from '../runtime/severity.ts';

/** A place in a file. Lines and columns count from 1; line 0 is no file, but a variable of the environment. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** What is wrong with one key, where, and what to do. */
interface Problem {
  readonly at: Place;
  readonly key: string;
  readonly text: string;
}

/** A configuration that cannot be used. Its message is one line a problem: `config.yaml:3:3 key: what is wrong, what to do`. */
export class ConfigError extends ServiceError {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[], options: { readonly hint?: string } = {}) {
    super(problems.join('\n'), { severity: 'fatal', ...options });
    this.problems = problems;
  }
}

/**
 * The problems found while reading, reported all at once. No text ever quotes a value of the file: it may be a secret in
 * the wrong place.
 */
export class Problems {
  readonly #problems: Problem[] = [];
  readonly #notices: Problem[] = [];

  /** Stops the start. */
  add(at: Place, key: string, text: string): void {
    this.#problems.push({ at, key, text });
  }

  /** Like `add`, unless the key is already said to be wrong. */
  addOnce(at: Place, key: string, text: string): void {
    if (!this.has(key)) this.add(at, key, text);
  }

  /** Whether a key is said to be wrong. */
  has(key: string): boolean {
    return this.#problems.some((problem) => problem.key === key);
  }

  /** Worth knowing, and no reason to stop. */
  notice(at: Place, key: string, text: string): void {
    this.#notices.push({ at, key, text });
  }

  get notices(): readonly string[] {
    return inOrder(this.#notices);
  }

  get any(): boolean {
    return this.#problems.length > 0;
  }

  toError(): ConfigError {
    return new ConfigError(inOrder(this.#problems));
  }
}

/** `config.yaml:3:3`, or `$LOGS_DIRECTORY` */
export function placeText(at: Place): string {
  if (at.line === 0) return at.file;
  return `${at.file}:${at.line}:${at.column}`;
}

function inOrder(problems: readonly Problem[]): string[] {
  return problems
    .toSorted(
      (a, b) => a.at.file.localeCompare(b.at.file) || a.at.line - b.at.line || a.at.column - b.at.column,
    )
    .map(({ at, key, text }) => `${placeText(at)} ${key}: ${text}`);
}
