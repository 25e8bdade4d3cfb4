import type { Channel } from 'rabbitmq-client';
import { z } from 'zod';
import type { Broker, BrokerSession } from '../amqp/broker.ts';
import { consume } from '../amqp/consume.ts';
import { BrokerError } from '../amqp/errors.ts';
import { declareExchange, declareQueue, type QueueNames, unusedMs } from '../amqp/queues.ts';
import type { Logger } from '../observability/logger.ts';
import type { Tracing } from '../observability/tracing.ts';
import { type Announcer, announcers, kinds, type Reference } from '../openstack/model.ts';
import type { Clock } from '../runtime/clock.ts';
import { aborted } from '../runtime/pause.ts';

/** Takes requests to read objects again. */
export interface RequestReceiver {
  /** @param announcer the service that announced them; undefined: nobody did */
  request(references: readonly Reference[], announcer?: Announcer): void;
  requestFull(): void;
  /** Without room requests wait where they are. */
  hasRoom(): boolean;
}

/** Requests that wait for a writer; as many as there are could as well be one full run. */
const mostRequests = 50_000;
const mostRequestBytes = 64 * 1024 * 1024;
const prefetch = 200;

/** Declares the durable queue by which other processes tell the writer. */
export async function declareRequests(
  session: BrokerSession,
  { exchange, requests: queue }: QueueNames,
  log: Logger,
): Promise<void> {
  await declareExchange(session, exchange);
  const args = {
    'x-max-length': mostRequests,
    'x-max-length-bytes': mostRequestBytes,
    'x-overflow': 'reject-publish',
    'x-expires': unusedMs,
  };
  await declareQueue(session, { exchange, queue, args, isExpendable: true }, log);
}

/** Hands each request in the queue on, until the session is lost. */
export async function receiveRequests(
  session: BrokerSession,
  {
    names,
    receiver,
    tracing,
    clock,
    log,
  }: {
    readonly names: QueueNames;
    readonly receiver: RequestReceiver;
    readonly tracing: Tracing;
    readonly clock: Clock;
    readonly log: Logger;
  },
): Promise<void> {
  await consume(session, {
    queue: names.requests,
    prefetch,
    clock,
    hasRoom: () => receiver.hasRoom(),
    onReturned: async (_, reason) => {
      log.warn(
        { reason },
        'reconcile request dropped: it was redelivered too often, full reconcile requested',
      );
      receiver.requestFull();
    },
    onMessage: async ({ body }) => {
      const request = UpdateRequest.safeParse(parsedBody(body));
      if (!request.success) log.warn({ err: request.error }, 'reconcile request dropped: cannot be parsed');
      else if ('full' in request.data) receiver.requestFull();
      else {
        const { references, announcer, traceparent: parent } = request.data;
        await tracing.work('request', { kind: 'consumer', parent }, async () =>
          receiver.request(references, announcer),
        );
      }
    },
  });
}

/** Tells the writer, which is in another process: over one connection after the other, and in between not at all. */
export class WriterRequests {
  readonly #tracing: Tracing;
  #way:
    | { readonly session: BrokerSession; readonly channel: Channel; readonly names: QueueNames }
    | undefined;

  constructor(tracing: Tracing) {
    this.#tracing = tracing;
  }

  /** For a process that is never the writer itself: keeps a connection of its own until the signal is aborted. */
  async run(
    { broker, names, log }: { readonly broker: Broker; readonly names: QueueNames; readonly log: Logger },
    signal: AbortSignal,
  ): Promise<void> {
    const work = async (session: BrokerSession) => {
      await declareRequests(session, names, log);
      await this.open(session, names);
      log.info('changes made through the API are forwarded to the writer');
      await aborted(session.lost);
    };
    await broker.run('concertim requests', (session) => work(session).finally(() => this.close()), {
      log,
      signal,
    });
  }

  /** Uses this connection until `close`. */
  async open(session: BrokerSession, names: QueueNames): Promise<void> {
    const channel = await session.channel();
    await channel.confirmSelect();
    this.#way = { session, channel, names };
  }

  close(): void {
    this.#way = undefined;
  }

  /** Resolves when the broker has confirmed the request. @throws {BrokerError} it cannot be sent at present */
  async request(references: readonly Reference[], announcer?: Announcer): Promise<void> {
    await this.#send({ references, announcer, traceparent: this.#tracing.here });
  }

  /** Requests a full run. @throws {BrokerError} it cannot be sent at present */
  async requestFull(): Promise<void> {
    await this.#send({ full: true });
  }

  async #send(request: UpdateRequest): Promise<void> {
    if (!this.#way) {
      throw new BrokerError('The writer of the portal is in another process and cannot be notified.', {
        kind: 'unreachable',
        host: '',
        severity: 'transient',
      });
    }
    const { session, channel, names } = this.#way;
    const { exchange, requests: queue } = names;
    await session.publish(channel, { exchange, queue, body: Buffer.from(JSON.stringify(request)) });
  }
}

/** What one process asks of the writer in another: our own message, in JSON. */
const UpdateRequest = z.union([
  z.object({ full: z.literal(true) }),
  z.object({
    references: z
      .array(
        z.object({
          kind: z.enum([...kinds, 'stack', 'floating-ip']),
          id: z.string().min(1),
          projectId: z.string().min(1).optional(),
          deleted: z.boolean(),
          serverId: z.string().min(1).optional(),
        }),
      )
      .transform((references) => references as unknown as readonly Reference[]),
    /** The service that announced them, if one did. */
    announcer: z.enum(announcers).optional().catch(undefined),
    /** What asks, in the words of W3C Trace Context, where it is traced. */
    traceparent: z.string().optional(),
  }),
]);
type UpdateRequest =
  | { readonly full: true }
  | {
      readonly references: readonly Reference[];
      readonly announcer?: Announcer | undefined;
      readonly traceparent?: string | undefined;
    };

function parsedBody(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
