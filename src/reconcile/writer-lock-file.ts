import { randomUUID } from 'node:crypto';
import { readFile, rm, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import type { Logger } from '../observability/logger.ts';
import type { Clock } from '../runtime/clock.ts';
import { makeFolder } from '../runtime/make-folder.ts';
import { pause } from '../runtime/pause.ts';
import { ServiceError } from '../runtime/severity.ts';
import type { WriterLease } from './writer-lease.ts';

/** How often the holder shows that it lives. */
const beatMs = 2_000;
/** How often it is tried to get the lock. */
const tryMs = 1_000;
/** A file that was not touched over so many tries belongs to nobody. Several beats: a busy machine is late. */
const staleTries = 15;

/**
 * A lock file: keeps a second writer off that shares the folder. Who holds it touches it every two seconds, so that
 * containers with process tables of their own understand each other; one that was watched for fifteen seconds and not touched
 * is taken over. Its time itself says nothing: the holder's clock may be another, and any clock is set now and then. A network
 * file system without exclusive creation gives no protection.
 */
export class LockFile implements WriterLease {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #owner = `${hostname()} ${process.pid} ${randomUUID()}`;

  constructor(path: string, options: { readonly clock: Clock; readonly log: Logger }) {
    this.#path = path;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  async hold(
    work: (held: AbortSignal) => Promise<void>,
    signal: AbortSignal,
    onWait?: () => void,
  ): Promise<void> {
    while (!signal.aborted) {
      if (!(await this.#acquire(signal, onWait))) return;
      const lost = new AbortController();
      const over = AbortSignal.any([lost.signal, signal]);
      const beating = this.#beat(lost, over);
      try {
        await work(over);
      } finally {
        lost.abort();
        await beating;
        await this.#release();
      }
    }
  }

  /** @returns false: the signal was aborted first */
  async #acquire(signal: AbortSignal, onWait: (() => void) | undefined): Promise<boolean> {
    let untouched = 0;
    for (let before: string | undefined, waits = false; !signal.aborted; waits = true) {
      if (await this.#create()) return true;
      const touch = await this.#touch();
      untouched = touch === before ? untouched + 1 : 0;
      before = touch;
      if (touch !== undefined && untouched >= staleTries) await this.#remove(touch);
      if (!waits) {
        this.#log.info({ lock: this.#path }, 'standby: another process writes to the portal');
        onWait?.();
      }
      await pause(this.#clock, tryMs, signal);
    }
    return false;
  }

  /** @returns false: it is there already */
  async #create(): Promise<boolean> {
    try {
      makeFolder(dirname(this.#path));
      await writeFile(this.#path, this.#owner, { flag: 'wx' });
      return true;
    } catch (error) {
      if (isErrno(error, 'EEXIST')) return false;
      const { code = String(error) } = error as NodeJS.ErrnoException;
      throw new ServiceError(`The lock file ${this.#path} cannot be made (${code}).`, {
        severity: 'fatal',
        hint: 'The service needs to write to data_dir: give it the right to, make room, or set another one.',
        cause: error,
      });
    }
  }

  /** Whose it is, and as of when; undefined: it is not there any more. */
  async #touch(): Promise<string | undefined> {
    try {
      const owner = await readFile(this.#path, 'utf8');
      const { mtimeMs } = await stat(this.#path);
      return `${owner} ${mtimeMs}`;
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return undefined;
      throw error;
    }
  }

  /** Between two who find it stale, the one that comes second must not remove what the first has made. */
  async #remove(stale: string): Promise<void> {
    if ((await this.#touch()) === stale) await rm(this.#path, { force: true });
  }

  /** Touches the file; when it is not ours any more, the right is lost. */
  async #beat(lost: AbortController, over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      try {
        if (!(await this.#isOurs())) throw new Error('another process has taken it over');
        const now = this.#clock.now() / 1000;
        await utimes(this.#path, now, now);
      } catch (error) {
        this.#log.warn({ lock: this.#path, err: error }, 'writer lock lost, stopped writing to the portal');
        lost.abort(error);
        return;
      }
      await pause(this.#clock, beatMs, over);
    }
  }

  async #isOurs(): Promise<boolean> {
    return (await readFile(this.#path, 'utf8')) === this.#owner;
  }

  async #release(): Promise<void> {
    try {
      if (await this.#isOurs()) await unlink(this.#path);
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
    }
  }
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
