import { PassThrough } from 'node:stream';
import type { FastifyReply } from 'fastify';

/** A listener that has fallen behind by so many bytes is cut off: it comes again, and begins with the present. */
const mostBehind = 32 * 1024 * 1024;
/** Beyond so many bytes for all listeners together those who are furthest behind are cut off. */
const mostBehindInAll = 2 * mostBehind;

/** Those who listen to one feed of server-sent events (https://html.spec.whatwg.org/#server-sent-events). */
export class EventStreams {
  readonly #streams = new Set<PassThrough>();
  readonly #onLast: () => void;

  /** `onLast`: the last of them has gone. */
  constructor(onLast: () => void = () => {}) {
    this.#onLast = onLast;
  }

  get size(): number {
    return this.#streams.size;
  }

  /** Answers a request with a stream that begins with the event `first`. */
  open(reply: FastifyReply, first: { readonly name: string; readonly data: unknown }): FastifyReply {
    const stream = new PassThrough();
    this.#streams.add(stream);
    stream.once('close', () => {
      this.#streams.delete(stream);
      if (this.#streams.size === 0) this.#onLast();
    });
    // A browser that loses the connection waits so long, ms, before it tries again.
    stream.write(`retry: 1000\n${eventText(first.name, first.data)}`);
    return reply.headers({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' }).send(stream);
  }

  /** Tells all of them. */
  send(name: string, data: unknown): void {
    if (this.#streams.size === 0) return;
    const text = eventText(name, data);
    let left = mostBehindInAll;
    for (const stream of this.#streams) stream.write(text);
    for (const stream of [...this.#streams].sort((a, b) => a.writableLength - b.writableLength)) {
      left -= stream.writableLength;
      if (left < 0 || stream.writableLength > mostBehind) stream.destroy();
    }
  }

  /** Ends all streams: a server that closes waits for its answers. */
  end(): void {
    for (const stream of this.#streams) stream.end();
  }
}

function eventText(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
