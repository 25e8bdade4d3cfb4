import { randomUUID } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { ageOf, type Clock, isoTime } from '../runtime/clock.ts';
import { makeFolder } from '../runtime/make-folder.ts';
import { pause } from '../runtime/pause.ts';
import type { ComponentHealth } from './health.ts';
import type { Logger } from './logger.ts';
import { describeHealth, isFresh, readSign, type Sign, signFiles, writeBareSign } from './sign.ts';
import type { Systemd } from './systemd.ts';

export interface VitalSignsOptions {
  /** Of all components of this process. */
  readonly read: () => readonly ComponentHealth[];
  /** Where each component's sign is written; undefined: nowhere. */
  readonly folder: string | undefined;
  /** undefined: not started by systemd, or not as a service that notifies. */
  readonly systemd: Systemd | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** How often to look how the components fare. */
const lookMs = 1_000;
/** How often to say so although nothing has changed. */
const repeatMs = 10_000;
/** A start may take long while the cloud is unavailable: systemd gets a request for this much more time, again and again. */
const extensionMs = 60_000;

/**
 * Tells the world how the components of this process fare: systemd by notifications, a container's health check by a
 * file a component. Both end with the process, or with its event loop when that hangs.
 */
export class VitalSigns {
  readonly #options: VitalSignsOptions;
  #isReady = false;
  #told = '';
  #toldAt = Number.NEGATIVE_INFINITY;
  #hasFailed = false;
  /** Who wrote a sign: containers that share a folder may have the same process id. */
  readonly #id = randomUUID();
  /** Where each component's sign was written last. */
  readonly #files = new Map<string, string>();

  constructor(options: VitalSignsOptions) {
    this.#options = options;
  }

  /** Until the signal is aborted; then says that we stop. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, systemd, read } = this.#options;
    while (!signal.aborted) {
      await this.#tell(read());
      await pause(clock, lookMs, signal);
    }
    await systemd?.notify('STOPPING=1');
  }

  /** Once nothing runs any more. */
  async end(): Promise<void> {
    await Promise.all([...this.#files.values()].map((file) => rm(file, { force: true })));
  }

  async #tell(healths: readonly ComponentHealth[]): Promise<void> {
    const { clock, systemd } = this.#options;
    const now = clock.now();
    const text = healths.map(({ component, ready, status }) => `${component}: ${ready} ${status}`).join();
    const dueMs = Math.min(repeatMs, (systemd?.watchdogMs ?? repeatMs) / 2 - lookMs);
    if (text === this.#told && ageOf(this.#toldAt, now) < dueMs) return;
    this.#told = text;
    this.#toldAt = now;
    await Promise.all([this.#notify(healths), this.#write(healths, now)]);
  }

  async #notify(healths: readonly ComponentHealth[]): Promise<void> {
    const { systemd } = this.#options;
    if (!systemd) return;
    const assignments = [`STATUS=${healths.map(describeHealth).join('; ')}`];
    const areAlive = healths.every(({ alive }) => alive);
    if (!this.#isReady && healths.every(({ ready }) => ready)) {
      this.#isReady = true;
      assignments.push('READY=1');
    }
    if (areAlive && this.#isReady) assignments.push('WATCHDOG=1');
    if (areAlive && !this.#isReady) assignments.push(`EXTEND_TIMEOUT_USEC=${extensionMs * 1_000}`);
    await systemd.notify(...assignments);
  }

  async #write(healths: readonly ComponentHealth[], now: number): Promise<void> {
    const { folder, log } = this.#options;
    if (folder === undefined) return;
    try {
      makeFolder(folder);
      await Promise.all(
        healths.map(async (health) => {
          const file = await this.#place(folder, health.component, now);
          const written = `${file}.${this.#id}`;
          const { ready, failing, status } = health;
          const sign: Sign = { ready, failing, status, by: this.#id, at: isoTime(now) };
          try {
            await writeFile(written, `${JSON.stringify(sign)}\n`);
            await rename(written, file);
          } catch (error) {
            // A component that is not ready gets no file, which means the same.
            if (ready) await writeBareSign(file, now);
            await rm(written, { force: true });
            throw error;
          }
        }),
      );
      this.#hasFailed = false;
    } catch (err) {
      if (!this.#hasFailed) log.warn({ err, folder }, 'failed to write health file');
      this.#hasFailed = true;
    }
  }

  /** That of the component, unless another process tells of it there; its former one is cleared away. */
  async #place(folder: string, component: string, now: number): Promise<string> {
    const [usual, second] = signFiles(folder, component);
    const sign = await readSign(usual);
    const isTaken = sign !== undefined && sign.by !== '' && sign.by !== this.#id && isFresh(sign, now);
    const file = isTaken ? second : usual;
    const former = this.#files.get(component);
    if (former !== undefined && former !== file) await rm(former, { force: true });
    this.#files.set(component, file);
    return file;
  }
}
