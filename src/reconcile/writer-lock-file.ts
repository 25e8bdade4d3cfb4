import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rm, unlink, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import type { Logger } from '../observability/logger.ts';
import { ageOf, type Clock } from '../runtime/clock.ts';
import { makeFolder } from '../runtime/make-folder.ts';
import { pause } from '../runtime/pause.ts';
import { ServiceError } from '../runtime/severity.ts';
import { fateOf, identityOfProcess, identityText, parseIdentity } from './process-identity.ts';
import type { LeaseHolder, WriterLease } from './writer-lease.ts';

/** How often the holder shows that it lives. */
const beatMs = 2_000;
/** How often it is tried to get the lock. */
const tryMs = 1_000;
/** A file that was not touched over so many tries belongs to nobody. Several beats: a busy machine is late. */
const staleTries = 15;
/** How long the holder goes on without being able to touch the file. No other process takes it over before. */
const graceMs = 10_000;
/** Errors that pass: a full disk, or no file descriptor left. */
const passing = new Set(['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'EIO', 'ENOMEM']);

/**
 * A lock file: keeps a second writer off that shares the folder. Who holds it touches it every two seconds, so that
 * containers with process tables of their own understand each other; one that was watched for fifteen seconds and not touched
 * is taken over, and at once where its holder ran on this host and has certainly ended. Its time itself says nothing: the holder's
 * clock may be another, and any clock is set now and then. A network file system without exclusive creation gives no protection.
 */
export class LockFile implements WriterLease {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #name = `${hostname()} ${process.pid} ${randomUUID()}`;
  /** How to recognize our file: by its content, or by its identity if a full disk prevented writing. */
  #mark: string | undefined;
  /** How often in a row the guard file was present. */
  #guardTries = 0;

  constructor(path: string, options: { readonly clock: Clock; readonly log: Logger }) {
    this.#path = path;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  async hold(
    work: (held: AbortSignal) => Promise<void>,
    signal: AbortSignal,
    onWait?: (holder: LeaseHolder | undefined) => void,
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
  async #acquire(signal: AbortSignal, onWait: Parameters<WriterLease['hold']>[2]): Promise<boolean> {
    const identity = await identityOfProcess(process.pid);
    const owner = identity ? `${this.#name} ${identityText(identity)}` : this.#name;
    let untouched = 0;
    let said: string | undefined;
    for (let before: string | undefined; !signal.aborted; ) {
      let trouble: unknown;
      let mark: string | undefined;
      try {
        if (await this.#create(owner)) return true;
        const touch = await this.#touch();
        untouched = touch?.text === before ? untouched + 1 : 0;
        before = touch?.text;
        mark = touch?.mark;
        if (touch && (untouched >= staleTries || (await fateOfHolder(touch.mark)) === 'ended')) {
          if (await this.#remove(touch.text)) continue;
        }
      } catch (error) {
        if (!passing.has(codeOf(error))) throw lockError(this.#path, error);
        trouble = error;
      }
      const why = trouble === undefined ? 'standby' : codeOf(trouble);
      if (why !== said) {
        said = why;
        if (trouble === undefined) {
          this.#log.info({ lock: this.#path }, 'standby: another process writes to the portal');
        } else {
          this.#log.error({ lock: this.#path, err: trouble }, 'failed to create the writer lock, will retry');
        }
        onWait?.(mark === undefined ? undefined : await this.#holder(mark));
      }
      await pause(this.#clock, tryMs, signal);
    }
    return false;
  }

  async #holder(mark: string): Promise<LeaseHolder> {
    const [, host, pid] = /^(\S+) (\d+) /.exec(mark) ?? [];
    const name = host === undefined ? 'an unknown process' : `process ${pid} on ${host}`;
    return { name, path: this.#path, runs: (await fateOfHolder(mark)) === 'runs' };
  }

  /** @returns false: the file already exists */
  async #create(owner: string): Promise<boolean> {
    makeFolder(dirname(this.#path));
    let file: FileHandle;
    try {
      file = await open(this.#path, 'wx');
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      throw error;
    }
    try {
      this.#mark = owner;
      try {
        await file.writeFile(owner);
      } catch {
        // On a full disk the file exists but is empty.
        await file.truncate();
        this.#mark = await identityOf(file);
      }
      return true;
    } finally {
      await file.close();
    }
  }

  /** Whose it is, and as of when; undefined: it is not there any more. */
  async #touch(): Promise<{ readonly mark: string; readonly text: string } | undefined> {
    const file = await this.#open();
    if (!file) return undefined;
    try {
      const { mtimeMs } = await file.stat();
      const mark = await markOf(file);
      return { mark, text: `${mark} ${mtimeMs}` };
    } finally {
      await file.close();
    }
  }

  async #open(): Promise<FileHandle | undefined> {
    try {
      return await open(this.#path, 'r');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  /**
   * Removes a stale file. If two processes find it stale, the second must not remove the new file of the first: so only the holder
   * of a guard file checks again and removes it.
   *
   * @returns whether to try again at once
   */
  async #remove(stale: string): Promise<boolean> {
    const guard = `${this.#path}.takeover`;
    if (!(await this.#guard(guard))) return false;
    try {
      if ((await this.#touch())?.text === stale) await rm(this.#path, { force: true });
      return true;
    } finally {
      await rm(guard, { force: true });
    }
  }

  /** @returns false: another process is taking it over */
  async #guard(guard: string): Promise<boolean> {
    try {
      await (await open(guard, 'wx')).close();
      return true;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    // The guard is held for milliseconds. One that was present at every try was left by a process that died.
    this.#guardTries++;
    if (this.#guardTries < staleTries) return false;
    this.#guardTries = 0;
    await rm(guard, { force: true });
    return false;
  }

  /** Touches the file regularly. The right is lost when the file is no longer ours, or could not be touched for too long. */
  async #beat(lost: AbortController, over: AbortSignal): Promise<void> {
    for (let touchedAt = this.#clock.now(), fails = false; !over.aborted; ) {
      try {
        if (!(await this.#isOurs()))
          throw new TakenOverError('the writer lock was deleted, or another process has taken it over');
        const now = this.#clock.now();
        await utimes(this.#path, now / 1000, now / 1000);
        touchedAt = now;
        fails = false;
      } catch (error) {
        if (error instanceof TakenOverError || ageOf(touchedAt, this.#clock.now()) > graceMs) {
          this.#log.warn({ lock: this.#path, err: error }, 'writer lock lost, stopped writing to the portal');
          lost.abort(error);
          return;
        }
        if (!fails)
          this.#log.warn({ lock: this.#path, err: error }, 'failed to renew the writer lock, will retry');
        fails = true;
      }
      await pause(this.#clock, beatMs, over);
    }
  }

  async #isOurs(): Promise<boolean> {
    const file = await this.#open();
    if (!file) return false;
    try {
      return (await markOf(file)) === this.#mark;
    } finally {
      await file.close();
    }
  }

  /** Removes the file. If that fails, the file becomes stale and the next process takes it over. */
  async #release(): Promise<void> {
    try {
      if (await this.#isOurs()) await unlink(this.#path);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return;
      this.#log.warn({ lock: this.#path, err: error }, 'failed to remove the writer lock');
    }
  }
}

class TakenOverError extends Error {}

function fateOfHolder(mark: string): ReturnType<typeof fateOf> | 'unknown' {
  const holder = parseIdentity(mark);
  return holder ? fateOf(holder) : 'unknown';
}

async function markOf(file: FileHandle): Promise<string> {
  const text = await file.readFile('utf8');
  return text === '' ? identityOf(file) : text;
}

async function identityOf(file: FileHandle): Promise<string> {
  const { ino, birthtimeMs } = await file.stat();
  return `${ino} ${birthtimeMs}`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

function lockError(path: string, cause: unknown): ServiceError {
  return new ServiceError(`The lock file ${path} cannot be created (${codeOf(cause)}).`, {
    severity: 'fatal',
    hint: 'The service must be able to write to data_dir: give its account that right, or set another data_dir.',
    cause,
  });
}
