import type { BodySink } from './body-sink.ts';

/** Larger than its reader is willing to hold. */
class TooLargeError extends Error {
  readonly code = 'UND_ERR_RES_EXCEEDED_MAX_SIZE';
}

/** A body as one text. */
export class WholeBody implements BodySink {
  readonly #maxBytes: number;
  #chunks: Buffer[] = [];
  #size = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  begin(): void {
    this.#chunks = [];
    this.#size = 0;
  }

  write(chunk: Buffer): boolean {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    return this.#size <= this.#maxBytes;
  }

  /** @throws {TooLargeError} */
  end(): string {
    if (this.#size > this.#maxBytes) throw new TooLargeError(`more than ${this.#maxBytes} bytes`);
    return Buffer.concat(this.#chunks).toString();
  }
}
