import type { Channel } from 'rabbitmq-client';
import { z } from 'zod';
import type { Broker, BrokerSession } from '../amqp/broker.ts';
import { consume } from '../amqp/consume.ts';
import { BrokerError } from '../amqp/errors.ts';
import type { QueueNames } from '../amqp/queues.ts';
import type { Health } from '../observability/health.ts';
import type { Logger } from '../observability/logger.ts';
import type { Tracing } from '../observability/tracing.ts';
import type { Reference } from '../openstack/model.ts';
import type { Clock } from '../runtime/clock.ts';
import { aborted, pause } from '../runtime/pause.ts';
import type { ReconcileLoop } from './reconcile-loop.ts';
import type { WriterLease } from './writer-lease.ts';
import { WriterToken } from './writer-token.ts';

export interface WriterOptions {
  readonly loop: ReconcileLoop;
  /** Keeps other processes of this machine off: a lock file where there is a place for it. */
  readonly lease: WriterLease;
  /** Where the writer is elected, among processes on any machine; undefined: the lease alone decides. */
  readonly election: { readonly broker: Broker; readonly names: QueueNames } | undefined;
  /** Writes also while the broker is away: one process of a deployment may. */
  readonly writesAlone: boolean;
  /** Told when another process writes, and this one is there in case it ends. */
  readonly health?: Health;
  readonly tracing: Tracing;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Objects that wait in memory; from there on messages wait in their queue. */
const mostBacklog = 2_000;
const prefetch = 200;
/** How long the broker must be away before the one that may writes without having been elected. */
const aloneAfterMs = 5_000;
/** An election among those who are there takes no longer. */
const electionMs = 1_000;

/**
 * The portal's writer, or one that stands by to become it:
 *
 * ```
 *  elected ─────────────► the loop runs; it begins with a full run
 *  not elected ─────────► what is requested here goes to the writer, through a durable queue
 *  the broker is away ──► the process that may write alone does
 * ```
 *
 * What has been requested of a loop is in memory only. That is safe because whoever becomes the writer begins with a
 * full run.
 */
export class Writer {
  readonly #options: WriterOptions;
  #isWriting = false;
  /** It was the writer: what it had in memory then is known to nobody else. */
  #owesFull = false;
  #outbox: Outbox | undefined;
  #connected = new AbortController();
  #alone: Promise<void> = Promise.resolve();

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  /** Whether this process writes to the portal at present. */
  get isWriting(): boolean {
    return this.#isWriting;
  }

  /** Until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { election, writesAlone, clock, log } = this.#options;
    if (!election) {
      await this.#hold(signal);
      return;
    }
    const token = new WriterToken({ ...election, clock, log });
    const work = [token.run({ connected: (...session) => this.#serve(...session) }, signal)];
    if (writesAlone) work.push(this.#writeWhileAway(signal));
    await Promise.all(work);
  }

  /**
   * Has these looked at again: by the loop when we are the writer, else by whoever is.
   *
   * @throws {BrokerError} when there is no way to tell the writer at present
   */
  async request(references: readonly Reference[]): Promise<void> {
    if (this.#isWriting) this.#options.loop.request(references);
    else await this.#send({ references, traceparent: this.#options.tracing.here });
  }

  /** Has everything looked at again. @throws {BrokerError} as `request` */
  async requestFull(): Promise<void> {
    if (this.#isWriting) this.#options.loop.requestFull();
    else await this.#send({ full: true });
  }

  /** Whether requests are still welcome; without, they shall wait where they are. */
  hasRoom(): boolean {
    return !this.#isWriting || this.#options.loop.backlog < mostBacklog;
  }

  async #hold(signal: AbortSignal): Promise<void> {
    const { lease, health } = this.#options;
    await lease.hold(
      (held) => this.#write(held),
      signal,
      () => health?.standsBy(),
    );
  }

  async #write(held: AbortSignal): Promise<void> {
    const { loop, log } = this.#options;
    if (held.aborted) return;
    log.info('this process writes to the portal');
    this.#isWriting = true;
    this.#owesFull = true;
    loop.requestFull();
    try {
      await loop.run(held);
    } finally {
      this.#isWriting = false;
      log.info('this process has stopped writing to the portal');
    }
  }

