import type { Channel } from 'rabbitmq-client';
import type { Logger } from '../observability/logger.ts';
import { explain } from '../runtime/severity.ts';
import type { BrokerSession } from './broker.ts';
import { BrokerError } from './errors.ts';

/** Names of what is ours on the broker. All begin with `concertim.`, so that one pattern grants what we need. */
export interface QueueNames {
  /** A direct exchange; a queue is bound to it by its own name. RabbitMQ's nameless one would need a permission of its own. */
  readonly exchange: string;
  /** The cloud's notifications, for us alone. */
  readonly notifications: string;
  /** Messages that could not be understood, each with the reason. */
  readonly deadLetters: string;
  /** At most one message: the last that the queue of notifications had no room for. */
  readonly lost: string;
  /** Requests to the writer from processes that are not. */
  readonly requests: string;
  /** The token that makes its holder the writer. */
  readonly writer: string;
}

export function queueNames(deployment: string): QueueNames {
  const ours = `concertim.${deployment}`;
  return {
    exchange: ours,
    notifications: `${ours}.notifications`,
    deadLetters: `${ours}.notifications.dead`,
    lost: `${ours}.notifications.lost`,
    requests: `${ours}.requests`,
    writer: `${ours}.writer`,
  };
}

/** Arguments of a queue declaration besides name and durability. */
export type QueueArguments = Readonly<Record<string, string | number | boolean>>;

/** Declares our exchange: direct, durable. */
export async function declareExchange(session: BrokerSession, exchange: string): Promise<void> {
  await session.attempt((channel) => channel.exchangeDeclare({ exchange, type: 'direct', durable: true }));
}

/**
 * The broker deletes a queue that has had no consumer for this time, so that a removed service leaves nothing
 * behind.
 */
export const unusedMs = 24 * 60 * 60 * 1000;
/**
 * After so many deliveries the broker itself drops a message: the client may crash on it before our code sees
 * it.
 */
const deliveryLimit = 10;

export interface QueueWish {
  readonly exchange: string;
  readonly queue: string;
  readonly args: QueueArguments;
  /**
   * Whether its messages may be lost, because a full run makes up for them. Such a queue is replaced when an
   * earlier version declared it with other arguments and nobody consumes it; any other is used as it is.
   */
  readonly isExpendable?: boolean;
}

/**
 * Declares a durable queue and binds it to our exchange by its own name. It is a quorum queue where the broker has such;
 * else a classic one.
 *
 * @throws {BrokerError} of kind `permission` when the account may not
 */
export async function declareQueue(session: BrokerSession, wish: QueueWish, log: Logger): Promise<void> {
  const { exchange, queue, args, isExpendable = false } = wish;
  const limit = isExpendable ? { 'x-delivery-limit': deliveryLimit } : {};
  const wanted: readonly QueueDeclaration[] = [
    { queue, durable: true, arguments: { ...args, ...limit, 'x-queue-type': 'quorum' as const } },
    { queue, durable: true, arguments: args },
  ];
  const refusal = await declareFirst(session, wanted);
  if (refusal) {
    const why = explain(refusal);
    const { consumerCount } = await session.attempt((channel) =>
      channel.queueDeclare({ queue, passive: true }),
    );
    // Quorum queues do not support deletion on condition that they are unused.
    if (isExpendable && consumerCount === 0) {
      await session.attempt((channel) => channel.queueDelete({ queue }));
      await declareFirst(session, wanted);
      log.info({ queue, why }, 'queue replaced: it had other arguments');
    } else log.warn({ queue, why }, 'queue has unexpected arguments, used as it is');
  }
  await session.attempt((channel) => channel.queueBind({ queue, exchange, routingKey: queue }));
}

/** @returns why the broker refused the first one; undefined: it took one of them */
async function declareFirst(
  session: BrokerSession,
  declarations: readonly QueueDeclaration[],
): Promise<BrokerError | undefined> {
  let first: BrokerError | undefined;
  for (const declaration of declarations) {
    const refusal = await refusalOf(session, (channel) => channel.queueDeclare(declaration));
    if (!refusal) return undefined;
    first ??= refusal;
  }
  return first;
}

async function refusalOf(session: BrokerSession, request: (channel: Channel) => Promise<unknown>) {
  try {
    await session.attempt(request);
    return undefined;
  } catch (error) {
    if (error instanceof BrokerError && error.kind === 'refused') return error;
    throw error;
  }
}

type QueueDeclaration = Exclude<Parameters<Channel['queueDeclare']>[0], string | undefined>;
