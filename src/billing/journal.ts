import { open, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ZodType } from 'zod';
import { makeFolder } from '../runtime/make-folder.ts';

/**
 * A file to which lines of JSON are only ever added, by several processes side by side: each line goes in whole, in one
 * write, and is on the disk once `append` is over. What a crash has left of a line is skipped; the next line begins with a
 * line feed of its own and is not hurt by it.
 */
export class Journal<Entry> {
  readonly #path: string;
  readonly #schema: ZodType<Entry>;
  /** How much of the file was read or written here, bytes. */
  #seen = 0;

  constructor(path: string, schema: ZodType<Entry>) {
    this.#path = path;
    this.#schema = schema;
  }

  async append(...entries: readonly Entry[]): Promise<void> {
    if (entries.length === 0) return;
    makeFolder(dirname(this.#path));
    const lines = Buffer.from(`\n${entries.map((entry) => JSON.stringify(entry)).join('\n')}\n`);
    const file = await open(this.#path, 'a', 0o600);
    try {
      await file.appendFile(lines);
      await file.sync();
      this.#seen += lines.length;
    } finally {
      await file.close();
    }
  }

  /** All entries, in the order in which they were added. */
  async read(): Promise<Entry[]> {
    const bytes = await readFile(this.#path).catch(unlessMissing);
    this.#seen = bytes?.length ?? 0;
    return (bytes?.toString() ?? '').split('\n').flatMap((line) => this.#parse(line));
  }

  /** Whether another process has added something since. */
  async hasGrown(): Promise<boolean> {
    return ((await stat(this.#path).catch(unlessMissing))?.size ?? 0) > this.#seen;
  }

  /** Nothing of a line that is empty, cut short, or of a newer version. */
  #parse(line: string): Entry[] {
    if (line === '') return [];
    try {
      const parsed = this.#schema.safeParse(JSON.parse(line));
      return parsed.success ? [parsed.data] : [];
    } catch {
      return [];
    }
  }
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
