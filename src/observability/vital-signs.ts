import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type Clock, isoTime, parseTime } from '../runtime/clock.ts';
import { makeFolder } from '../runtime/make-folder.ts';
import { pause } from '../runtime/pause.ts';
import type { ComponentHealth } from './health.ts';
import type { Logger } from './logger.ts';
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

/** A sign that is older tells nothing: whoever wrote it has ended without a word, or hangs. */
const staleMs = 35_000;
/** How often to look how the components fare. */
const lookMs = 1_000;
/** How often to say so although nothing has changed. */
const repeatMs = 10_000;
/** A start may take as long as it gets on, though the cloud is away: systemd is asked for so much more each time. */
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
    const { folder, read } = this.#options;
    if (folder === undefined) return;
    await Promise.all(read().map(({ component }) => rm(signFile(folder, component), { force: true })));
  }

  async #tell(healths: readonly ComponentHealth[]): Promise<void> {
    const { clock, systemd } = this.#options;
    const now = clock.now();
    const text = healths.map(({ component, ready, status }) => `${component}: ${ready} ${status}`).join();
    const dueMs = Math.min(repeatMs, (systemd?.watchdogMs ?? repeatMs) / 2 - lookMs);
    if (text === this.#told && now - this.#toldAt < dueMs) return;
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
          const file = signFile(folder, health.component);
          await writeFile(`${file}.new`, `${JSON.stringify({ ...health, at: isoTime(now) })}\n`);
          await rename(`${file}.new`, file);
        }),
      );
      this.#hasFailed = false;
    } catch (err) {
      if (!this.#hasFailed) log.warn({ err, folder }, 'health cannot be written');
      this.#hasFailed = true;
    }
  }
}

/** What a file says. */
const Sign = z.object({ ready: z.boolean(), status: z.string(), at: z.string() });

/** How a component says that it fares, as far as that is not too long ago. */
export async function readSign(
  folder: string,
  component: string,
  now: number,
): Promise<Pick<ComponentHealth, 'component' | 'ready' | 'status'>> {
  let text: string;
  try {
    text = await readFile(signFile(folder, component), 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const status = code === 'ENOENT' ? 'does not run' : `cannot be looked at (${code})`;
    return { component, ready: false, status };
  }
  const { ready, status, at } = Sign.parse(JSON.parse(text));
  const ageMs = now - (parseTime(at) ?? Number.NEGATIVE_INFINITY);
  if (ageMs <= staleMs) return { component, ready, status };
  return { component, ready: false, status: `has given no sign of life since ${at}` };
}

function signFile(folder: string, component: string): string {
  return join(folder, `${component}.json`);
}

/** One component in a few words: `updates_bulk works`. */
export function describeHealth({ component, status }: Pick<ComponentHealth, 'component' | 'status'>): string {
  return `${component} ${status.replaceAll('\n', ' ')}`;
}
