import * as otel from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import { userAgent, version } from '../runtime/version.ts';
import type { Logger } from './logger.ts';

/** Of this service, to the collector. */
const name = 'concertim-openstack-service';
const path = '/v1/traces';
/** One delivery, repetitions included. The last one must be over before the process is killed for not ending. */
const deliveryMs = 2_500;
/** Beyond these an unavailable collector costs no more memory: the newest spans are dropped. */
const mostWaiting = 8_192;
const limits = { eventCountLimit: 1_000, linkCountLimit: 128, attributeValueLengthLimit: 1_000 };

/** The way to an OpenTelemetry collector. A module of its own: it loads OpenTelemetry, so it is loaded only when it is wanted. */
export class TraceExport {
  /** OpenTelemetry itself. */
  readonly otel = otel;
  readonly tracer: otel.Tracer;
  readonly #provider: TracerProvider;

  /** @param endpoint of the collector, with or without `/v1/traces` at its end */
  constructor(endpoint: string, log: Logger) {
    const url = endpoint.endsWith(path) ? endpoint : `${endpoint}${path}`;
    const exporter = new OTLPTraceExporter({ url, userAgent, timeoutMillis: deliveryMs });
    this.#provider = new TracerProvider({
      resource: defaultResource().merge(
        resourceFromAttributes({ 'service.name': name, 'service.version': version }),
      ),
      spanLimits: limits,
      spanProcessors: [
        new BatchSpanProcessor({ exporter: watched(exporter, url, log), maxQueueSize: mostWaiting }),
      ],
    });
    this.tracer = this.#provider.getTracer(name, version);
  }

  /** Delivers what is left, or gives it up. */
  async stop(): Promise<void> {
    // What could not be delivered was said; there is nobody else to tell.
    await this.#provider.shutdown().catch(() => undefined);
  }
}

/** Says once that the collector does not take traces, and once that it does again. */
function watched(exporter: SpanExporter, url: string, log: Logger): SpanExporter {
  let hasFailed = false;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const { error } = result;
        if (error && !hasFailed) log.warn({ url, err: error }, 'failed to export traces');
        if (!error && hasFailed) log.info({ url }, 'trace export works again');
        hasFailed = error !== undefined;
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
  };
}
