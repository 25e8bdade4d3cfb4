import type { AsyncMessage, Channel } from 'rabbitmq-client';

/** A message with its body as received bytes. */
export interface RawMessage extends AsyncMessage {
  /** Only the beginning of a body larger than `mostBodyBytes`. */
  readonly body: Buffer;
  /** How large the body was. */
  readonly bodySize: number;
}

/** The largest body that is held. Nova's largest notifications have a request spec with a catalogue: some 100 kB. */
export const mostBodyBytes = 1024 * 1024;
/** The part of a larger body that is kept with the dead-lettered message, for diagnosis. */
const mostOfALargeBody = 64 * 1024;
/** The most that any RabbitMQ takes (`max_message_size`). */
const mostAnnounced = 512 * 1024 * 1024;

interface HeaderFrame {
  bodySize: number;
  readonly fields: Record<string, unknown>;
}
interface BodyFrame {
  payload: Buffer;
}
/** The private methods with which rabbitmq-client 5.0.8 assembles messages: it has no options for this. */
interface Assembly {
  _onHeader(frame: HeaderFrame): void;
  _onBody(frame?: BodyFrame): void;
}

/**
 * Has the channel deliver bodies as bytes, and hold at most `mostBodyBytes` of each. By itself the client
 * parses every body that is declared as JSON or text, of any size: 129 MB of `[{},{},…]` take a minute and 6
 * GB.
 */
export function keepRaw(channel: Channel): Channel {
  const assembly = channel as unknown as Assembly;
  const onHeader = assembly._onHeader.bind(assembly);
  const onBody = assembly._onBody.bind(assembly);
  let left = 0;
  assembly._onHeader = (frame) => {
    const { bodySize, fields } = frame;
    if (bodySize > mostAnnounced) throw new Error(`a message of ${bodySize} bytes was announced`);
    left = bodySize > mostBodyBytes ? mostOfALargeBody : bodySize;
    fields['contentType'] = undefined;
    fields['bodySize'] = bodySize;
    onHeader(frame);
  };
  assembly._onBody = (frame) => {
    if (frame) {
      // A copy of the last part: a view would keep the whole frame.
      if (frame.payload.length > left) frame.payload = Buffer.from(frame.payload.subarray(0, left));
      left -= frame.payload.length;
    }
    onBody(frame);
  };
  return channel;
}

/**
 * How often the message was redelivered, after a process ended or lost its connection. Only quorum queues
 * count this; for other queues it is 0.
 */
export function returnsOf({ headers }: AsyncMessage): number {
  const count: unknown = headers?.['x-delivery-count'];
  return typeof count === 'number' ? count : 0;
}
