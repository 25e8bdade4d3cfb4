import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { pipeline, Transform } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../src/sandbox/free-port.ts';

/** What a connection to the broker meets. */
export type Weather =
  | 'fair'
  /** Reset before anything is passed on. */
  | 'reset at once'
  /** All that we say is passed on; reset with the first answers to it. */
  | 'reset after'
  /** Taken, and never answered. */
  | 'silent'
  /** Answered by something that speaks HTTP. */
  | 'html'
  /** Passed on a few bytes at a time. */
  | 'trickle';

/** Stands before a broker, so that its connections can be harmed without harming those of others. */
export class BrokerProxy implements AsyncDisposable {
  readonly port: number;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #weather: Weather = 'fair';

  private constructor(target: { readonly host: string; readonly port: number }, port: number) {
    this.#target = target;
    this.port = port;
    this.#server = createServer((client) => this.#serve(client));
  }

  static async start(target: { readonly host: string; readonly port: number }): Promise<BrokerProxy> {
    const proxy = new BrokerProxy(target, await freePort());
    await proxy.open();
    return proxy;
  }

  async open(): Promise<void> {
    this.#server.listen(this.port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  /** Connections are refused from now on, and those there are reset. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.reset();
    await closed;
  }

  /** Resets all connections; what comes next meets the new weather. */
  change(weather: Weather): void {
    this.#weather = weather;
    this.reset();
  }

  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.listening) await this.close();
  }

  #serve(client: Socket): void {
    this.#keep(client);
    switch (this.#weather) {
      case 'reset at once':
        client.resetAndDestroy();
        return;
      case 'silent':
        client.resume();
        return;
      case 'html':
        client.end('HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/html\r\n\r\n<html><h1>502</h1></html>');
        return;
      case 'reset after':
        this.#passOn(
          client,
          afterHandshake(() => client.resetAndDestroy()),
        );
        return;
      case 'trickle':
        this.#passOn(client, slowly());
        return;
      case 'fair':
        this.#passOn(client);
        return;
      default:
        this.#weather satisfies never;
    }
  }

  /** @param answers what the broker's answers pass through */
  #passOn(
    client: Socket,
    answers: Transform = new Transform({ transform: (part, _, done) => done(null, part) }),
  ): void {
    const broker = connect(this.#target.port, this.#target.host);
    this.#keep(broker);
    const end = () => {
      client.destroy();
      broker.destroy();
    };
    pipeline(client, broker, end);
    pipeline(broker, answers, client, end);
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
  }
}

/** Lets the handshake through (a few hundred bytes), then acts in place of passing on. */
function afterHandshake(act: () => void): Transform {
  let passed = 0;
  return new Transform({
    transform(part: Buffer, _, done) {
      passed += part.length;
      if (passed < handshakeBytes) return done(null, part);
      act();
      return done();
    },
  });
}

/** The broker's greeting, tuning and opening are shorter; the first declarations are answered beyond it. */
const handshakeBytes = 700;

function slowly(): Transform {
  return new Transform({
    async transform(part: Buffer, _, done) {
      for (let at = 0; at < part.length; at += 16) {
        await delay(5);
        this.push(part.subarray(at, at + 16));
      }
      done();
    },
  });
}
