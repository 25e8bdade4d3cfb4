import type { NotificationReceiver, NotificationSource } from '../../src/notifications/source.ts';
import { announce, type EmittedMessage } from '../../src/sandbox/notifications.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';

/** What becomes of messages on their way. */
export const fates = ['delivered', 'lost', 'doubled', 'held back', 'spoilt'] as const;
export type Fate = (typeof fates)[number];

/** In place of a broker: what is said about it may be lost, doubled, or come late and in another order. */
export class UnreliableNotifications implements NotificationSource {
  fate: Fate = 'delivered';
  readonly #cloud: Sandbox['cloud'];
  readonly #heldBack: EmittedMessage[] = [];
  #deliver: ((message: EmittedMessage) => void) | undefined;

  constructor({ cloud }: Sandbox) {
    this.#cloud = cloud;
  }

  async run(receiver: NotificationReceiver, signal: AbortSignal): Promise<void> {
    this.#deliver = ({ exchange, routingKey, body }) => {
      const bytes = Buffer.from(body);
      // Nobody hears of a failure but the sender, who would keep the message.
      receiver.receive({ exchange, routingKey, body: bytes, bodySize: bytes.length }).catch(() => {});
    };
    const stop = announce(this.#cloud, (message) => this.#send(message));
    receiver.listening();
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    stop();
    this.#deliver = undefined;
    receiver.deaf();
  }

  /** All that was held back arrives, the last first. */
  release(): void {
    for (const message of this.#heldBack.splice(0).toReversed()) this.#deliver?.(message);
  }

  #send(message: EmittedMessage): void {
    switch (this.fate) {
      case 'delivered':
        this.#deliver?.(message);
        return;
      case 'lost':
        return;
      case 'doubled':
        this.#deliver?.(message);
        this.#deliver?.(message);
        return;
      case 'held back':
        this.#heldBack.push(message);
        return;
      case 'spoilt':
        this.#deliver?.({ ...message, body: message.body.slice(0, message.body.length / 2) });
        return;
      default:
        this.fate satisfies never;
    }
  }
}
