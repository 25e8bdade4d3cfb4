import { dirname, join } from 'node:path';
import { type Clock, isoTime } from './clock.ts';
import { mkdir, readFile, rm, stat, writeFile } from './file-promises.ts';
import { aborted, pause } from './pause.ts';
import { printable } from './printable.ts';

/** Since when nothing is written to the portal, and the reason, if one was given. */
export interface Paused {
  /** ms since 1970 */
  readonly since: number;
  readonly reason: string | undefined;
}

/** Between two looks at the file, ms. */
const lookMs = 1_000;
/** Longest part of a reason that is shown, in characters. */
const longestReason = 200;

/**
 * Whether writing to the portal is paused: during its upgrade, for instance, since objects that a writer
 * creates make the migrations fail.
 *
 * The pause is the file `paused` in `data_dir`, which may have the reason in it: it outlives every process, and anybody who may
 * write there can begin and end it. Without `data_dir` this process alone knows it.
 */
export class WritePause {
  readonly #file: string | undefined;
  readonly #clock: Clock;
  #known: Paused | undefined;
  #changed = new AbortController();

  constructor({ dataDir, clock }: { readonly dataDir: string | undefined; readonly clock: Clock }) {
    this.#file = dataDir && join(dataDir, 'paused');
    this.#clock = clock;
  }

  /** As it was at the last look; undefined: not paused. */
  get known(): Paused | undefined {
    return this.#known;
  }

  /** As it is now. If the folder cannot be read, the last known state stays. */
  async look(): Promise<Paused | undefined> {
    if (this.#file === undefined) return this.#known;
    try {
      const { mtimeMs } = await stat(this.#file);
      const reason = printable(await readFile(this.#file, 'utf8').catch(() => '')).trim();
      this.#known = { since: Math.floor(mtimeMs), reason: reason.slice(0, longestReason) || undefined };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') this.#known = undefined;
    }
    return this.#known;
  }

  /** Begins it, or changes its reason. @throws the file cannot be written */
  async begin(reason = ''): Promise<Paused> {
    if (this.#file === undefined) {
      this.#known = { since: this.#clock.now(), reason: reason.slice(0, longestReason) || undefined };
      this.#tell();
      return this.#known;
    }
    await mkdir(dirname(this.#file), { recursive: true });
    await writeFile(this.#file, reason === '' ? '' : `${reason}\n`);
    this.#tell();
    return (await this.look()) ?? { since: this.#clock.now(), reason };
  }

  /** Ends it; one that is over already stays so. @throws the file cannot be removed */
  async end(): Promise<void> {
    if (this.#file !== undefined) await rm(this.#file, { force: true });
    this.#known = undefined;
    this.#tell();
  }

  /**
   * Runs `work` whenever there is no pause, until `signal` is aborted. The signal that `work` gets is aborted
   * within a second of a pause.
   *
   * @param events called when a pause begins, and when it ends
   */
  async workBetween(
    work: (signal: AbortSignal) => Promise<void>,
    signal: AbortSignal,
    events: { readonly onPause: (paused: Paused) => void; readonly onResume: () => void },
  ): Promise<void> {
    while (!signal.aborted) {
      const paused = await this.look();
      if (!paused) await this.#workUntilPaused(work, signal);
      else {
        events.onPause(paused);
        await this.#until(false, signal);
        if (!signal.aborted) events.onResume();
      }
    }
  }

  /**
   * Waits until the pause has begun, or ended: looks once a second, and at once when this process changes it.
   */
  async #until(isPaused: boolean, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const until = AbortSignal.any([signal, this.#changed.signal]);
      if (((await this.look()) !== undefined) === isPaused) return;
      await (this.#file === undefined ? aborted(until) : pause(this.#clock, lookMs, until));
    }
  }

  #tell(): void {
    this.#changed.abort();
    this.#changed = new AbortController();
  }

  async #workUntilPaused(work: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const until = AbortSignal.any([signal, over.signal]);
    const watch = async () => {
      await this.#until(true, until);
      over.abort();
    };
    try {
      await Promise.all([work(until), watch()]);
    } finally {
      over.abort();
    }
  }
}

/** For a log line, a status or a person. */
export function describePause({ since, reason }: Paused): string {
  return `paused since ${isoTime(since)}${reason === undefined ? '' : `: ${reason}`}`;
}
