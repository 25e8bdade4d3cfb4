import { aborted, pause } from '../runtime/pause.ts';
import { ServiceError } from '../runtime/severity.ts';
import type { ApiOptions } from './api-app.ts';

export interface ApiServerOptions extends ApiOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

/** What has been begun is waited for so long, ms; after that it is broken off. The process ends within 10 s. */
const drainMs = 6_000;

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

/** The server through which the portal asks things of the cloud. */
export class ApiServer {
  readonly #options: ApiServerOptions;

  constructor(options: ApiServerOptions) {
    this.#options = options;
  }

  /**
   * Serves until the signal is aborted, then finishes what has been begun, and closes the sessions.
   *
   * @param onListening called with the address once requests are taken
   * @throws {ServiceError} fatal: the address cannot be listened on
   */
  async run(signal: AbortSignal, onListening?: (url: string) => void): Promise<void> {
    const { host, port, jwt, log, repeats, sessions, clock } = this.#options;
    // Loaded where it is served alone: the other components start in half the time without it.
    const { apiApp } = await import('./api-app.ts');
    const app = await apiApp(this.#options);
    try {
      const url = await app.listen({ host, port });
      log.info({ url, admission: jwt.kind }, 'listening');
      if (jwt.kind !== 'required' && !isLoopback(host)) {
        log.warn({ url, admission: jwt.kind }, 'API accepts requests without a token on a public address');
      }
      onListening?.(url);
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      throw new ServiceError(`The API server cannot listen on ${host}:${port} (${code}).`, {
        severity: 'fatal',
        hint: 'Is something else listening there? Set api.host and api.port.',
        cause,
      });
    }
    await aborted(signal);
    const isIdle = new AbortController();
    const drained = Promise.all([app.close(), repeats.idle()]).finally(() => isIdle.abort());
    await Promise.race([drained, pause(clock, drainMs, isIdle.signal)]);
    await sessions.close();
    await drained;
  }
}
