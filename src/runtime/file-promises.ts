import files from 'node:fs';
import { promisify } from 'node:util';

/*
 * What of node:fs/promises the commands use that start most often: that module loads readline, watchers and more with it, a
 * twentieth of such a start.
 */
export const mkdir = promisify(files.mkdir);
export const readFile = promisify(files.readFile);
export const rm = promisify(files.rm);
export const stat = promisify(files.stat);
export const utimes = promisify(files.utimes);
export const writeFile = promisify(files.writeFile);
