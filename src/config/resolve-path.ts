import { homedir } from 'node:os';
import { resolve } from 'node:path';

/** A path as written in a file of `folder`, made absolute; `~/` is the home folder. */
export function resolvePath(path: string, folder: string): string {
  return path.startsWith('~/') ? resolve(homedir(), path.slice(2)) : resolve(folder, path);
}
