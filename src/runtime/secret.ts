import { inspect } from 'node:util';

/** A password, token or key. It prints as `[hidden]` wherever it ends up; only `reveal()` gives the text. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The text itself: only where it is sent. */
  reveal(): string {
    return this.#text;
  }

  /** `[hidden]` */
  toString(): string {
    return '[hidden]';
  }

  /** `[hidden]` */
  toJSON(): string {
    return '[hidden]';
  }

  /** `[hidden]` */
  [inspect.custom](): string {
    return '[hidden]';
  }
}
