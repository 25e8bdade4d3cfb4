import type { Logger } from '../observability/logger.ts';
import { ageOf, type Clock } from '../runtime/clock.ts';

/** How far a run has come with its changes. */
export interface Progress {
  readonly done: number;
  readonly total: number;
  /** Changes a second so far, to a tenth. */
  readonly perSecond: number;
  /** Estimated time left at that pace, ms. */
  readonly leftMs: number;
}

/** How often progress is reported, ms: a first run of a large cloud creates thousands of objects and takes minutes. */
const sayEveryMs = 10_000;

/** Counts the changes of a run, and says how far it is as long as it lasts. */
export class ApplyProgress {
  readonly #total: number;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #onProgress: ((progress: Progress) => void) | undefined;
  readonly #startedAt: number;
  #saidAt: number;
  #done = 0;

  constructor(options: {
    readonly total: number;
    readonly clock: Clock;
    readonly log: Logger;
    readonly onProgress: ((progress: Progress) => void) | undefined;
  }) {
    this.#total = options.total;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#onProgress = options.onProgress;
    this.#startedAt = options.clock.now();
    this.#saidAt = this.#startedAt;
  }

  /** Counts one more change as tried. */
  advance(): void {
    this.#done++;
    const now = this.#clock.now();
    if (ageOf(this.#saidAt, now) < sayEveryMs) return;
    this.#saidAt = now;
    const done = this.#done;
    const total = this.#total;
    const tookMs = ageOf(this.#startedAt, now);
    const leftMs = Math.round((tookMs / done) * (total - done));
    const progress = { done, total, perSecond: Math.round((done / tookMs) * 10_000) / 10, leftMs };
    this.#log.info(progress, 'reconcile in progress');
    this.#onProgress?.(progress);
  }
}
