/** The other side of AMQP 0-9-1, byte by byte: what a RabbitMQ would send, and what none would. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

/** A frame; `size` is what its head announces, whatever the payload is. */
export function frame(type: number, channel: number, payload: Buffer, size = payload.length): Buffer {
  const head = Buffer.alloc(7);
  head.writeUInt8(type, 0);
  head.writeUInt16BE(channel, 1);
  head.writeUInt32BE(size, 3);
  return Buffer.concat([head, payload, Buffer.from([0xce])]);
}

export function method(channel: number, classId: number, methodId: number, ...fields: Buffer[]): Buffer {
  return frame(1, channel, Buffer.concat([uint(classId, 2), uint(methodId, 2), ...fields]));
}

export function uint(value: bigint | number, bytes: number): Buffer {
  return Buffer.from(
    BigInt(value)
      .toString(16)
      .padStart(bytes * 2, '0'),
    'hex',
  );
}

export const short = (text: string): Buffer => Buffer.concat([uint(text.length, 1), Buffer.from(text)]);
export const long = (text: string): Buffer => Buffer.concat([uint(text.length, 4), Buffer.from(text)]);

/** A message that is delivered; `size` is what its header announces, whatever the body is. */
export function delivery(options: {
  readonly body: Buffer;
  readonly size?: bigint | number;
  readonly contentType?: string;
  readonly headers?: Buffer;
}): Buffer {
  const { body, size = body.length, contentType = 'application/json', headers } = options;
  const fields = [uint(60, 2), uint(0, 2), uint(size, 8), uint(headers ? 0xa000 : 0x8000, 2)];
  return Buffer.concat([
    method(1, 60, 60, short('tag'), uint(1, 8), uint(0, 1), short('nova'), short('x')),
    frame(2, 1, Buffer.concat([...fields, short(contentType), headers ?? Buffer.alloc(0)])),
    frame(3, 1, body),
  ]);
}

/** The steps in which a connection is opened and a queue consumed, by the request that each answers. */
export const steps = ['AMQP', '10.11', '10.40', '20.10', '60.10', '60.20'] as const;
export type Step = (typeof steps)[number];

/** What a RabbitMQ answers to these, and to a farewell; nothing to other requests. */
function proper(step: string, channel: number): Buffer | undefined {
  switch (step) {
    case 'AMQP':
      return method(0, 10, 10, Buffer.from([0, 9]), uint(0, 4), long('PLAIN'), long('en_US'));
    case '10.11':
      return method(0, 10, 30, uint(100, 2), uint(131_072, 4), uint(0, 2));
    case '10.40':
      return method(0, 10, 41, short(''));
    case '20.10':
      return method(channel, 20, 11, long(''));
    case '60.10':
      return method(channel, 60, 11);
    case '60.20':
      return method(channel, 60, 21, short('tag'));
    case '20.40':
      return method(channel, 20, 41);
    case '10.50':
      return method(0, 10, 51);
    default:
      return undefined;
  }
}

/** What is sent instead of a proper answer, or after it. */
export interface Misbehaviour {
  readonly at: Step;
  readonly bytes: Buffer;
  /** Whether the proper answer goes before. */
  readonly isAfter: boolean;
  /** The bytes arrive in pieces of this size; 0: as one. */
  readonly pieces: number;
  /** Whether the connection is closed then; else it stays. */
  readonly hangsUp: boolean;
}

/** A port that behaves as a RabbitMQ up to one step. */
export class AmqpPeer implements AsyncDisposable {
  misbehaviour: Misbehaviour | undefined;
  readonly #server = createServer((socket) => this.#serve(socket));
  readonly #sockets = new Set<Socket>();

  static async start(): Promise<AmqpPeer> {
    const peer = new AmqpPeer();
    peer.#server.listen(0, '127.0.0.1');
    await once(peer.#server, 'listening');
    return peer;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    let rest = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      rest = Buffer.concat([rest, bytes]);
      for (;;) {
        const isHello = rest.subarray(0, 4).toString() === 'AMQP';
        const size = isHello ? 8 : rest.length < 7 ? Number.POSITIVE_INFINITY : rest.readUInt32BE(3) + 8;
        if (rest.length < size) return;
        const request = rest.subarray(0, size);
        rest = rest.subarray(size);
        if (isHello) this.#answer(socket, 'AMQP', 0);
        else if (request.readUInt8(0) === 1)
          this.#answer(
            socket,
            `${request.readUInt16BE(7)}.${request.readUInt16BE(9)}`,
            request.readUInt16BE(1),
          );
      }
    });
  }

  #answer(socket: Socket, step: string, channel: number): void {
    const { misbehaviour } = this;
    const answer = proper(step, channel);
    if (step !== misbehaviour?.at) {
      if (answer) socket.write(answer);
      return;
    }
    const { bytes, isAfter, pieces, hangsUp } = misbehaviour;
    if (isAfter && answer) socket.write(answer);
    for (let at = 0; at < bytes.length; at += pieces || bytes.length)
      socket.write(bytes.subarray(at, at + (pieces || bytes.length)));
    if (hangsUp) socket.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
