/** A message as it comes off an exchange. */
export interface DeliveredMessage {
  readonly exchange: string;
  readonly routingKey: string;
  /** Of a large one the beginning. */
  readonly body: Buffer;
  /** Bytes of the whole body. */
  readonly bodySize: number;
}

/** What became of a message. `unreadable`: put it aside with the reason. */
export type Receipt = { readonly kind: 'taken' } | { readonly kind: 'unreadable'; readonly reason: string };

/** Receives the messages of a source. */
export interface NotificationReceiver {
  /**
   * Resolves once the message is safely handed on: only then may the source forget it.
   *
   * @throws when it could not be handed on; the source keeps it
   */
  receive(message: DeliveredMessage): Promise<Receipt>;
  /** Whether it has room for more. When it has none, messages wait at the source. */
  hasRoom(): boolean;
  /** From now on every message comes. What was sent before may never come. */
  listening(): void;
  /** From now on messages may be missed. */
  deaf(): void;
  /** Messages were lost, although it listened. */
  lost(): void;
}

/** Where notifications come from: RabbitMQ, or a sandbox in the same process. */
export interface NotificationSource {
  /** Delivers until the signal is aborted; troubles are its own to overcome. */
  run(receiver: NotificationReceiver, signal: AbortSignal): Promise<void>;
}
