import type { Dispatcher } from 'undici';
import type { BodySink } from './body-sink.ts';
import type { Agent } from './undici.ts';

/** An answer that has come as a whole. */
export interface Answer {
  readonly status: number;
  /** By lower-case name; of a repeated header the first. */
  readonly headers: Readonly<Record<string, string>>;
  /** What has its body. */
  readonly sink: BodySink;
}

/** After so many bytes other answers have their turn: a page of a long list takes 50 ms to read, in which they would wait. */
const bytesATurn = 256 * 1024;

/**
 * One request and its answer, as undici's dispatcher tells of them. undici's own `request` makes a stream of each body, which costs as much as
 * parsing a short answer, and there are thousands a second.
 */
export class PendingExchange implements Dispatcher.DispatchHandler {
  readonly #sinkFor: (status: number) => BodySink;
  readonly #onChunk: () => void;
  readonly #answer = Promise.withResolvers<Answer>();
  #controller: Dispatcher.DispatchController | undefined;
  #head: Answer | undefined;
  #inThisTurn = 0;
  /** Why it is to end before its time. */
  #abortedBy: Error | undefined;

  /**
   * @param sinkFor takes the body of an answer of this status
   * @param onChunk called with each sign of life of the other side
   */
  constructor(sinkFor: (status: number) => BodySink, onChunk: () => void) {
    this.#sinkFor = sinkFor;
    this.#onChunk = onChunk;
  }

  /** Sends the request; resolves when the answer was read, or as much of it as its sink takes. */
  send(agent: Agent, options: Dispatcher.DispatchOptions): Promise<Answer> {
    agent.dispatch(options, this);
    return this.#answer.promise;
  }

  /** Ends it, also while it waits for its connection: then nothing is sent. */
  abort(cause: Error): void {
    this.#abortedBy = cause;
    this.#controller?.abort(cause);
    this.#answer.reject(cause);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#abortedBy) controller.abort(this.#abortedBy);
    this.#controller = controller;
  }

  onResponseStart(
    _controller: unknown,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    // More is to come, such as after 103 Early Hints.
    if (status < 200) return;
    const sink = this.#sinkFor(status);
    sink.begin();
    this.#head = { status, headers: firstOfEach(headers), sink };
    this.#onChunk();
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#head) return;
    this.#onChunk();
    if (!this.#head.sink.write(chunk)) {
      this.#answer.resolve(this.#head);
      controller.abort(new Error('The rest of the answer is not wanted.'));
      return;
    }
    this.#inThisTurn += chunk.length;
    if (this.#inThisTurn < bytesATurn) return;
    this.#inThisTurn = 0;
    controller.pause();
    setImmediate(() => controller.resume());
  }

  onResponseEnd(): void {
    if (this.#head) this.#answer.resolve(this.#head);
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.#answer.reject(error);
  }
}

function firstOfEach(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const first: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const text = Array.isArray(value) ? value[0] : value;
    if (text !== undefined) first[name] = text;
  }
  return first;
}
