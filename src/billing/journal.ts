import { open, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ZodType } from 'zod';
import { makeFolder } from '../runtime/make-folder.ts';

/**
 * An append-only file of JSON lines that several processes may write: the lines of one call are added in one write, and are on
 * disk when `append` resolves. A line that a crash cut short is skipped. Each append begins with a line feed, so that such a rest
 * does not damage it.
 */
export class Journal<Entry> {
  readonly #path: string;
  readonly #schema: ZodType<Entry>;
  /** Bytes of the file that this process has read or written. */
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
    const entries: Entry[] = [];
    for (const line of (bytes?.toString() ?? '').split('\n')) {
      const entry = this.#parse(line);
      if (entry !== undefined) entries.push(entry);
    }
    return entries;
  }

  /** Whether another process has added entries since the last read. */
  async hasGrown(): Promise<boolean> {
    return ((await stat(this.#path).catch(unlessMissing))?.size ?? 0) > this.#seen;
  }

  /** @returns undefined: it is empty, cut short, or of a newer version */
  #parse(line: string): Entry | undefined {
    if (line === '') return undefined;
    try {
      return this.#schema.safeParse(JSON.parse(line)).data;
    } catch {
      return undefined;
    }
  }
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
