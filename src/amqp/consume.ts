import type { AsyncMessage } from 'rabbitmq-client';
import type { Clock } from '../runtime/clock.ts';
import { pause } from '../runtime/pause.ts';
import type { BrokerSession } from './broker.ts';
import { type RawMessage, returnsOf } from './raw-messages.ts';

export interface Consumption {
  readonly queue: string;
  /** Messages that may be in flight to us, not acknowledged. */
  readonly prefetch: number;
  /** The message is acknowledged when this resolves; when it rejects, the session ends and the message stays. */
  readonly onMessage: (message: RawMessage) => Promise<void>;
  /** Dead-letters a message, unparsed, that was redelivered too often: it may be what crashes the process. */
  readonly onReturned: (message: RawMessage, reason: string) => Promise<void>;
  /** Without room nothing is consumed: messages wait in the queue. */
  readonly hasRoom: () => boolean;
  readonly clock: Clock;
}

/** Lost connections redeliver a message once or twice; more often, the message is suspect. */
const mostReturns = 3;
/** How often it checks whether there is still room, or room again. */
const roomCheckMs = 100;

/** Consumes a queue until the session is lost. @throws what `onMessage` threw */
export async function consume(session: BrokerSession, options: Consumption): Promise<void> {
  const { queue, prefetch, onMessage, onReturned, hasRoom, clock } = options;
  const channel = await session.channel();
  await channel.basicQos({ prefetchCount: prefetch });
  const failed = new AbortController();
  const take = async (message: AsyncMessage) => {
    try {
      const raw = message as RawMessage;
      const returns = returnsOf(message);
      if (returns > mostReturns) await onReturned(raw, `redelivered ${returns} times`);
      else await onMessage(raw);
      if (channel.active) channel.basicAck({ deliveryTag: message.deliveryTag });
    } catch (error) {
      failed.abort(error);
    }
  };
  const over = AbortSignal.any([session.lost, failed.signal]);
  while (!over.aborted) {
    const { consumerTag } = await channel.basicConsume({ queue }, (message) => void take(message));
    while (!over.aborted && hasRoom()) await pause(clock, roomCheckMs, over);
    if (over.aborted) break;
    await channel.basicCancel({ consumerTag });
    while (!over.aborted && !hasRoom()) await pause(clock, roomCheckMs, over);
  }
  failed.signal.throwIfAborted();
}
