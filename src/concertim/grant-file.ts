import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { Held } from '../http/token-holder.ts';
import { makeFolder } from '../runtime/make-folder.ts';
import { Secret } from '../runtime/secret.ts';

const Content = z.object({ url: z.string(), login: z.string(), token: z.string(), renewAt: z.number() });

/**
 * Keeps a sign-in over a restart: it costs the portal up to a second, and its successor a row of a table that only grows.
 * Only its owner may read the file. It is a cache: where it cannot be read or written, the next start signs in.
 */
export class GrantFile {
  readonly #path: string;
  readonly #of: { readonly url: string; readonly login: string };

  constructor(path: string, of: { url: string; login: string }) {
    this.#path = path;
    this.#of = of;
  }

  /** undefined: there is none, or that of another portal or another user. */
  async read(): Promise<Held<Secret> | undefined> {
    try {
      const { url, login, token, renewAt } = Content.parse(JSON.parse(await readFile(this.#path, 'utf8')));
      if (url !== this.#of.url || login !== this.#of.login) return undefined;
      return { token: new Secret(token), renewAt };
    } catch {
      return undefined;
    }
  }

  async write({ token, renewAt }: Held<Secret>): Promise<void> {
    const fresh = `${this.#path}.${process.pid}`;
    const content = { ...this.#of, token: token.reveal(), renewAt };
    try {
      makeFolder(dirname(this.#path));
      await writeFile(fresh, JSON.stringify(content), { mode: 0o600 });
      // Another component may be reading it: it sees the old one or the new one, whole.
      await rename(fresh, this.#path);
    } catch {
      await rm(fresh, { force: true }).catch(() => {});
    }
  }
}
