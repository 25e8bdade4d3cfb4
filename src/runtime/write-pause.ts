import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Clock, isoTime } from './clock.ts';
import { pause } from './pause.ts';
import { printable } from './printable.ts';

/** Since when nothing is written to the portal, and why, if somebody said so. */
export interface Paused {
  /** ms since 1970 */
  readonly since: number;
  readonly reason: string | undefined;
}

/** Between two looks at the file, ms. */
const lookMs = 1_000;
/** Of a reason so much is shown. */
const longestReason = 200;

/**
 * Whether the portal is left alone: while it is upgraded, for instance, since what a writer creates makes the migrations fail.
 *
 * The pause is the file `paused` in `data_dir`, which may have the reason in it: it outlives every process, and anybody who may
 * write there can begin and end it. Without `data_dir` this process alone knows it.
 */
export class WritePause {
  readonly #file: string | undefined;
  readonly #clock: Clock;
  #known: Paused | undefined;

  constructor({ dataDir, clock }: { readonly dataDir: string | undefined; readonly clock: Clock }) {
    this.#file = dataDir && join(dataDir, 'paused');
    this.#clock = clock;
  }

  /** As it was at the last look; undefined: not paused. */
  get known(): Paused | undefined {
    return this.#known;
  }

  /** As it is now. A folder that cannot be looked into changes nothing. */
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
      return this.#known;
    }
    await mkdir(dirname(this.#file), { recursive: true });
    await writeFile(this.#file, reason === '' ? '' : `${reason}\n`);
    return (await this.look()) ?? { since: this.#clock.now(), reason };
  }

  /** Ends it; one that is over already stays so. @throws the file cannot be removed */
  async end(): Promise<void> {
    if (this.#file !== undefined) await rm(this.#file, { force: true });
    this.#known = undefined;
  }

  /**
   * Does `work` while there is no pause, until the signal is aborted: the work's own is aborted within a second of a pause.
   *
   * @param events told when a pause begins, and when it ends
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
        while (!signal.aborted && (await this.look())) await pause(this.#clock, lookMs, signal);
        if (!signal.aborted) events.onResume();
      }
    }
  }

  async #workUntilPaused(work: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const until = AbortSignal.any([signal, over.signal]);
    const watch = async () => {
      while (!until.aborted && !(await this.look())) await pause(this.#clock, lookMs, until);
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
