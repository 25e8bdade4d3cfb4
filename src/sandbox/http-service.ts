import { once } from 'node:events';
import { Readable } from 'node:stream';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { unreachable } from '../runtime/unreachable.ts';
import type { FaultKind, Faults } from './faults.ts';
import { freePort } from './free-port.ts';

export interface HttpServiceOptions {
  /** How faults and counts call it, such as `nova`. */
  readonly name: string;
  /** Default: any that is free. */
  readonly port?: number | undefined;
  readonly host?: string;
  readonly faults: Faults;
  /** Added to every exchange. */
  readonly latencyMs?: number;
  readonly clock?: Clock;
  /** Adds the service's routes. */
  readonly routes: (app: FastifyInstance) => void;
}

/** One request as it came, for tests and counts. Bodies are not kept: they hold passwords. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly userAgent: string | undefined;
}

/** As many as a test could ever want to look at, and few enough for a sandbox that runs for days. */
const mostSeen = 100_000;

/** One of the sandbox's services: real HTTP on loopback, with latency and faults in front of its routes. */
export class HttpService {
  readonly name: string;
  readonly url: string;
  /** Every request since the start or the last `forget()`, in order; of very many the newest. */
  seen: SeenRequest[] = [];
  /** Most requests that were in flight at once since the start or the last `forget()`. */
  mostInFlight = 0;
  #inFlight = 0;
  /** How many want that nobody is let in. */
  #refusals = 0;
  readonly #options: HttpServiceOptions;
  #app: FastifyInstance;

  private constructor(app: FastifyInstance, options: HttpServiceOptions, url: string) {
    this.#app = app;
    this.#options = options;
    this.name = options.name;
    this.url = url;
  }

  static async start(options: HttpServiceOptions): Promise<HttpService> {
    let service: HttpService | undefined;
    const app = createApp(options, () => service);
    // A fixed one: it may refuse connections for a while, and must have it again.
    const port = options.port ?? (await freePort());
    const url = await app.listen({ host: options.host ?? '127.0.0.1', port });
    service = new HttpService(app, options, url);
    return service;
  }

  /** Stops the service, runs `meanwhile`, and starts it at the same address, with the routes of that moment. */
  async restart(meanwhile: () => Promise<void>): Promise<void> {
    await this.#app.close();
    try {
      await meanwhile();
    } finally {
      const { hostname, port } = new URL(this.url);
      this.#app = createApp(this.#options, () => this);
      await this.#app.listen({ host: hostname, port: Number(port) });
    }
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  begin(request: SeenRequest): void {
    if (this.seen.length >= mostSeen * 2) this.seen = this.seen.slice(-mostSeen);
    this.seen.push(request);
    this.#inFlight++;
    this.mostInFlight = Math.max(this.mostInFlight, this.#inFlight);
  }

  end(): void {
    this.#inFlight--;
  }

  /**
   * Nobody is let in any more, as if it did not run; the returned function opens the door again, unless it is kept shut
   * by another's wish.
   */
  async refuse(): Promise<() => Promise<void>> {
    const { server } = this.#app;
    if (this.#refusals++ === 0) {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    }
    return async () => {
      if (--this.#refusals > 0) return;
      const { hostname, port } = new URL(this.url);
      server.listen(Number(port), hostname);
      await once(server, 'listening');
    };
  }

  /** Resets the counts. */
  forget(): void {
    this.seen = [];
    this.mostInFlight = this.#inFlight;
  }

  async close(): Promise<void> {
    await this.#app.close();
  }
}

function createApp(options: HttpServiceOptions, serviceOf: () => HttpService | undefined): FastifyInstance {
  const { clock = systemClock } = options;
  const app = Fastify({ bodyLimit: 64 * 1024 * 1024, forceCloseConnections: true });
  app.addHook('onRequest', async (request, reply) => {
    const { method, url, headers } = request;
    const service = serviceOf();
    service?.begin({ method, url, userAgent: headers['user-agent'] });
    reply.raw.once('close', () => service?.end());
    if (options.latencyMs) await clock.sleep(options.latencyMs);
    const fault = options.faults.take({ service: options.name, method, url });
    if (fault) await strike(request, reply, fault, clock);
  });
  app.addHook('onSend', async (request, reply, payload) => {
    const struck = strikes.get(request);
    return struck ? spoil(struck, request, reply, payload) : payload;
  });
  options.routes(app);
  return app;
}

/** The faults that have hit exchanges whose answers are still to come. */
const strikes = new WeakMap<FastifyRequest, Strike>();

interface Strike {
  readonly fault: FaultKind;
  readonly clock: Clock;
}

/**
 * Has a fault hit an exchange, before its route or from within: afterwards `reply.sent` tells whether it is over for the
 * route; an answer that is still sent is spoiled on its way, as the fault says.
 */
export async function strike(
  request: FastifyRequest,
  reply: FastifyReply,
  fault: FaultKind,
  clock: Clock,
): Promise<void> {
  strikes.set(request, { fault, clock });
  switch (fault.kind) {
    case 'reset-before':
      reply.hijack();
      reply.raw.socket?.resetAndDestroy();
      return;
    case 'stall':
      reply.hijack();
      return;
    case 'delay':
      await clock.sleep(fault.ms);
      return;
    case 'answer':
      await reply
        .code(fault.status)
        .headers({ 'content-type': 'text/html', ...fault.headers })
        .send(fault.body ?? `<html><body><h1>${fault.status}</h1></body></html>`);
      return;
    case 'reset-after':
    case 'interrupt':
    case 'truncate':
    case 'shorten':
    case 'trickle':
    case 'rewrite':
      return;
    default:
      unreachable(fault);
  }
}

/** What a fault does to an answer on its way. */
function spoil(
  { fault, clock }: Strike,
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
): unknown {
  const text = typeof payload === 'string' ? payload : '';
  switch (fault.kind) {
    case 'reset-after':
      reply.hijack();
      reply.raw.socket?.resetAndDestroy();
      return payload;
    case 'interrupt':
      reply.hijack();
      return fault.by().then(() => {
        reply.raw.socket?.resetAndDestroy();
        return payload;
      });
    case 'truncate':
      reply.header('content-length', Buffer.byteLength(text));
      return Readable.from(cutShort(text, reply));
    case 'trickle':
      return Readable.from(inPieces(text, fault, clock));
    case 'shorten':
      return resized(reply, text.slice(0, text.length / 2));
    case 'rewrite': {
      const body = jsonOf(text);
      return body === undefined ? payload : resized(reply, JSON.stringify(fault.rewrite(body, request)));
    }
    case 'reset-before':
    case 'stall':
    case 'delay':
    case 'answer':
      return payload;
    default:
      return unreachable(fault);
  }
}

function resized(reply: FastifyReply, text: string): string {
  reply.header('content-length', Buffer.byteLength(text));
  return text;
}

/** undefined: it is none. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function* cutShort(text: string, reply: FastifyReply): AsyncGenerator<string> {
  yield text.slice(0, text.length / 2);
  reply.raw.socket?.end();
}

async function* inPieces(
  text: string,
  pace: { bytes: number; everyMs: number },
  clock: Clock,
): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += pace.bytes) {
    await clock.sleep(pace.everyMs);
    yield text.slice(at, at + pace.bytes);
  }
}
