import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder, and those above it, where they are not there.
 *
 * Not by `recursive` of Node (24), which never returns below a folder that was deleted while it is mounted or somebody's
 * working folder: such a one says that it exists, and that nothing can be made in it.
 *
 * @throws {NodeJS.ErrnoException} when it cannot be made
 */
export function makeFolder(path: string): void {
  if (isMade(path)) return;
  makeFolder(dirname(path));
  if (!isMade(path)) throw Object.assign(new Error(`${path} is in a deleted folder.`), { code: 'ENOENT' });
}

/** @returns false: the folder above is missing */
function isMade(path: string): boolean {
  try {
    mkdirSync(path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // If it is not a folder, the caller's next step reports the error.
    if (code === 'EEXIST') return true;
    if (code === 'ENOENT' && dirname(path) !== path) return false;
    throw error;
  }
}
