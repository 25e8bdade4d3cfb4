import type { Channel, Connection } from 'rabbitmq-client';
import type { Logger } from '../observability/logger.ts';
import { type Backoff, backoffDelay } from '../runtime/backoff.ts';
import { ageOf, type Clock } from '../runtime/clock.ts';
import { aborted, pause } from '../runtime/pause.ts';
import type { Random } from '../runtime/random.ts';
import type { Secret } from '../runtime/secret.ts';
import { explain } from '../runtime/severity.ts';
import { timeOut } from '../runtime/time-out.ts';
import { unlessAborted } from '../runtime/unless-aborted.ts';
import { userAgent } from '../runtime/version.ts';
import { boundAnswers } from './bound-answers.ts';
import { type BrokerAddress, type BrokerError, blockedError, brokerError } from './errors.ts';
import { limitFrames } from './frame-limit.ts';
import { keepRaw } from './raw-messages.ts';

export interface BrokerOptions {
  /** The members of a cluster, tried in turn. */
  readonly hosts: readonly string[];
  readonly port: number;
  readonly username: string;
  readonly password: Secret;
  readonly vhost: string;
  /** undefined: plain TCP. */
  readonly tls: { readonly ca: string | undefined } | undefined;
  readonly clock: Clock;
  readonly random: Random;
  /**
   * How long an answer may take, ms of the machine's own time. A cluster that elects the leader of a queue
   * takes seconds.
   */
  readonly answerMs?: number;
}

/** What is done with one connection; it ends, by returning or throwing, soon after `session.lost` is aborted. */
export type Work = (session: BrokerSession) => Promise<void>;

/** A message for a queue that is bound to the exchange by its name. */
export interface OutgoingMessage {
  readonly exchange: string;
  readonly queue: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Buffer | string | object;
}

const backoff: Backoff = { baseMs: 500, maxMs: 15_000 };
/** The part of the wait that jitter cannot shorten, so that a broker that refuses at once is not called without pause. */
const leastWaitMs = 250;
/** A connection that has lasted this long resets the back-off. */
const steadyMs = 10_000;
const connectTimeoutMs = 10_000;
/** A dead peer is noticed after twice this time. */
const heartbeatS = 10;
/** Least time between two log lines of the same problem. */
const sayAgainMs = 60_000;
const usualAnswerMs = 30_000;
/** How long the broker has to confirm an orderly close. */
const farewellMs = 1_000;

/** A RabbitMQ, or a cluster of them: one connection after the other, each for as long as it lasts. */
export class Broker {
  readonly #options: BrokerOptions;
  #nextHost = 0;

  constructor(options: BrokerOptions) {
    this.#options = options;
  }

  /**
   * Connects, works, and when the connection is lost or the work ends connects again, until the signal is aborted. It
   * never gives up: what failed is said, the same at most once a minute, and tried again after a back-off.
   *
   * @param name shown in RabbitMQ's own list of connections, with our version
   */
  async run(name: string, work: Work, { log, signal }: { log: Logger; signal: AbortSignal }): Promise<void> {
    const { clock, random } = this.#options;
    const troubles = new Troubles(log, clock);
    for (let failures = 0; !signal.aborted; ) {
      const host = this.#host();
      let connectedAt: number | undefined;
      try {
        await using session = await this.#open(host, name, signal);
        connectedAt = clock.now();
        log.info({ host }, 'connected to RabbitMQ');
        await work(session);
        session.throwIfBroken();
      } catch (error) {
        if (!signal.aborted) troubles.say(brokerError(error, this.#address(host)));
      }
      if (connectedAt !== undefined && clock.now() - connectedAt > steadyMs) failures = 0;
      if (!signal.aborted) await pause(clock, leastWaitMs + backoffDelay(backoff, failures, random), signal);
      failures++;
    }
  }

  /**
   * One connection, to the first member that takes us.
   *
   * @throws {BrokerError} what the last one said
   */
  async connect(name: string, signal: AbortSignal): Promise<BrokerSession> {
    for (let left = this.#options.hosts.length; ; left--) {
      const host = this.#host();
      try {
        return await this.#open(host, name, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (left <= 1) throw brokerError(error, this.#address(host));
      }
    }
  }

  #host(): string {
    const { hosts } = this.#options;
    const host = hosts[this.#nextHost % hosts.length] ?? 'localhost';
    this.#nextHost++;
    return host;
  }

  #address(host: string): BrokerAddress {
    const { port, username, vhost } = this.#options;
    return { host, port, username, vhost };
  }

  async #open(host: string, name: string, signal: AbortSignal): Promise<BrokerSession> {
    const { port, username, password, vhost, tls } = this.#options;
    // A start without a broker does not need it.
    const rabbitmq = await import('rabbitmq-client');
    const connection = new rabbitmq.Connection({
      hostname: host,
      port,
      username,
      password: password.reveal(),
      vhost,
      ...(tls && { tls: tls.ca === undefined ? true : { ca: tls.ca } }),
      heartbeat: heartbeatS,
      connectionTimeout: connectTimeoutMs,
      connectionName: `${name} (${userAgent})`,
      noDelay: true,
    });
    limitFrames(connection);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop);
    connection.once('connection', resolve);
    connection.once('error', reject);
    try {
      if (signal.aborted) stop();
      await promise;
    } catch (error) {
      // From here on the client would try again by itself, with back-off and silence of its own.
      connection.on('error', () => {});
      connection.unsafeDestroy();
      throw error;
    } finally {
      signal.removeEventListener('abort', stop);
      connection.off('error', reject);
    }
    const { answerMs = usualAnswerMs } = this.#options;
    return new BrokerSession(connection, { address: this.#address(host), answerMs, signal });
  }
}

/** One connection, from its opening to its loss. */
export class BrokerSession implements AsyncDisposable {
  /** Aborted with a `BrokerError` when the connection, a channel or a consumer is gone, or when the service stops or leaves. */
  readonly lost: AbortSignal;
  readonly address: BrokerAddress;
  readonly #connection: Connection;
  readonly #answerMs: number;
  readonly #end = new AbortController();
  readonly #leaving = new AbortController();
  /** Until when answers are waited for. */
  #waitsUntil: AbortSignal;
  readonly #channels: Channel[] = [];

