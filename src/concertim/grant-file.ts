import { randomBytes, scrypt } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { Held } from '../http/token-holder.ts';
import { makeFolder } from '../runtime/make-folder.ts';
import { Secret } from '../runtime/secret.ts';

const Content = z.object({
  url: z.string(),
  login: z.string(),
  passwordSalt: z.string(),
  passwordHash: z.string(),
  token: z.string(),
  renewAt: z.number(),
});

/**
 * Keeps a sign-in over a restart: it costs the portal up to a second, and its successor a row of a table that only grows.
 * Only its owner may read the file. It is a cache: where it cannot be read or written, the next start signs in.
 */
export class GrantFile {
  readonly #path: string;
  readonly #of: { readonly url: string; readonly login: string };
  readonly #password: Secret;

  constructor(path: string, { password, ...of }: { url: string; login: string; password: Secret }) {
    this.#path = path;
    this.#of = of;
    this.#password = password;
  }

  /** @returns undefined: there is none, or it is of another portal, user or password, so that a wrong password shows at once */
  async read(): Promise<Held<Secret> | undefined> {
    try {
      const kept = Content.parse(JSON.parse(await readFile(this.#path, 'utf8')));
      const { token, renewAt } = kept;
      if (kept.url !== this.#of.url || kept.login !== this.#of.login) return undefined;
      if (kept.passwordHash !== (await this.#hash(kept.passwordSalt))) return undefined;
      return { token: new Secret(token), renewAt };
    } catch {
      return undefined;
    }
  }

  async write({ token, renewAt }: Held<Secret>): Promise<void> {
    const fresh = `${this.#path}.${process.pid}`;
    const passwordSalt = randomBytes(16).toString('base64url');
    const passwordHash = await this.#hash(passwordSalt);
    const content = { ...this.#of, passwordSalt, passwordHash, token: token.reveal(), renewAt };
    try {
      makeFolder(dirname(this.#path));
      await writeFile(fresh, JSON.stringify(content), { mode: 0o600 });
      // Another component may be reading it: it sees the old one or the new one, whole.
      await rename(fresh, this.#path);
    } catch {
      await rm(fresh, { force: true }).catch(() => {});
    }
  }

  async #hash(salt: string): Promise<string> {
    const key = (await promisify(scrypt)(this.#password.reveal(), salt, 32)) as Buffer;
    return key.toString('base64url');
  }
}
