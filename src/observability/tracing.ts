import { AsyncLocalStorage } from 'node:async_hooks';
import type { Attributes, Context, Span, SpanContext } from '@opentelemetry/api';
import type { Clock } from '../runtime/clock.ts';
import { systemClock } from '../runtime/clock.ts';
import type { CountedExchange } from './instruments.ts';
import type { Logger } from './logger.ts';
import { scrub } from './scrub.ts';
import type { TraceExport } from './trace-export.ts';

/** One exchange over HTTP, as a trace shows it. */
export interface TracedExchange extends CountedExchange {
  /** 0 for the first try. */
  readonly attempt: number;
  /** By which the other side's log knows it. */
  readonly requestId: string | undefined;
}

/** Attributes of a piece of work. Whatever looks like a secret is hidden before it leaves. */
export type TraceFields = Readonly<Record<string, unknown>>;

export interface WorkOptions {
  /** Default: `internal`. */
  readonly kind?: 'internal' | 'consumer' | 'server';
  readonly fields?: TraceFields;
  /** The span that it continues, as `Tracing.here` gave it. Default: the work around it. */
  readonly parent?: string | undefined;
  /** What it is about as well. */
  readonly links?: readonly string[];
}

export interface TracingOptions {
  /** OpenTelemetry collector that takes OTLP over HTTP; undefined: nothing is traced. */
  readonly endpoint?: string | undefined;
  readonly clock?: Clock;
}

/**
 * Traces of what this service does, for an OpenTelemetry collector:
 *
 * ```
 *  notification ──► reconcile ──┬─► GET /servers/detail, …       one trace a run; begun by a notification,
 *  (or the timer)               └─► update-device ──► PATCH      it is that notification's
 * ```
 *
 * Off unless there is an endpoint: then nothing of OpenTelemetry is loaded and every method costs a comparison. What is
 * active is kept per service, not per process, so that two of them in one process do not mix.
 */
export class Tracing {
  readonly #options: TracingOptions;
  readonly #clock: Clock;
  readonly #active = new AsyncLocalStorage<Span>();
  #export: TraceExport | undefined;

  constructor(options: TracingOptions = {}) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** From now on there are traces, if there is somewhere to send them. */
  async start(log: Logger): Promise<void> {
    const { endpoint } = this.#options;
    if (endpoint === undefined || this.#export) return;
    try {
      const { TraceExport } = await import('./trace-export.ts');
      this.#export = new TraceExport(endpoint, log);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
      log.error({ endpoint }, 'OpenTelemetry is not installed, no traces are exported');
    }
  }

  /** Sends what is left, for a few seconds at most. Nothing is traced any more. */
  async stop(): Promise<void> {
    const last = this.#export;
    this.#export = undefined;
    await last?.stop();
  }

  /** A piece of work, with all requests made in its course. It fails as the work does. */
  async work<T>(name: string, options: WorkOptions, work: () => Promise<T>): Promise<T> {
    const span = this.begin(name, options);
    if (!span) return work();
    try {
      const result = await this.within(span, work);
      this.end(span);
      return result;
    } catch (error) {
      this.end(span, fieldsOfError(error), 'failed');
      throw error;
    }
  }

  /** A piece of work whose end somebody else sees; undefined: nothing is traced. */
  begin(name: string, { kind = 'internal', fields, parent, links = [] }: WorkOptions): Span | undefined {
    if (!this.#export) return undefined;
    const { otel, tracer } = this.#export;
    const contextOf = (text: string) => {
      const context = spanContextOf(text);
      return otel.isSpanContextValid(context) ? context : undefined;
    };
    const origin = parent === undefined ? undefined : contextOf(parent);
    return tracer.startSpan(
      name,
      {
        kind: otel.SpanKind[kinds[kind]],
        startTime: this.#clock.now(),
        ...(fields && { attributes: attributesOf(fields) }),
        links: links.flatMap((link) => contextOf(link) ?? []).map((context) => ({ context })),
      },
      origin ? otel.trace.setSpanContext(otel.ROOT_CONTEXT, origin) : this.#context(this.#export),
    );
  }

  /** Does something in the course of a piece of work. */
  within<T>(span: Span, work: () => T): T {
    return this.#active.run(span, work);
  }

  /** The piece of work is done. */
  end(span: Span, fields: TraceFields = {}, outcome: 'done' | 'failed' = 'done'): void {
    span.setAttributes(attributesOf(fields));
    if (this.#export && outcome === 'failed') {
      span.setStatus({ code: this.#export.otel.SpanStatusCode.ERROR });
    }
    span.end(this.#clock.now());
  }

  /** Something that has happened in the course of what is done here. */
  event(name: string, fields: TraceFields): void {
    this.#span?.addEvent(name, attributesOf(fields), this.#clock.now());
  }

  /** What has turned out about what is done here. */
  note(fields: TraceFields): void {
    this.#span?.setAttributes(attributesOf(fields));
  }

  /** A request that has come to an end, in the course of what is done here. */
  exchanged({ service, method, route, outcome, ms, attempt, requestId }: TracedExchange): void {
    if (!this.#export) return;
    const { otel, tracer } = this.#export;
    const now = this.#clock.now();
    const isAnswered = typeof outcome === 'number';
    const hasFailed = !isAnswered || outcome >= 400;
    const span = tracer.startSpan(
      `${method} ${route}`,
      {
        kind: otel.SpanKind.CLIENT,
        startTime: now - ms,
        attributes: attributesOf({
          'peer.service': service,
          'http.request.method': method,
          'url.template': route,
          ...(isAnswered && { 'http.response.status_code': outcome }),
          ...(hasFailed && { 'error.type': String(outcome) }),
          ...(attempt > 0 && { 'http.request.resend_count': attempt }),
          'openstack.request_id': requestId,
        }),
      },
      this.#context(this.#export),
    );
    if (hasFailed) span.setStatus({ code: otel.SpanStatusCode.ERROR });
    span.end(now);
  }

  /** The current span as W3C Trace Context, for the process that continues the work; undefined: nothing is traced. */
  get here(): string | undefined {
    const context = this.#span?.spanContext();
    return (
      context && `00-${context.traceId}-${context.spanId}-${context.traceFlags.toString(16).padStart(2, '0')}`
    );
  }

  get #span(): Span | undefined {
    return this.#export && this.#active.getStore();
  }

  #context({ otel }: TraceExport): Context {
    const span = this.#active.getStore();
    return span ? otel.trace.setSpan(otel.ROOT_CONTEXT, span) : otel.ROOT_CONTEXT;
  }
}

const kinds = {
  internal: 'INTERNAL',
  consumer: 'CONSUMER',
  server: 'SERVER',
} as const satisfies Record<NonNullable<WorkOptions['kind']>, string>;

function fieldsOfError(error: unknown): TraceFields {
  const { name, message } = error instanceof Error ? error : { name: typeof error, message: String(error) };
  return { 'error.type': name, 'error.message': message };
}

/** As the logger would write them: see `scrub`. */
function attributesOf(fields: TraceFields): Attributes {
  const attributes: Attributes = {};
  for (const [name, value] of Object.entries(scrub(fields) as TraceFields)) {
    if (value === undefined || value === null) continue;
    attributes[name] =
      typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
        ? value
        : JSON.stringify(value);
  }
  return attributes;
}

const traceParent = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** Not valid when it is none. */
function spanContextOf(text: string): SpanContext {
  const [, traceId = '', spanId = '', flags = ''] = traceParent.exec(text) ?? [];
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
}
