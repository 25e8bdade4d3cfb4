import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { Held } from '../http/token-holder.ts';
import { makeFolder } from '../runtime/make-folder.ts';
import { Secret } from '../runtime/secret.ts';
import { type Release, releases } from './profile.ts';

/** A sign-in, and the release that the portal had then; undefined: not recognized yet. */
export interface Grant extends Held<Secret> {
  readonly release?: Release | undefined;
}

const Content = z.object({
  url: z.string(),
  login: z.string(),
  passwordSalt: z.string(),
  passwordHash: z.string(),
  token: z.string(),
  renewAt: z.number(),
  release: z.enum(releases).optional().catch(undefined),
});

/**
 * Keeps a sign-in over a restart: it costs the portal up to a second, and its successor a row of a table that only grows.
 * Only its owner may read the file. What of Node it needs is loaded when it is: this is made before the first request of a process is sent.
 * It is a cache: where it cannot be read or written, the next start signs in.
 */
export class GrantFile {
  readonly #path: string;
  readonly #of: { readonly url: string; readonly login: string };
  readonly #password: Secret;
  /** Made once, because it takes long on purpose. */
  #seal: Promise<{ readonly passwordSalt: string; readonly passwordHash: string }> | undefined;

  constructor(path: string, { password, ...of }: { url: string; login: string; password: Secret }) {
    this.#path = path;
    this.#of = of;
    this.#password = password;
  }

  /** @returns undefined: there is none, or it is of another portal, user or password, so that a wrong password shows at once */
  async read(): Promise<Grant | undefined> {
    try {
      // Not in turns of the event loop: at a start there are few while modules are loaded.
      const kept = Content.parse(JSON.parse(readFileSync(this.#path, 'utf8')));
      const { token, renewAt, release } = kept;
      if (kept.url !== this.#of.url || kept.login !== this.#of.login) return undefined;
      if (kept.passwordHash !== (await this.#hash(kept.passwordSalt))) return undefined;
      return { token: new Secret(token), renewAt, release };
    } catch {
      return undefined;
    }
  }

  /** Never fails. */
  async write({ token, renewAt, release }: Grant): Promise<void> {
    const { rename, rm, writeFile } = await import('node:fs/promises');
    const fresh = `${this.#path}.${process.pid}`;
    try {
      const seal = await (this.#seal ??= this.#makeSeal());
      const content = { ...this.#of, ...seal, token: token.reveal(), renewAt, release };
      makeFolder(dirname(this.#path));
      await writeFile(fresh, JSON.stringify(content), { mode: 0o600 });
      // Another component may be reading it: it sees the old one or the new one, whole.
      await rename(fresh, this.#path);
    } catch {
      await rm(fresh, { force: true }).catch(() => {});
    }
  }

  async #makeSeal() {
    const { randomBytes } = await import('node:crypto');
    const passwordSalt = randomBytes(16).toString('base64url');
    return { passwordSalt, passwordHash: await this.#hash(passwordSalt) };
  }

  async #hash(salt: string): Promise<string> {
    const { scrypt } = await import('node:crypto');
    const key = (await promisify(scrypt)(this.#password.reveal(), salt, 32)) as Buffer;
    return key.toString('base64url');
  }
}
