import { join } from 'node:path';
import { z } from 'zod';
import { ageOf, isoTime, parseTime } from '../runtime/clock.ts';
import { readFile, stat, utimes, writeFile } from '../runtime/file-promises.ts';
import { printable } from '../runtime/printable.ts';
import type { ComponentHealth } from './health.ts';

/** What one process says in a file of how one of its components fares. `by`: a name that no other process has. */
export const Sign = z.object({
  ready: z.boolean(),
  /** Ready, and a person must look at something; earlier versions did not write it. */
  failing: z.boolean().default(false),
  status: z.string(),
  by: z.string(),
  at: z.string(),
});
export type Sign = z.infer<typeof Sign>;

/** An older sign does not count: the process that wrote it has been killed, or hangs. */
const staleMs = 35_000;
/** A longer status is cut: systemd takes it as one argument of a command. */
const mostOfStatus = 500;

/**
 * Where there are signs of a component: of the process that runs it, and of a second one, such as one on
 * standby.
 */
export function signFiles(folder: string, component: string): readonly [string, string] {
  return [join(folder, `${component}.json`), join(folder, `${component}.second.json`)];
}

/** Says no more than that a component is ready: an empty file needs no room on a full disk. @param at ms since 1970 */
export async function writeBareSign(file: string, at: number): Promise<void> {
  await writeFile(file, '');
  await utimes(file, at / 1000, at / 1000);
}

/** undefined: there is none. */
export async function readSign(file: string): Promise<Sign | undefined> {
  try {
    const text = await readFile(file, 'utf8');
    if (text !== '') return Sign.parse(JSON.parse(text));
    const { mtimeMs } = await stat(file);
    return { ready: true, failing: true, status: 'works (data_dir is full)', by: '', at: isoTime(mtimeMs) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whether it is young enough to count. */
export function isFresh({ at }: Sign, now: number): boolean {
  return ageOf(parseTime(at) ?? Number.NEGATIVE_INFINITY, now) <= staleMs;
}

/** The health of a component by its processes' signs: never empty, since the absence of signs is an entry too. */
export async function readHealth(
  folder: string,
  component: string,
  now: number,
): Promise<readonly Pick<ComponentHealth, 'component' | 'ready' | 'failing' | 'status'>[]> {
  let signs: Sign[];
  try {
    const found = await Promise.all(signFiles(folder, component).map(readSign));
    signs = found.filter((sign) => sign !== undefined);
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException;
    return [{ component, ready: false, failing: true, status: `cannot be looked at (${code})` }];
  }
  const fresh = signs.filter((sign) => isFresh(sign, now));
  if (fresh.length > 0)
    return fresh.map(({ ready, failing, status }) => ({ component, ready, failing, status }));
  const [last] = signs;
  const status = last ? `has given no sign of life since ${last.at}` : 'does not run';
  return [{ component, ready: false, failing: false, status }];
}

/** One component in a few words: `updates_bulk works`. */
export function describeHealth({ component, status }: Pick<ComponentHealth, 'component' | 'status'>): string {
  const line = printable(status.replaceAll(/\s+/g, ' '));
  return `${component} ${line.length > mostOfStatus ? `${line.slice(0, mostOfStatus)}…` : line}`;
}
