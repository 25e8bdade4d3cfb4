import type { EmittedMessage } from '../../src/sandbox/notifications.ts';
import type { Fate } from './unreliable-notifications.ts';

/** What becomes of the cloud's messages on their way to a real broker: what was held back arrives with the next that is not, the last first. */
export class MessagesOnTheWay {
  fate: Fate = 'delivered';
  readonly #heldBack: EmittedMessage[] = [];

  pass(message: EmittedMessage): readonly EmittedMessage[] {
    switch (this.fate) {
      case 'delivered':
        return [message, ...this.#heldBack.splice(0).toReversed()];
      case 'lost':
        return [];
      case 'doubled':
        return [message, message];
      case 'held back':
        this.#heldBack.push(message);
        return [];
      case 'spoilt':
        return [{ ...message, body: message.body.slice(0, message.body.length / 2) }];
      default:
        return this.fate satisfies never;
    }
  }
}
