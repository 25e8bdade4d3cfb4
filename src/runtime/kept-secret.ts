import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from './make-folder.ts';
import { Secret } from './secret.ts';

/**
 * A secret in a file that only the service's user can read: created by the first call, the same for later
 * ones.
 *
 * @throws {NodeJS.ErrnoException} when it can neither be read nor created
 */
export function keptSecret(path: string): Secret {
  makeFolder(dirname(path));
  try {
    writeFileSync(path, `${randomBytes(24).toString('base64url')}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const secret = readKeptSecret(path);
  // A file that a full disk left empty would admit requests without a token.
  if (!secret) throw Object.assign(new Error(`${path} holds no token.`), { code: 'EINVAL' });
  return secret;
}

/**
 * Reads it without creating it; undefined: the file holds none. @throws {NodeJS.ErrnoException} when it
 * cannot be read
 */
export function readKeptSecret(path: string): Secret | undefined {
  const text = readFileSync(path, 'utf8').trim();
  return text.length < 32 ? undefined : new Secret(text);
}
