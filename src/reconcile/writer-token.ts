import type { Broker, BrokerSession } from '../amqp/broker.ts';
import { declareQueue, type QueueNames } from '../amqp/queues.ts';
import type { Logger } from '../observability/logger.ts';
import type { Clock } from '../runtime/clock.ts';
import { aborted, pause } from '../runtime/pause.ts';
import { TokenConsumer } from './token-consumer.ts';
import { declareRequests } from './writer-requests.ts';

export interface WriterTokenOptions {
  readonly broker: Broker;
  readonly names: QueueNames;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A process that stands for election. */
export interface Candidate {
  /** Works with this connection until `session.lost` is aborted. */
  connected(session: BrokerSession, turn: Turn): Promise<void>;
}

/** The progress of a candidate in one connection. */
export interface Turn {
  /** Resolves when this process is the next writer; the previous one may still write. */
  readonly chosen: Promise<void>;
  /** Resolves when this process is the writer, for as long as the session lasts: no other one writes any more. */
  readonly elected: Promise<void>;
}

/** How often the holder proves that it holds the token, and a standby process that the broker answers. */
const proveMs = 3_000;
/** How long a proof is valid, from its beginning. Without another one the session ends. */
const validMs = 7_000;
/** How long a new holder waits if the token was not given up: by then the previous holder has stopped writing. */
const lapseMs = validMs + 1_000;
/** After this many proofs on standby a token is put into the queue, because an operator may have purged it. */
const proofsToNewToken = 20;

/**
 * Elects the writer by a queue: only one of its consumers is active (`x-single-active-consumer`), and it holds the one
 * message, the token. When its connection ends the broker makes the next consumer the active one and gives it the token.
 *
 * RabbitMQ may give the token to the next consumer while the holder is alive but cut off, or on a node that the others considered
 * dead for a moment; the holder is not notified. So the token is a lease. The holder exchanges it every few seconds for a new one,
 * which only the active consumer receives, and only if a majority of the nodes of a quorum queue has it. When that fails the holder
 * stops writing. The next one waits until then, unless the token says that its holder has given it up.
 */
export class WriterToken {
  readonly #options: WriterTokenOptions;

  constructor(options: WriterTokenOptions) {
    this.#options = options;
  }

  /** Stands for election, again and again, until the signal is aborted. */
  async run(candidate: Candidate, signal: AbortSignal): Promise<void> {
    const { broker, log } = this.#options;
    const id = crypto.randomUUID();
    await broker.run('concertim writer', (session) => this.#stand(session, candidate, id), { log, signal });
  }

  async #stand(session: BrokerSession, candidate: Candidate, id: string): Promise<void> {
    const { names, log, clock } = this.#options;
    const { exchange, writer } = names;
    await declareRequests(session, names, log);
    const args = { 'x-single-active-consumer': true, 'x-max-length': 1 };
    await declareQueue(session, { exchange, queue: writer, args }, log);
    const token = await TokenConsumer.open(session, names, id);
    // With an alarm RabbitMQ answers everything but a message. This process would stand by, and nobody could be elected.
    await token.add();

    const [chosen, elected] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let isElected = false;
    const proving = this.#prove(session, token, {
      chosen: () => chosen.resolve(),
      elected: () => {
        isElected = true;
        elected.resolve();
      },
    });
    await candidate.connected(session, { chosen: chosen.promise, elected: elected.promise });
    await proving;
    // A process that was only chosen must not free the token: the previous writer may still write.
    if (isElected) await session.conclude(() => token.release(clock));
  }

  /** Proves until the session is over, and ends the session when a proof fails. */
  async #prove(
    session: BrokerSession,
    token: TokenConsumer,
    becomes: { readonly chosen: () => void; readonly elected: () => void },
  ): Promise<void> {
    const { clock } = this.#options;
    const { lost } = session;
    const standsBy = AbortSignal.any([lost, token.arrived]);
    let probes = 0;
    await this.#repeat(session, standsBy, async () => {
      probes++;
      if (probes % proofsToNewToken === 0) await token.add();
      else await this.#probe(session);
    });
    if (lost.aborted) return;
    becomes.chosen();
    let isElected = token.isFree;
    let isFirst = true;
    const elect = async (afterMs: number) => {
      await pause(clock, afterMs, lost);
      if (lost.aborted) return;
      isElected = true;
      becomes.elected();
    };
    await this.#repeat(session, lost, async () => {
      await token.renew(isElected);
      if (isFirst) void elect(isElected ? 0 : lapseMs);
      isFirst = false;
    });
  }

  /** Repeats a proof until the signal is aborted. Each must succeed before the previous one lapses. */
  async #repeat(session: BrokerSession, until: AbortSignal, proof: () => Promise<void>): Promise<void> {
    const { clock } = this.#options;
    let last = new AbortController();
    while (!until.aborted) {
      const next = new AbortController();
      void this.#lapse(session, AbortSignal.any([until, next.signal]));
      const due = pause(clock, proveMs, until);
      const proven = new AbortController();
      proof().then(
        () => proven.abort(),
        // A proof that was cut short because this process stops says nothing about the broker.
        (error: unknown) => {
          if (!until.aborted) session.end(error);
        },
      );
      await aborted(AbortSignal.any([until, session.lost, proven.signal]));
      last.abort();
      last = next;
      await due;
    }
    last.abort();
  }

  async #lapse(session: BrokerSession, renewed: AbortSignal): Promise<void> {
    await pause(this.#options.clock, validMs, renewed);
    if (!renewed.aborted) session.end(new Error(`no answer within ${validMs / 1_000} s`));
  }

  /** @throws {BrokerError} when the broker does not answer as it should */
  async #probe(session: BrokerSession): Promise<void> {
    const { writer: queue } = this.#options.names;
    await session.attempt((channel) => channel.queueDeclare({ queue, passive: true }));
  }
}
