import type { Broker, BrokerSession } from '../amqp/broker.ts';
import { consume } from '../amqp/consume.ts';
import { BrokerError } from '../amqp/errors.ts';
import { declareExchange, declareQueue, type QueueNames, unusedMs } from '../amqp/queues.ts';
import type { RawMessage } from '../amqp/raw-messages.ts';
import type { Logger } from '../observability/logger.ts';
import type { Clock } from '../runtime/clock.ts';
import { pause } from '../runtime/pause.ts';
import { ExchangeBindings } from './exchange-bindings.ts';
import type { NotificationReceiver, NotificationSource } from './source.ts';

export interface AmqpSourceOptions {
  readonly broker: Broker;
  readonly names: QueueNames;
  /** The services' topic exchanges. */
  readonly exchanges: readonly string[];
  /** An existing queue to consume instead of our own. */
  readonly queue: string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Messages in flight to us. They are small, and answering is quick: more would only be more to repeat. */
const prefetch = 200;
/** A cloud of ten thousand servers says some hundred things a second when it is upset; this is a quarter of an hour. */
const mostMessages = 100_000;
/** On a broker that the cloud needs for itself. */
const mostMessageBytes = 256 * 1024 * 1024;
const mostDeadLetters = 1_000;
const mostDeadLetterBytes = 64 * 1024 * 1024;
/** Of one that is larger the beginning is kept. */
const mostOfADeadLetter = 64 * 1024;
/** A queue that is full loses hundreds of messages a second; one full reconcile is for all of them. */
const lossPauseMs = 5_000;
/** Exchanges that were missing appear; those of a reinstalled service have lost our bindings. */
const bindAgainMs = 15_000;

/**
 * Notifications over AMQP, out of a durable queue of our own that is bound to the services' exchanges beside the queues
 * of others:
 *
 * ```
 *  nova, heat, … ──► concertim.<deployment>.notifications ──► receiver ──► acknowledged
 *                       │ no room: the oldest go            └► not understood
 *                       ▼                                        ▼
 *                    ….notifications.lost (1)             ….notifications.dead, with the reason
 * ```
 *
 * Everything is declared again after each connection: exchanges that are not durable, and bindings to them, do not outlive
 * a restart of the broker.
 */
export class AmqpSource implements NotificationSource {
  readonly #options: AmqpSourceOptions;

  constructor(options: AmqpSourceOptions) {
    this.#options = options;
  }

  async run(receiver: NotificationReceiver, signal: AbortSignal): Promise<void> {
    const { broker, log, queue } = this.#options;
    if (queue !== undefined) {
      log.warn({ queue }, 'rmq.queue is set: other readers of this queue miss the messages read here');
    }
    await broker.run('concertim notifications', (session) => this.#listen(session, receiver), {
      log,
      signal,
    });
  }

  async #listen(session: BrokerSession, receiver: NotificationReceiver): Promise<void> {
    const { names, queue, clock, log } = this.#options;
    const deadLetters = await this.#openDeadLetters(session);
    const work: Promise<void>[] = [];
    try {
      if (queue === undefined) {
        await this.#declareQueues(session);
        const { exchanges } = this.#options;
        const bindings = new ExchangeBindings({ session, queue: names.notifications, exchanges, clock, log });
        await bindings.bind();
        work.push(bindings.keep(bindAgainMs, () => receiver.lost()));
        await this.#watchForLosses(session, receiver);
      }
      const onMessage = async (message: RawMessage) => {
        const receipt = await receiver.receive(message);
        if (receipt.kind === 'unreadable') await deadLetters?.(message, receipt.reason);
      };
      const onReturned = async (message: RawMessage, reason: string) => {
        const { exchange, routingKey } = message;
        log.warn(
          { exchange, routingKey, reason },
          'notification dead-lettered: it was redelivered too often',
        );
        await deadLetters?.(message, reason);
        receiver.lost();
      };
      const hasRoom = () => receiver.hasRoom();
      const consumed = queue ?? names.notifications;
      work.push(consume(session, { queue: consumed, prefetch, onMessage, onReturned, hasRoom, clock }));
      log.info({ queue: consumed }, 'listening to notifications');
      receiver.listening();
      await Promise.all(work);
    } finally {
      receiver.deaf();
    }
  }

  async #declareQueues(session: BrokerSession): Promise<void> {
    const { names, log } = this.#options;
    const { exchange } = names;
    // What waited in a queue that is replaced is not missed: a full reconcile follows each connection.
    const lost = { 'x-max-length': 1, 'x-expires': unusedMs };
    await declareQueue(session, { exchange, queue: names.lost, args: lost, isExpendable: true }, log);
    const args = {
      'x-single-active-consumer': true,
      'x-max-length': mostMessages,
      'x-max-length-bytes': mostMessageBytes,
      'x-expires': unusedMs,
      'x-dead-letter-exchange': exchange,
      'x-dead-letter-routing-key': names.lost,
    };
    await declareQueue(session, { exchange, queue: names.notifications, args, isExpendable: true }, log);
  }

  /** What the queue had no room for is gone; that there was such a message is enough to know. */
  async #watchForLosses(session: BrokerSession, receiver: NotificationReceiver): Promise<void> {
    const { names, clock } = this.#options;
    const channel = await session.channel();
    await channel.basicQos({ prefetchCount: 1 });
    const onLoss = async (deliveryTag: number) => {
      receiver.lost();
      await pause(clock, lossPauseMs, session.lost);
      if (channel.active) channel.basicAck({ deliveryTag });
    };
    await channel.basicConsume({ queue: names.lost }, ({ deliveryTag }) => void onLoss(deliveryTag));
  }

  /** An account that consumes an existing queue may have no right to declare one: unreadable messages are then only logged. */
  async #openDeadLetters(session: BrokerSession): Promise<DeadLetters | undefined> {
    const { names, queue: foreign, log } = this.#options;
    const { exchange, deadLetters: queue } = names;
    const args = { 'x-max-length': mostDeadLetters, 'x-max-length-bytes': mostDeadLetterBytes };
    try {
      await declareExchange(session, exchange);
      await declareQueue(session, { exchange, queue, args }, log);
    } catch (error) {
      const isOptional = foreign !== undefined && error instanceof BrokerError && error.kind === 'permission';
      if (!isOptional) throw error;
      log.warn({ err: error }, 'no dead-letter queue: notifications that cannot be parsed are dropped');
      return undefined;
    }
    const channel = await session.channel();
    await channel.confirmSelect();
    return async ({ exchange: from, routingKey, body }, reason) => {
      const headers = {
        'x-concertim-reason': reason,
        'x-concertim-exchange': from,
        'x-concertim-routing-key': routingKey,
      };
      const kept = body.subarray(0, mostOfADeadLetter);
      // A copy: a part of a buffer would keep all of it.
      await session.publish(channel, { exchange, queue, headers, body: Buffer.from(kept) });
    };
  }
}

/** Puts a message aside. */
type DeadLetters = (message: RawMessage, reason: string) => Promise<void>;
