import type { BrokerSession } from '../amqp/broker.ts';
import { BrokerError } from '../amqp/errors.ts';
import type { Logger } from '../observability/logger.ts';
import type { Clock } from '../runtime/clock.ts';
import { pause } from '../runtime/pause.ts';
import { explain } from '../runtime/severity.ts';

/** Topics of the unversioned and of Nova's versioned notifications, with the priorities that they are sent at. */
const routingKeys = [
  'notifications.info',
  'notifications.warn',
  'notifications.error',
  'versioned_notifications.info',
  'versioned_notifications.error',
];

/** Binds a queue to an exchange for all that is listened to. @returns false: there is no such exchange */
export async function bindToExchange(
  session: BrokerSession,
  queue: string,
  exchange: string,
): Promise<boolean> {
  try {
    await session.attempt((channel) => channel.exchangeDeclare({ exchange, type: 'topic', passive: true }));
  } catch (error) {
    if (error instanceof BrokerError && error.kind === 'refused') return false;
    throw error;
  }
  await session.attempt(async (channel) => {
    for (const routingKey of routingKeys) await channel.queueBind({ queue, exchange, routingKey });
  });
  return true;
}

/**
 * Binds our queue to the exchanges of the cloud's services. They are theirs: one that is not there is waited for, never
 * made, because with other properties than its owner's it would keep that service from publishing.
 */
export class ExchangeBindings {
  readonly #session: BrokerSession;
  readonly #queue: string;
  readonly #exchanges: readonly string[];
  readonly #clock: Clock;
  readonly #log: Logger;
  #missing: ReadonlySet<string> = new Set();
  /** What the account may not read. */
  #refused: ReadonlySet<string> = new Set();
  #isFirst = true;

  constructor(options: {
    readonly session: BrokerSession;
    readonly queue: string;
    readonly exchanges: readonly string[];
    readonly clock: Clock;
    readonly log: Logger;
  }) {
    this.#session = options.session;
    this.#queue = options.queue;
    this.#exchanges = options.exchanges;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /**
   * Binds to those that are there and that the account may read. @returns whether one is there now that was missing before
   *
   * @throws {BrokerError} it may read none of those that are there
   */
  async bind(): Promise<boolean> {
    const missing = new Set<string>();
    const refused = new Set<string>();
    let refusal: BrokerError | undefined;
    for (const exchange of this.#exchanges) {
      try {
        if (!(await bindToExchange(this.#session, this.#queue, exchange))) missing.add(exchange);
      } catch (error) {
        if (!(error instanceof BrokerError && error.kind === 'permission')) throw error;
        refused.add(exchange);
        refusal = error;
      }
    }
    if (refusal && missing.size + refused.size === this.#exchanges.length) throw refusal;
    if (refusal && [...refused].some((exchange) => !this.#refused.has(exchange))) {
      this.#log.warn(
        { exchanges: [...refused], why: explain(refusal) },
        'no permission to read notification exchanges, their changes show with the next full run',
      );
    }
    this.#refused = refused;
    const appeared = [...this.#missing].filter((exchange) => !missing.has(exchange));
    const vanished = [...missing].filter((exchange) => !this.#missing.has(exchange));
    if (appeared.length > 0) this.#log.info({ exchanges: appeared }, 'notification exchanges bound');
    if (missing.size === this.#exchanges.length && (this.#isFirst || vanished.length > 0)) {
      this.#log.warn(
        { exchanges: [...missing] },
        'no notification exchange found, will bind when one appears',
      );
    } else if (vanished.length > 0) {
      this.#log.info({ exchanges: vanished }, 'notification exchanges missing, will bind when they appear');
    }
    this.#missing = missing;
    this.#isFirst = false;
    return appeared.length > 0;
  }

  /** Does so again and again until the session is over. */
  async keep(everyMs: number, onAppeared: () => void): Promise<void> {
    const { lost } = this.#session;
    while (!lost.aborted) {
      await pause(this.#clock, everyMs, lost);
      if (!lost.aborted && (await this.bind())) onAppeared();
    }
  }
}
