import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** A change that was requested of a portal. */
export interface PortalWrite {
  /** The address that the request came from. */
  readonly from: string;
  /** By the clock of this process, ms. */
  readonly at: number;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

const channel = 'http.server.request.start';

/** The writes to a portal of this process, with their senders and times, in the order of their arrival. */
export class PortalWrites implements Disposable {
  readonly all: PortalWrite[] = [];
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
    subscribe(channel, this.#see);
  }

  /** The first write since `at` that came from another address than `notFrom`. */
  firstSince(at: number, notFrom: string): PortalWrite | undefined {
    return this.all.find((write) => write.at >= at && write.from !== notFrom);
  }

  /** The longest time without a write since `at`, ms. */
  longestGapSince(at: number): number {
    const times = [...this.all.filter((write) => write.at >= at).map((write) => write.at), performance.now()];
    return Math.max(...times.map((time, index) => time - (times[index - 1] ?? at)));
  }

  [Symbol.dispose](): void {
    unsubscribe(channel, this.#see);
  }

  readonly #see = (message: unknown): void => {
    const { request } = message as Exchange;
    const { method = 'GET', url = '', socket } = request;
    if (socket.localPort !== this.#port || method === 'GET' || url.includes('sign_in')) return;
    this.all.push({ from: socket.remoteAddress ?? '', at: performance.now() });
  };
}
