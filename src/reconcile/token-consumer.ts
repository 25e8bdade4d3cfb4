import type { AsyncMessage, Channel } from 'rabbitmq-client';
import type { BrokerSession } from '../amqp/broker.ts';
import type { QueueNames } from '../amqp/queues.ts';
import type { Clock } from '../runtime/clock.ts';
import { pause } from '../runtime/pause.ts';

/** What a token says: who has held it, or that nobody has. An earlier version writes `token`. */
const [free, unknown, held, awaiting] = ['free', 'token', 'held by', 'awaited by'];
/** How long giving up the token may take on the way out. */
const releaseMs = 2_000;

/**
 * The token as one connection sees it. There may be several for a moment: the holder takes what comes and puts its own in its place,
 * and the queue keeps the last one alone.
 */
export class TokenConsumer {
  /** Aborted when this consumer has got the token for the first time. */
  readonly arrived: AbortSignal;
  readonly #arrived = new AbortController();
  readonly #session: BrokerSession;
  readonly #channel: Channel;
  readonly #names: QueueNames;
  readonly #id: string;
  #consumerTag = '';
  #held: AsyncMessage | undefined;
  #delivered = Promise.withResolvers<AsyncMessage>();
  #renewals = 0;

  private constructor(session: BrokerSession, channel: Channel, names: QueueNames, id: string) {
    this.#session = session;
    this.#channel = channel;
    this.#names = names;
    this.#id = id;
    this.arrived = this.#arrived.signal;
  }

  /** @param id of this process: one that has lost its connection may go on where nobody has held the token in between */
  static async open(session: BrokerSession, names: QueueNames, id: string): Promise<TokenConsumer> {
    const channel = await session.channel();
    await channel.confirmSelect();
    await channel.basicQos({ prefetchCount: 1 });
    const { writer: queue } = names;
    const found = await session.attempt((each) => each.queueDeclare({ queue, passive: true }));
    const consumer = new TokenConsumer(session, channel, names, id);
    // A queue that nobody uses and that holds nothing is new. Else somebody holds the token.
    if (found.messageCount === 0 && found.consumerCount === 0) await consumer.#put(free);
    await consumer.#consume();
    return consumer;
  }

  /** Whether no other process can believe that it holds the token, the one that held it last included. */
  get isFree(): boolean {
    const { body, redelivered = true } = this.#held ?? {};
    const text = String(body);
    // One that was held is given back with what it said before.
    return (text === free && !redelivered) || text.startsWith(`${held} ${this.#id}`);
  }

  /** Puts one into the queue, in case that there is none. */
  async add(): Promise<void> {
    await this.#put(unknown);
  }

  /**
   * Exchanges the token for a new one. Resolves when the new one has come: nobody else was given one since this began.
   *
   * @param isWriter whether this process may have written once it has this token
   */
  async renew(isWriter: boolean): Promise<void> {
    for (let isOwn = false; !isOwn; ) {
      const text = `${isWriter ? held : awaiting} ${this.#id} ${this.#renewals++}`;
      await this.#put(text);
      this.#acknowledge();
      this.#held = await this.#next();
      isOwn = String(this.#held.body) === text;
    }
  }

  /** Gives it up, so that the next one need not wait. What this process writes must have ended. */
  async release(clock: Clock): Promise<void> {
    const over = new AbortController();
    const releasing = this.#release().catch(() => {});
    await Promise.race([releasing.finally(() => over.abort()), pause(clock, releaseMs, over.signal)]);
  }

  async #release(): Promise<void> {
    // Only who still holds it may give it up.
    await this.renew(true);
    await this.#channel.basicCancel(this.#consumerTag);
    await this.#put(free);
    this.#acknowledge();
  }

  #acknowledge(): void {
    if (this.#held) this.#channel.basicAck({ deliveryTag: this.#held.deliveryTag });
    this.#held = undefined;
  }

  async #consume(): Promise<void> {
    const { consumerTag } = await this.#channel.basicConsume({ queue: this.#names.writer }, (message) => {
      if (!this.#arrived.signal.aborted) this.#held = message;
      else this.#delivered.resolve(message);
      this.#arrived.abort();
    });
    this.#consumerTag = consumerTag;
  }

  async #next(): Promise<AsyncMessage> {
    const message = await this.#delivered.promise;
    this.#delivered = Promise.withResolvers();
    return message;
  }

  async #put(body: string): Promise<void> {
    const { exchange, writer: queue } = this.#names;
    await this.#session.publish(this.#channel, { exchange, queue, body });
  }
}
