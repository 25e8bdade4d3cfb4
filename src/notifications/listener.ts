import type { Logger } from '../observability/logger.ts';
import { Tracing } from '../observability/tracing.ts';
import type { Announcer, Reference } from '../openstack/model.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { openEnvelope, UnreadableMessageError } from './envelope.ts';
import { meaningOf } from './meaning.ts';
import type { DeliveredMessage, NotificationReceiver, Receipt } from './source.ts';

/** Takes requests to read again what notifications name. */
export interface UpdateRequests {
  /**
   * Resolves once the request is safe: handed to the writer in this process, or in a queue for the one in another.
   *
   * @param announcer the service whose notification it is
   */
  request(references: readonly Reference[], announcer: Announcer): Promise<void>;
  requestFull(): Promise<void>;
  hasRoom(): boolean;
  /** Whether, from now on, every change of the cloud is announced. */
  setListening(isListening: boolean): void;
}

/** Called for each message: what became of it, and how long it was on its way, where it has a time of sending. */
export type OnNotification = (
  outcome: 'references' | 'ignored' | 'unreadable',
  lagMs: number | undefined,
) => void;

/** Turns messages into references to look at again, and every gap into a full run. */
export class NotificationListener implements NotificationReceiver {
  readonly #updates: UpdateRequests;
  readonly #log: Logger;
  readonly #onNotification: OnNotification | undefined;
  readonly #clock: Clock;
  readonly #tracing: Tracing;

  constructor(
    updates: UpdateRequests,
    log: Logger,
    options: {
      readonly clock?: Clock;
      readonly onNotification?: OnNotification;
      /** Default: nothing is traced. */
      readonly tracing?: Tracing;
    } = {},
  ) {
    this.#updates = updates;
    this.#log = log;
    this.#clock = options.clock ?? systemClock;
    this.#onNotification = options.onNotification;
    this.#tracing = options.tracing ?? new Tracing();
  }

  async receive(message: DeliveredMessage): Promise<Receipt> {
    const { exchange, routingKey } = message;
    try {
      const notification = openEnvelope(message.body, message.bodySize);
      const meaning = meaningOf(notification);
      this.#log.trace({ exchange, routingKey, event: notification.eventType, ...meaning }, 'notification');
      const { sentAt, eventType } = notification;
      const lagMs = sentAt === undefined ? undefined : this.#clock.now() - sentAt;
      if (meaning.kind === 'references') {
        const { references, service } = meaning;
        const fields = {
          exchange,
          routingKey,
          lagMs,
          objects: references.map(({ kind, id }) => `${kind} ${id}`),
        };
        await this.#tracing.work(eventType, { kind: 'consumer', fields }, () =>
          this.#updates.request(references, service),
        );
      }
      this.#onNotification?.(meaning.kind === 'references' ? 'references' : 'ignored', lagMs);
      return { kind: 'taken' };
    } catch (error) {
      if (!(error instanceof UnreadableMessageError)) throw error;
      this.#onNotification?.('unreadable', undefined);
      this.#log.warn(
        { exchange, routingKey, reason: error.message },
        'notification dead-lettered: cannot be parsed',
      );
      return { kind: 'unreadable', reason: error.message };
    }
  }

  hasRoom(): boolean {
    return this.#updates.hasRoom();
  }

  listening(): void {
    this.#updates.setListening(true);
    this.#requestFull();
  }

  deaf(): void {
    this.#updates.setListening(false);
  }

  lost(): void {
    this.#log.warn('notifications lost by queue overflow or expiry, full reconcile requested');
    this.deaf();
    this.listening();
  }

  /** When the request fails, the writer's own timer or the next connection brings the full run. */
  #requestFull(): void {
    this.#updates.requestFull().catch((err: unknown) => {
      this.#log.warn({ err }, 'failed to request a full reconcile, will retry');
    });
  }
}