  constructor(
    connection: Connection,
    options: { readonly address: BrokerAddress; readonly answerMs: number; readonly signal: AbortSignal },
  ) {
    const { address, answerMs, signal } = options;
    this.#connection = connection;
    this.address = address;
    this.#answerMs = answerMs;
    this.lost = AbortSignal.any([this.#end.signal, this.#leaving.signal, signal]);
    this.#waitsUntil = this.lost;
    connection.on('error', (error: unknown) => this.end(error));
    // Until its alarm is over it reads nothing from us, acknowledgements included.
    connection.on('connection.blocked', (reason: unknown) => this.end(blockedError(String(reason), address)));
  }

  /** Gives the connection up because of an error. */
  end(error: unknown): void {
    if (!this.#end.signal.aborted) this.#end.abort(brokerError(error, this.address));
  }

  /** Ends the work with this connection although nothing has failed. */
  leave(): void {
    this.#leaving.abort();
  }

  /** Does the last requests after `lost` was aborted, or nothing if the connection itself has failed. */
  async conclude(work: () => Promise<void>): Promise<void> {
    if (this.#end.signal.aborted) return;
    this.#waitsUntil = this.#end.signal;
    await work();
  }

  /** @throws {BrokerError} why it is gone */
  throwIfBroken(): void {
    this.#end.signal.throwIfAborted();
  }

  /** A channel that lasts as long as the connection. When it ends, so does the session, and everything is declared again. */
  async channel(): Promise<Channel> {
    const channel = await this.#acquire();
    this.#channels.push(channel);
    channel.on('error', (error: unknown) => this.end(error));
    // When the whole connection ends, the event with the cause follows right after this one.
    channel.on('close', () => queueMicrotask(() => this.end(new Error('a channel was closed'))));
    channel.on('basic.return', () => this.end(new Error('a message found no queue')));
    channel.on('basic.cancel', () =>
      this.end(new Error('the queue was deleted, or has moved to another member')),
    );
    return channel;
  }

  /** A request that may be refused: RabbitMQ then closes the channel it came on. */
  async attempt<T>(request: (channel: Channel) => Promise<T>): Promise<T> {
    const channel = await this.#acquire();
    // It rejects the request as well.
    channel.on('error', () => {});
    try {
      return await request(channel);
    } catch (error) {
      throw brokerError(error, this.address);
    } finally {
      await this.#answer(channel.close());
    }
  }

  /**
   * Publishes to one of our queues. Resolves when the broker has the message for good.
   *
   * @param channel in confirm mode
   * @throws {BrokerError}
   */
  async publish(channel: Channel, to: OutgoingMessage): Promise<void> {
    const { exchange, queue, headers = {}, body } = to;
    const envelope = { exchange, routingKey: queue, durable: true, mandatory: true, headers };
    await this.#answer(channel.basicPublish(envelope, body));
    this.throwIfBroken();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const isOpen = !this.#end.signal.aborted;
    this.end(new Error('the connection was closed'));
    if (isOpen) await Promise.race([this.#farewell(), timeout(farewellMs)]);
    this.#connection.unsafeDestroy();
  }

  async #acquire(): Promise<Channel> {
    const channel = await this.#answer(this.#connection.acquire({ emitErrorsFromChannel: true }));
    return boundAnswers(keepRaw(channel), (answer) => this.#answer(answer));
  }

  /**
   * Waits for an answer at most `answerMs`, and no longer than the session lasts. The client itself waits
   * forever for a broker that is alive but does not answer, and for an answer that was replaced by another
   * frame.
   */
  async #answer<T>(answer: Promise<T>): Promise<T> {
    const late = timeOut(this.#answerMs);
    try {
      return await unlessAborted(answer, AbortSignal.any([this.#waitsUntil, late]));
    } catch (error) {
      if (error !== late.reason) throw error;
      this.end(new Error(`no answer within ${this.#answerMs / 1000} s`));
      throw this.lost.reason;
    }
  }

  async #farewell(): Promise<void> {
    await Promise.all(this.#channels.map((channel) => channel.close()));
    await this.#connection.close();
  }
}

/** Says what is wrong, the same at most once a minute. */
class Troubles {
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #saidAt = new Map<string, number>();

  constructor(log: Logger, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  say(error: BrokerError): void {
    const text = explain(error);
    const now = this.#clock.now();
    if (ageOf(this.#saidAt.get(text) ?? Number.NEGATIVE_INFINITY, now) < sayAgainMs) return;
    for (const [other, at] of this.#saidAt) if (ageOf(at, now) >= sayAgainMs) this.#saidAt.delete(other);
    this.#saidAt.set(text, now);
    const fields = { why: text, err: error };
    if (error.severity === 'fatal') this.#log.error(fields, 'failed to connect to RabbitMQ, will retry');
    else this.#log.warn(fields, 'failed to connect to RabbitMQ, will retry');
  }
}

/** Of the machine, not of the clock: it bounds a farewell on the way out. */
async function timeout(ms: number): Promise<void> {
  await aborted(timeOut(ms));
}
