import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A span as it was sent: its attributes and those of its events as plain values. */
export interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly {
    readonly name: string;
    readonly attributes: Readonly<Record<string, unknown>>;
  }[];
  readonly links: readonly string[];
  readonly hasFailed: boolean;
}

/** An OpenTelemetry collector: it takes traces over HTTP as JSON and keeps them. */
export interface OtlpCollector extends AsyncDisposable {
  readonly url: string;
  /** All bodies as they came. */
  readonly bodies: string[];
  readonly userAgents: Set<string>;
  /** Of the resource that they are about. */
  resource(): Readonly<Record<string, unknown>>;
  spans(): SentSpan[];
}

type Value = Readonly<Record<string, unknown>>;
interface WireSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly attributes?: readonly WireAttribute[];
  readonly events?: readonly { readonly name: string; readonly attributes?: readonly WireAttribute[] }[];
  readonly links?: readonly { readonly spanId: string }[];
  readonly status?: { readonly code?: number };
}
interface WireAttribute {
  readonly key: string;
  readonly value: Value;
}
interface Export {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly WireAttribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly WireSpan[] }[];
  }[];
}

export async function startCollector(
  answer: 'takes' | 'refuses' | 'is silent' = 'takes',
): Promise<OtlpCollector> {
  const bodies: string[] = [];
  const userAgents = new Set<string>();
  const server = createServer((request, response) => void take(request, response));
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await text(request);
    if (request.url === '/v1/traces' && request.method === 'POST') bodies.push(body);
    userAgents.add(request.headers['user-agent'] ?? '');
    if (answer === 'takes') response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    if (answer === 'refuses') response.writeHead(400).end();
  };
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const exports = () => bodies.flatMap((body) => (JSON.parse(body) as Export).resourceSpans);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bodies,
    userAgents,
    resource: () => plain(exports()[0]?.resource.attributes),
    spans: () => exports().flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans.map(read))),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function read(span: WireSpan): SentSpan {
  const { traceId, spanId, parentSpanId, name, kind, events = [], links = [] } = span;
  return {
    traceId,
    spanId,
    parentSpanId: parentSpanId || undefined,
    name,
    kind,
    attributes: plain(span.attributes),
    events: events.map((event) => ({ name: event.name, attributes: plain(event.attributes) })),
    links: links.map((link) => link.spanId),
    hasFailed: span.status?.code === 2,
  };
}

function plain(attributes: readonly WireAttribute[] = []): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
