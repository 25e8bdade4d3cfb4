import type { AsyncMessage, Channel } from 'rabbitmq-client';
import type { BrokerSession } from '../amqp/broker.ts';
import type { QueueNames } from '../amqp/queues.ts';
import type { Clock } from '../runtime/clock.ts';
import { pause } from '../runtime/pause.ts';

/** Bodies of the token: nobody holds it, unknown, or the state and the process that last put it. An earlier version writes `token`. */
const [free, unknown, held, awaiting] = ['free', 'token', 'held by', 'awaited by'];
/** Longest time to give up the token while the process stops. */
const releaseMs = 2_000;

/**
 * The token as one connection sees it. There may be several for a moment: the holder replaces each with its own, and the queue
 * keeps only the last one.
 */
export class TokenConsumer {
  /** Aborted when this consumer receives the token for the first time. */
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

  /** @param id of this process, so that it need not wait after a reconnect if no other has held the token meanwhile */
  static async open(session: BrokerSession, names: QueueNames, id: string): Promise<TokenConsumer> {
    const channel = await session.channel();
    await channel.confirmSelect();
    await channel.basicQos({ prefetchCount: 1 });
    const { writer: queue } = names;
    const found = await session.attempt((each) => each.queueDeclare({ queue, passive: true }));
    const consumer = new TokenConsumer(session, channel, names, id);
    // An empty queue without consumers is new. Otherwise some process holds the token.
    if (found.messageCount === 0 && found.consumerCount === 0) await consumer.#put(free);
    await consumer.#consume();
    return consumer;
  }

  /** Whether no other process can still believe that it holds the token. */
  get isFree(): boolean {
    const { body, redelivered = true } = this.#held ?? {};
    const text = String(body);
    // A redelivered token says what it said before another process received it.
    return (text === free && !redelivered) || text.startsWith(`${held} ${this.#id}`);
  }

  /** Puts a token into the queue, in case there is none. */
  async add(): Promise<void> {
    await this.#put(unknown);
  }

  /**
   * Exchanges the token for a new one. Resolves when the new one has arrived: no other process has received one since the call.
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

  /** Gives the token up, so that the next writer need not wait. This process must have stopped writing. */
  async release(clock: Clock): Promise<void> {
    const over = new AbortController();
    const releasing = this.#release().catch(() => {});
    await Promise.race([releasing.finally(() => over.abort()), pause(clock, releaseMs, over.signal)]);
  }

  async #release(): Promise<void> {
    // Only the process that still holds the token may give it up.
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