  /** One connection to the broker: stands by, and when elected writes. */
  async #serve(session: BrokerSession, elected: Promise<void>): Promise<void> {
    const { clock, health } = this.#options;
    this.#connected.abort();
    await this.#alone;
    const channel = await session.channel();
    await channel.confirmSelect();
    this.#outbox = { session, channel };
    try {
      const isElected = elected.then(() => true);
      if (!(await Promise.race([isElected, pause(clock, electionMs, session.lost)]))) {
        health?.standsBy();
        if (this.#owesFull) await this.requestFull();
        this.#owesFull = false;
      }
      if (!(await Promise.race([isElected, aborted(session.lost)]))) return;
      await Promise.all([this.#hold(session.lost), this.#consumeRequests(session)]);
    } finally {
      health?.failed('the connection to RabbitMQ is lost');
      this.#outbox = undefined;
      this.#connected = new AbortController();
    }
  }

  /** The broker's absence must not stop the portal from being kept in step. */
  async #writeWhileAway(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    while (!signal.aborted) {
      const connected = this.#connected.signal;
      const over = AbortSignal.any([connected, signal]);
      await pause(clock, aloneAfterMs, over);
      if (!over.aborted) {
        log.warn('RabbitMQ is away: no writer can be elected, this process writes meanwhile');
        this.#alone = this.#hold(over);
        await this.#alone;
      }
      while (this.#connected.signal.aborted && !signal.aborted) await pause(clock, aloneAfterMs, signal);
    }
  }

  async #consumeRequests(session: BrokerSession): Promise<void> {
    const { election, clock, log, loop, tracing } = this.#options;
    if (!election) return;
    await consume(session, {
      queue: election.names.requests,
      prefetch,
      clock,
      hasRoom: () => this.hasRoom(),
      onMessage: async ({ body }) => {
        const request = UpdateRequest.safeParse(parsedBody(body));
        if (!request.success) log.warn({ err: request.error }, 'request not understood: dropped');
        else if ('full' in request.data) loop.requestFull();
        else {
          const { references, traceparent: parent } = request.data;
          await tracing.work('request', { kind: 'consumer', parent }, async () => loop.request(references));
        }
      },
    });
  }

  async #send(request: UpdateRequest): Promise<void> {
    const { election } = this.#options;
    const outbox = this.#outbox;
    if (!election || !outbox) {
      throw new BrokerError('The writer of the portal is in another process and cannot be told.', {
        kind: 'unreachable',
        host: outbox?.session.address.host ?? '',
        severity: 'transient',
      });
    }
    const { exchange, requests: queue } = election.names;
    const body = Buffer.from(JSON.stringify(request));
    await outbox.session.publish(outbox.channel, { exchange, queue, body });
  }
}

/** A way to the writer, for as long as a session lasts. */
interface Outbox {
  readonly session: BrokerSession;
  readonly channel: Channel;
}

/** What one process asks of the writer in another: our own message, in JSON. */
const UpdateRequest = z.union([
  z.object({ full: z.literal(true) }),
  z.object({
    references: z
      .array(
        z.object({
          kind: z.enum(['server', 'stack']),
          id: z.string().min(1),
          projectId: z.string().min(1).optional(),
          deleted: z.boolean(),
        }),
      )
      .transform((references) => references as unknown as readonly Reference[]),
    /** What asks, in the words of W3C Trace Context, where it is traced. */
    traceparent: z.string().optional(),
  }),
]);
type UpdateRequest =
  | { readonly full: true }
  | { readonly references: readonly Reference[]; readonly traceparent?: string | undefined };

function parsedBody(body: unknown): unknown {
  try {
    return Buffer.isBuffer(body) ? JSON.parse(body.toString('utf8')) : body;
  } catch {
    return undefined;
  }
}
