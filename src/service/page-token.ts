import { join } from 'node:path';
import { keptSecret } from '../runtime/kept-secret.ts';
import type { Secret } from '../runtime/secret.ts';

/** In `data_dir`: who can read this file can open the status page. */
export const pageTokenFile = 'status-page-token';

/**
 * The token that opens the status page where the configuration has none: made once, in a file for the service's user alone.
 *
 * @throws {NodeJS.ErrnoException} when it can neither be read nor made
 */
export function ownPageToken(dataDir: string): Secret {
  return keptSecret(join(dataDir, pageTokenFile));
}
