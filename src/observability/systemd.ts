import { execFile } from 'node:child_process';
import type { Logger } from './logger.ts';

/** What systemd tells a service of `Type=notify` in its environment. */
export interface SystemdSettings {
  /** `$NOTIFY_SOCKET` */
  readonly socket: string;
  /** `$WATCHDOG_USEC`: a sign of life must come within; undefined: none is awaited. */
  readonly watchdogMs: number | undefined;
}

/**
 * Tells systemd how we fare, as sd_notify(3) does. Node cannot send a datagram to a Unix socket, so `systemd-notify`,
 * which is wherever systemd is, sends it for us: see docs/decisions.
 */
export class Systemd {
  readonly #settings: SystemdSettings;
  readonly #log: Logger;
  #hasFailed = false;

  constructor(settings: SystemdSettings, log: Logger) {
    this.#settings = settings;
    this.#log = log;
  }

  get watchdogMs(): number | undefined {
    return this.#settings.watchdogMs;
  }

  /** Sends assignments such as `READY=1`. Resolves when systemd has them. Never rejects: trouble is logged, once. */
  async notify(...assignments: string[]): Promise<void> {
    const env = { NOTIFY_SOCKET: this.#settings.socket, PATH: '/usr/local/bin:/usr/bin:/bin' };
    // It throws at once for what no argument may hold, such as a zero byte.
    const error = await new Promise<Error | null>((resolve) => {
      execFile('systemd-notify', assignments, { env, timeout: 5_000 }, resolve);
    }).catch((cause: Error) => cause);
    if (error && !this.#hasFailed) this.#log.error({ err: error }, 'sd_notify failed');
    this.#hasFailed = error !== null;
  }
}
