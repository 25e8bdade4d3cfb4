import type { Channel } from 'rabbitmq-client';
import type { Logger } from '../observability/logger.ts';
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

/** What RabbitMQ lets a queue be asked for besides its name and durability. */
export type QueueArguments = Readonly<Record<string, string | number | boolean>>;

/** Declares our exchange: direct, durable. */
export async function declareExchange(session: BrokerSession, exchange: string): Promise<void> {
  await session.attempt((channel) => channel.exchangeDeclare({ exchange, type: 'direct', durable: true }));
}

/**
 * Declares a durable queue and binds it to our exchange by its own name. It is a quorum queue where the broker has such;
 * else a classic one. A queue of that name that is there already, of another kind, is taken as it is.
 *
 * @throws {BrokerError} of kind `permission` when the account may not
 */
export async function declareQueue(
  session: BrokerSession,
  { exchange, queue, args }: { exchange: string; queue: string; args: QueueArguments },
  log: Logger,
): Promise<void> {
  const attempts: readonly QueueDeclaration[] = [
    { queue, durable: true, arguments: { ...args, 'x-queue-type': 'quorum' } },
    { queue, durable: true, arguments: args },
    { queue, passive: true },
  ];
  for (const [at, declaration] of attempts.entries()) {
    try {
      await session.attempt((channel) => channel.queueDeclare(declaration));
      if (declaration.passive) log.warn({ queue }, 'queue has other arguments than expected, used as found');
      break;
    } catch (error) {
      const isLast = at === attempts.length - 1;
      if (isLast || !(error instanceof BrokerError) || error.kind !== 'refused') throw error;
    }
  }
  await session.attempt((channel) => channel.queueBind({ queue, exchange, routingKey: queue }));
}

type QueueDeclaration = Exclude<Parameters<Channel['queueDeclare']>[0], string | undefined>;
