import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { aborted } from '../runtime/pause.ts';
import type { Secret } from '../runtime/secret.ts';
import type { ComponentHealth } from './health.ts';
import type { Logger } from './logger.ts';
import type { Status } from './status.ts';
import { challengeHeader, proofHeader, proofOf } from './status-proof.ts';

export interface ObservabilityServerOptions {
  readonly host: string;
  /** The first that is free is taken; 0: any free one. */
  readonly ports: readonly number[];
  readonly scrape: () => Promise<{ readonly contentType: string; readonly text: string }>;
  readonly healths: () => readonly ComponentHealth[];
  readonly status: () => Status;
  /** Proves that the status is this service's (status-proof.ts); undefined: there is no proof. */
  readonly proof: Secret | undefined;
  readonly log: Logger;
}

/** Prometheus and a few commands: more are somebody's mistake. */
const mostConnections = 32;
const serverOptions = { headersTimeout: 5_000, requestTimeout: 5_000, connectionsCheckingInterval: 1_000 };

/**
 * Serves the health of this process's components: `/metrics` for Prometheus, `/healthz` and `/readyz` for
 * supervisors, `/status` for the command of that name. Nothing secret is in it, and nothing can be changed by it.
 */
export class ObservabilityServer {
  readonly #options: ObservabilityServerOptions;

  constructor(options: ObservabilityServerOptions) {
    this.#options = options;
  }

  /**
   * Serves until the signal is aborted. Where it cannot listen it says so and lets the components work unobserved.
   *
   * @param onListening called with the address once requests are taken
   */
  async run(signal: AbortSignal, onListening?: (url: string) => void): Promise<void> {
    const { host, ports, log } = this.#options;
    // Imported as a module it loads Node's own fetch too, which nothing here uses: only where it is needed.
    const { createServer } = await import('node:http');
    const server = createServer(serverOptions, (request, response) => {
      this.#answer(request, response).catch((err: unknown) => {
        log.error({ err }, 'failed to render /metrics');
        response.destroy();
      });
    });
    server.maxConnections = mostConnections;
    try {
      await listen(server, host, ports);
    } catch (err) {
      log.error({ err, host, ports }, 'failed to listen on observability.port');
      return;
    }
    const { port } = server.address() as AddressInfo;
    const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
    log.info({ url }, 'serving /metrics');
    onListening?.(url);
    await aborted(signal);
    server.closeAllConnections();
    server.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url = '' } = request;
    if (method !== 'GET' && method !== 'HEAD') return send(response, 405, { error: 'Method Not Allowed' });
    const [path = ''] = url.split('?');
    switch (path) {
      case '/metrics': {
        const { contentType, text } = await this.#options.scrape();
        response.writeHead(200, { 'content-type': contentType }).end(text);
        return;
      }
      case '/healthz': {
        const healths = this.#options.healths();
        const alive = healths.every((health) => health.alive);
        return send(response, alive ? 200 : 503, { alive, components: healths });
      }
      case '/readyz': {
        const healths = this.#options.healths();
        const ready = healths.every((health) => health.ready);
        return send(response, ready ? 200 : 503, { ready, components: healths });
      }
      case '/status':
        return this.#tellStatus(request, response);
      default:
        return send(response, 404, {
          error: 'Not Found',
          routes: ['/metrics', '/healthz', '/readyz', '/status'],
        });
    }
  }

  #tellStatus({ headers, socket }: IncomingMessage, response: ServerResponse): void {
    const { proof } = this.#options;
    const text = textOf(this.#options.status());
    const challenge = headers[challengeHeader];
    if (proof && typeof challenge === 'string') {
      response.setHeader(proofHeader, proofOf(proof, { challenge, port: socket.localPort ?? 0, text }));
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end(text);
  }
}

async function listen(server: Server, host: string, [port, ...others]: readonly number[]): Promise<void> {
  try {
    server.listen({ host, port });
    await once(server, 'listening');
  } catch (error) {
    const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
    if (!isTaken || others.length === 0) throw error;
    await listen(server, host, others);
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(textOf(body));
}

function textOf(body: object): string {
  return `${JSON.stringify(body)}\n`;
}
