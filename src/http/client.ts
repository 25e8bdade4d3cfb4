import pLimit, { type LimitFunction } from 'p-limit';
import { type Clock, parseTime, systemClock } from '../runtime/clock.ts';
import { Deadline } from '../runtime/deadline.ts';
import { type Random, systemRandom } from '../runtime/random.ts';
import { startStopwatch } from '../runtime/stopwatch.ts';
import { isUntrustedCertificate } from '../runtime/untrusted-certificate.ts';
import { userAgent } from '../runtime/version.ts';
import type { BodySink } from './body-sink.ts';
import { BodyError, ConnectionError, type ExchangeFacts, TimeoutError } from './errors.ts';
import { PendingExchange } from './pending-exchange.ts';
import {
  defaultRetryPolicy,
  isIdempotent,
  isTransientStatus,
  type RetryPolicy,
  retryDelay,
} from './retry.ts';
import { Agent } from './undici.ts';
import { WholeBody } from './whole-body.ts';

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface HttpRequest {
  readonly method: Method;
  /** Absolute. */
  readonly url: string;
  /** The path without ids, such as `/servers/{id}`: names the exchange in logs, metrics and traces. */
  readonly route: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON when given. */
  readonly body?: unknown;
  /** Whether it may be sent twice to the same effect. Default: by the method (GET, HEAD, PUT and DELETE may). */
  readonly idempotent?: boolean;
  /** How long nothing may come. Default: the client's, for lists or for others. */
  readonly timeoutMs?: number;
  /** What takes the body of a success as it comes. */
  readonly into?: BodySink;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpResponse extends ExchangeFacts {
  readonly status: number;
  /** By lower-case name; of a repeated header the first. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body, or what a sink has left of it. */
  readonly text: string;
  /** The server's clock by its `Date` header, else ours: ms since 1970. */
  readonly at: number;
}

/** One finished exchange, for counting. */
export interface Exchange {
  readonly service: string;
  readonly method: Method;
  readonly route: string;
  /** The status, or the error's code when there was none. */
  readonly outcome: number | string;
  readonly ms: number;
  /** 0 for the first try. */
  readonly attempt: number;
  /** `X-Openstack-Request-Id`, by which the other side's log knows the exchange. */
  readonly requestId: string | undefined;
}

export interface TlsOptions {
  /** Certificates to trust, PEM. Default: Node's. */
  readonly ca?: string | undefined;
  /** Trust anything: only ever on the operator's word. */
  readonly insecure?: boolean | undefined;
}

/** How to connect to a system; the same for all its services. */
export interface ConnectionOptions {
  /** Most requests in flight. */
  readonly concurrency?: number;
  /**
   * Longest silence before and within an answer; as a whole it may take ten times as long. Default: a minute.
   */
  readonly timeoutMs?: number;
  /** The same for a streamed answer: a list, which may take long to produce. Default: `timeoutMs`. */
  readonly listTimeoutMs?: number | undefined;
  readonly tls?: TlsOptions;
  readonly retry?: RetryPolicy;
  readonly clock?: Clock;
  readonly random?: Random;
  /** Called when an exchange begins, retries included. */
  readonly onBegin?: ((service: string) => void) | undefined;
  /** Called after each exchange, retries included. */
  readonly onExchange?: ((exchange: Exchange) => void) | undefined;
}

export interface HttpClientOptions extends ConnectionOptions {
  /** The name of the service, for people: `Nova`. */
  readonly service: string;
  /** Largest streamed answer, in bytes. Any other answer may have at most `mostOfAWhole`. */
  readonly maxBytes?: number;
}

/** 128 MiB: more than twice the largest list that a portal of 50,000 devices gives. */
const defaultMaxBytes = 128 * 1024 * 1024;
/** An answer that is parsed as a whole may take twenty times its size in memory: `[{},{},…]`. */
const mostOfAWhole = 32 * 1024 * 1024;

/**
 * One service's HTTP: a keep-alive pool, limits on concurrency, size and silence, and retries of what may be
 * repeated. Any status is an answer; the caller decides what it means.
 */
export class HttpClient {
  readonly service: string;
  readonly #agent: Agent;
  readonly #limit: LimitFunction;
  readonly #timeoutMs: number;
  readonly #listTimeoutMs: number;
  readonly #mostOfAWhole: number;
  readonly #retry: RetryPolicy;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #onBegin: ((service: string) => void) | undefined;
  readonly #onExchange: ((exchange: Exchange) => void) | undefined;

  constructor(options: HttpClientOptions) {
    const concurrency = options.concurrency ?? 16;
    this.service = options.service;
    this.#timeoutMs = options.timeoutMs ?? 60_000;
    this.#listTimeoutMs = options.listTimeoutMs ?? this.#timeoutMs;
    this.#mostOfAWhole = Math.min(mostOfAWhole, options.maxBytes ?? defaultMaxBytes);
    this.#retry = options.retry ?? defaultRetryPolicy;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? systemRandom;
    this.#onBegin = options.onBegin;
    this.#onExchange = options.onExchange;
    this.#limit = pLimit(concurrency);
    this.#agent = new Agent({
      connections: concurrency,
      // The deadline of the exchange covers both.
      headersTimeout: 0,
      bodyTimeout: 0,
      maxResponseSize: options.maxBytes ?? defaultMaxBytes,
      connect: {
        timeout: 10_000,
        ...(options.tls?.ca === undefined ? {} : { ca: options.tls.ca }),
        rejectUnauthorized: !options.tls?.insecure,
      },
    });
  }

  /**
   * The answer, whatever its status.
   *
   * @throws {ConnectionError} no answer arrived
   * @throws {TimeoutError} no complete answer in time
   * @throws {BodyError} an answer larger than allowed
   */
  async request(request: HttpRequest): Promise<HttpResponse> {
    const mayRepeat = request.idempotent ?? isIdempotent(request.method);
    for (let attempt = 0; ; attempt++) {
      let delay: number | undefined;
      try {
        const response = await this.#limit(() => this.#exchange(request, attempt));
        // 429 and 503 with Retry-After say that nothing was done, but only the first says it for certain.
        if (!isTransientStatus(response.status) || !(mayRepeat || response.status === 429)) return response;
        delay = this.#delay(attempt, response.headers['retry-after']);
        if (delay === undefined) return response;
      } catch (error) {
        const harmless = mayRepeat || (error instanceof ConnectionError && !error.maybeCarriedOut);
        if (!harmless || !(error instanceof ConnectionError || error instanceof TimeoutError)) throw error;
        delay = this.#delay(attempt);
        if (delay === undefined) throw error;
      }
      await this.#clock.sleep(delay, request.signal);
    }
  }

  /** Closes idle connections at once and cuts the others. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  #delay(attempt: number, retryAfter?: string): number | undefined {
    return retryDelay(this.#retry, attempt, { retryAfter, now: this.#clock.now(), random: this.#random });
  }

  async #exchange(request: HttpRequest, attempt: number): Promise<HttpResponse> {
    const facts = { service: this.service, method: request.method, url: withoutQuery(request.url) };
    const timeoutMs = request.timeoutMs ?? (request.into ? this.#listTimeoutMs : this.#timeoutMs);
    const elapsed = startStopwatch();
    const done = (outcome: number | string, requestId?: string) =>
      this.#onExchange?.({
        service: this.service,
        method: request.method,
        route: request.route,
        outcome,
        ms: elapsed(),
        attempt,
        requestId,
      });
    request.signal?.throwIfAborted();
    this.#onBegin?.(this.service);
    const exchange = new PendingExchange(
      (status) => (request.into && status < 300 ? request.into : new WholeBody(this.#mostOfAWhole)),
      () => deadline.renew(),
    );
    using deadline = new Deadline(
      timeoutMs,
      () => exchange.abort(new Error('The request was ended before its answer was complete.')),
      request.signal,
    );
    try {
      const { origin, pathname, search } = new URL(request.url);
      const { status, headers, sink } = await exchange.send(this.#agent, {
        origin,
        path: `${pathname}${search}`,
        method: request.method,
        headers: {
          accept: 'application/json',
          'user-agent': userAgent,
          ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...request.headers,
        },
        body: request.body === undefined ? null : JSON.stringify(request.body),
      });
      const text = sink.end();
      done(status, headers['x-openstack-request-id']);
      const at = parseTime(headers['date'] ?? '') ?? this.#clock.now();
      return { ...facts, status, headers, text, at };
    } catch (cause) {
      request.signal?.throwIfAborted();
      const code = codeOf(cause);
      done(deadline.isOver ? 'TIMEOUT' : code);
      if (deadline.isOver) throw new TimeoutError(facts, timeoutMs, cause);
      if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') {
        throw new BodyError(facts, 'more than this service is willing to read', { cause });
      }
      throw new ConnectionError(facts, {
        code,
        maybeCarriedOut: !neverSent.has(code) && !isUntrustedCertificate(code),
        cause,
        hint: hintFor(code),
      });
    }
  }
}

/** The codes of a connection that was never made: nothing was sent over it. */
const neverSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

function hintFor(code: string): string | undefined {
  if (code === 'ECONNREFUSED') return 'Is it running, and is the address right?';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'Is the host name right, and does DNS know it?';
  if (isUntrustedCertificate(code)) {
    return 'Its certificate is not trusted: give the authority as `cacert`, or set `insecure: true`.';
  }
  return undefined;
}

function codeOf(cause: unknown): string {
  if (!(cause instanceof Error)) return 'UNKNOWN';
  const code =
    (cause as NodeJS.ErrnoException).code ?? (cause.cause as NodeJS.ErrnoException | undefined)?.code;
  return typeof code === 'string' ? code : cause.name;
}

function withoutQuery(url: string): string {
  const end = url.indexOf('?');
  return end < 0 ? url : url.slice(0, end);
}
