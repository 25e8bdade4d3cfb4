import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../runtime/make-folder.ts';
import { Secret } from '../runtime/secret.ts';

/** In `data_dir`: who can read this file can open the status page. */
export const pageTokenFile = 'status-page-token';

/**
 * The token that opens the status page where the configuration has none: made once, in a file for the service's user alone.
 *
 * @throws {NodeJS.ErrnoException} when it can neither be read nor made
 */
export function ownPageToken(dataDir: string): Secret {
  const path = join(dataDir, pageTokenFile);
  makeFolder(dataDir);
  try {
    writeFileSync(path, `${randomBytes(24).toString('base64url')}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const token = readFileSync(path, 'utf8').trim();
  // A file that a full disk left empty would admit requests without a token.
  if (token.length < 32) throw Object.assign(new Error(`${path} holds no token.`), { code: 'EINVAL' });
  return new Secret(token);
}
