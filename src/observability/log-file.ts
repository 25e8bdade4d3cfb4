import { closeSync, existsSync, fstatSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from '../runtime/make-folder.ts';
import { ServiceError } from '../runtime/severity.ts';

/** A log file that cannot be opened or written: the operator who configured it relies on it. */
export class LogFileError extends ServiceError {
  override readonly name = 'LogFileError';
  readonly file: string;

  constructor(file: string, cause: NodeJS.ErrnoException) {
    super(`The log file ${file} cannot be written (${cause.code ?? cause.message}).`, {
      severity: 'fatal',
      hint: 'Give this user the right to write there, make room, or set another log_dir.',
      cause,
    });
    this.file = file;
  }
}

/** When a log file is rotated, and how much of a log is kept. */
export interface LogRotation {
  /** The most that a file may hold; a single longer line has a file of its own. */
  readonly maxBytes: number;
  /** How many files are kept, the one that is written included. */
  readonly files: number;
}

export interface LogFileOptions {
  /** Default: it grows. */
  readonly rotation?: LogRotation | undefined;
  /** The first line that could not be written after some that could. */
  readonly onFailure: (error: LogFileError) => void;
  /** The first line that could again, with the number of those that could not. */
  readonly onRecovery: (lost: number) => void;
}

const open = new Set<LogFile>();

/** Reopens all log files of this process, after another program has rotated them. */
export function reopenLogFiles(): void {
  for (const file of open) file.reopen();
}

/**
 * A file to which lines are appended, at once and in order. Its folder is made when it is not there. Where it would grow
 * too large it becomes `<name>.1`, and what had that name `<name>.2`, and so on.
 */
export class LogFile {
  readonly #path: string;
  readonly #options: LogFileOptions;
  #descriptor: number;
  #size: number;
  #lost = 0;

  /** @throws {LogFileError} when it cannot be opened */
  constructor(path: string, options: LogFileOptions) {
    this.#path = path;
    this.#options = options;
    this.#descriptor = this.#open();
    this.#size = fstatSync(this.#descriptor).size;
    open.add(this);
  }

  /** Never throws: a full disk must not stop the work. */
  write(line: string): void {
    try {
      const bytes = Buffer.from(line);
      this.#makeRoom(bytes.length);
      for (let written = 0; written < bytes.length; ) written += writeSync(this.#descriptor, bytes, written);
      this.#size += bytes.length;
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (this.#lost === 0) return;
    const lost = this.#lost;
    this.#lost = 0;
    this.#options.onRecovery(lost);
  }

  /** Goes on in a new file of the same name. Where none can be opened, the old one is kept. */
  reopen(): void {
    try {
      this.#replace(this.#open());
    } catch (error) {
      this.#options.onFailure(error as LogFileError);
    }
  }

  close(): void {
    open.delete(this);
    closeSync(this.#descriptor);
  }

  #makeRoom(bytes: number): void {
    const { rotation } = this.#options;
    if (!rotation || this.#size === 0 || this.#size + bytes <= rotation.maxBytes) return;
    // Not there: it was rotated for an earlier line, and then no new one could be opened.
    if (existsSync(this.#path)) this.#putAside(rotation.files);
    this.#replace(this.#open());
  }

  #putAside(files: number): void {
    const numbered = (number: number) => (number === 0 ? this.#path : `${this.#path}.${number}`);
    rmSync(numbered(files - 1), { force: true });
    for (let number = files - 2; number >= 0; number--) {
      if (existsSync(numbered(number))) renameSync(numbered(number), numbered(number + 1));
    }
  }

  #replace(descriptor: number): void {
    closeSync(this.#descriptor);
    this.#descriptor = descriptor;
    this.#size = fstatSync(descriptor).size;
  }

  #open(): number {
    try {
      makeFolder(dirname(this.#path));
      return openSync(this.#path, 'a', 0o640);
    } catch (error) {
      throw new LogFileError(this.#path, error as NodeJS.ErrnoException);
    }
  }

  #fail(error: unknown): void {
    this.#lost++;
    if (this.#lost > 1) return;
    const isTold = error instanceof LogFileError;
    this.#options.onFailure(isTold ? error : new LogFileError(this.#path, error as NodeJS.ErrnoException));
  }
}
