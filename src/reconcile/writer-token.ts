import type { Broker, BrokerSession } from '../amqp/broker.ts';
import { declareQueue, type QueueNames } from '../amqp/queues.ts';
import type { Logger } from '../observability/logger.ts';
import { ageOf, type Clock } from '../runtime/clock.ts';
import { pause } from '../runtime/pause.ts';
import { declareRequests } from './writer-requests.ts';

export interface WriterTokenOptions {
  readonly broker: Broker;
  readonly names: QueueNames;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * RabbitMQ takes back a message that has not been acknowledged for half an hour (`consumer_timeout`), and may give one up
 * that has come back twenty times: the holder changes the token for a fresh one in good time.
 */
const renewMs = 60_000;
/**
 * How often the connection is tried, and how long an answer may take. Together less than RabbitMQ needs to notice that we
 * are gone (ten seconds at the least): a process that is cut off stops writing before the next one begins.
 */
const probeMs = 3_000;
const probeTimeoutMs = 4_000;

/**
 * Elects the writer by a queue: only one of its consumers is active (`x-single-active-consumer`), and it holds the one
 * message, the token, without ever acknowledging it. When its connection ends the broker makes the next consumer the
 * active one and gives it the token. A second token does no harm, for the active consumer takes one at a time.
 */
export class WriterToken {
  readonly #options: WriterTokenOptions;

  constructor(options: WriterTokenOptions) {
    this.#options = options;
  }

  /**
   * Stands for election, again and again, until the signal is aborted.
   *
   * @param candidate gets one connection, in which it may be elected
   */
  async run(candidate: Candidate, signal: AbortSignal): Promise<void> {
    const { broker, log } = this.#options;
    await broker.run('concertim writer', (session) => this.#stand(session, candidate), { log, signal });
  }

  async #stand(session: BrokerSession, candidate: Candidate): Promise<void> {
    const { names, log } = this.#options;
    const { exchange, writer } = names;
    await declareRequests(session, names, log);
    const args = { 'x-single-active-consumer': true, 'x-max-length': 1 };
    await declareQueue(session, { exchange, queue: writer, args }, log);

    const channel = await session.channel();
    await channel.confirmSelect();
    await channel.basicQos({ prefetchCount: 1 });
    const mint = () => session.publish(channel, { exchange, queue: writer, body: 'token' });
    await mint();
    let held: number | undefined;
    const elected = Promise.withResolvers<void>();
    await channel.basicConsume({ queue: writer }, ({ deliveryTag }) => {
      held = deliveryTag;
      elected.resolve();
    });

    const working = candidate.connected(session, elected.promise);
    const renewing = this.#prove(session, async () => {
      if (held === undefined) return;
      const old = held;
      await mint();
      channel.basicAck({ deliveryTag: old });
    });
    await Promise.all([working, renewing]);
  }

  /** Makes sure that the broker is there, and renews the token from time to time, until the session is over. */
  async #prove(session: BrokerSession, renew: () => Promise<void>): Promise<void> {
    const { clock } = this.#options;
    const { lost } = session;
    for (let renewedAt = clock.now(); !lost.aborted; ) {
      await this.#probe(session);
      if (ageOf(renewedAt, clock.now()) >= renewMs && !lost.aborted) {
        await renew();
        renewedAt = clock.now();
      }
      await pause(clock, probeMs, lost);
    }
  }

  /** @throws when the broker does not answer in time */
  async #probe(session: BrokerSession): Promise<void> {
    const { clock, names } = this.#options;
    const answered = new AbortController();
    const answer = session
      .attempt((channel) => channel.queueDeclare({ queue: names.writer, passive: true }))
      .finally(() => answered.abort());
    const late = pause(clock, probeTimeoutMs, AbortSignal.any([session.lost, answered.signal]));
    await Promise.race([answer, late]);
    if (!answered.signal.aborted && !session.lost.aborted) {
      throw new Error(`no answer within ${probeTimeoutMs / 1000} s`);
    }
  }
}

/** A process that stands for election. */
export interface Candidate {
  /**
   * Works with this connection until `session.lost` is aborted.
   *
   * @param elected resolves when this process is the writer, for as long as the session lasts
   */
  connected(session: BrokerSession, elected: Promise<void>): Promise<void>;
}
