import type { Broker, BrokerSession } from '../amqp/broker.ts';
import type { QueueNames } from '../amqp/queues.ts';
import type { Health } from '../observability/health.ts';
import type { Logger } from '../observability/logger.ts';
import type { Tracing } from '../observability/tracing.ts';
import type { Announcer, Reference } from '../openstack/model.ts';
import type { Clock } from '../runtime/clock.ts';
import { aborted, pause } from '../runtime/pause.ts';
import { ServiceError } from '../runtime/severity.ts';
import type { ReconcileLoop } from './reconcile-loop.ts';
import type { LeaseHolder, WriterLease } from './writer-lease.ts';
import { receiveRequests, WriterRequests } from './writer-requests.ts';
import { type Turn, WriterToken } from './writer-token.ts';

export interface WriterOptions {
  readonly loop: ReconcileLoop;
  /** Keeps other processes of this machine off: a lock file where there is a place for it. */
  readonly lease: WriterLease;
  /** Where the writer is elected, among processes on any machine; undefined: the lease alone decides. */
  readonly election: { readonly broker: Broker; readonly names: QueueNames } | undefined;
  /** Writes also while the broker is unavailable: one process of a deployment may. */
  readonly writesAlone: boolean;
  /** Shows that this process is on standby while another one writes. */
  readonly health?: Health;
  readonly tracing: Tracing;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Objects that wait in memory; from there on messages wait in their queue. */
const mostBacklog = 2_000;
/** How long the broker must be unavailable before the one that may writes without having been elected. */
const aloneAfterMs = 5_000;
/** An election among connected processes takes no longer. */
const electionMs = 1_000;
/** How long the portal or the cloud must be unavailable to the writer before it lets another process try. */
const stuckMs = 30_000;
/** The longest such wait, when no process can reach them: the wait doubles each time. */
const longestStuckMs = 600_000;
/** How often that is checked. */
const lookMs = 5_000;
/** How long a single run waits for the right to write: longer than it takes to detect an absent RabbitMQ or a dead holder's lock file. */
const oncePatienceMs = 20_000;
/** How long it waits for a holder that certainly runs: it keeps the right, unless it is just stopping. */
const runningPatienceMs = 2_000;

/**
 * The portal's writer, or one that stands by to become it:
 *
 * ```
 *  elected ─────────────► the loop runs; it begins with a full run
 *  and stuck ───────────► another one is elected
 *  not elected ─────────► what is requested here goes to the writer, through a durable queue
 *  no broker ───────────► the process that may write alone does
 * ```
 *
 * Requests to a loop are in memory only. That is safe because a new writer begins with a
 * full run.
 */
export class Writer {
  readonly #options: WriterOptions;
  #isWriting = false;
  /** It was the writer: what it had in memory then is known to nobody else. */
  #owesFull = false;
  #patienceMs = stuckMs;
  /** The way to the writer when it is another process. */
  readonly #others: WriterRequests;
  #connected = new AbortController();
  #alone: Promise<void> = Promise.resolve();

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#others = new WriterRequests(options.tracing);
  }

  /** Whether this process writes to the portal at present. */
  get isWriting(): boolean {
    return this.#isWriting;
  }

  /** Until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { loop } = this.#options;
    await this.#run({ write: (held) => loop.run(held) }, signal);
  }

  /**
   * One full run, as the writer.
   *
   * @returns whether all went well
   * @throws {ServiceError} when another process is the writer
   */
  async runOnce(signal: AbortSignal): Promise<boolean> {
    const { loop, clock } = this.#options;
    const [over, started] = [new AbortController(), new AbortController()];
    const [waits, isTaken] = [new AbortController(), new AbortController()];
    let outcome: Promise<boolean> | undefined;
    let refusal = this.#options.election ? notElected : noLock;
    const work: Work = {
      async write(held) {
        started.abort();
        outcome = loop.runFull(held);
        await outcome;
        over.abort();
      },
      waits(holder) {
        if (holder) refusal = heldBy(holder);
        if (holder?.runs) isTaken.abort();
        waits.abort();
      },
      standsBy() {
        refusal = othersElected;
        over.abort();
      },
    };
    const until = AbortSignal.any([signal, over.signal]);
    const giveUp = async ({ signal: from }: AbortController, afterMs: number) => {
      await aborted(AbortSignal.any([from, until]));
      await pause(clock, afterMs, AbortSignal.any([started.signal, until]));
      if (!started.signal.aborted) over.abort();
    };
    try {
      await Promise.all([
        this.#run(work, until),
        giveUp(waits, oncePatienceMs),
        giveUp(isTaken, runningPatienceMs),
      ]);
    } finally {
      over.abort();
    }
    if (outcome) return outcome;
    if (signal.aborted) return false;
    throw new ServiceError(refusal.message, { severity: 'terminal', hint: refusal.hint });
  }

  async #run(work: Work, signal: AbortSignal): Promise<void> {
    const { election, writesAlone, clock, log } = this.#options;
    if (!election) {
      await this.#hold(work, signal);
      return;
    }
    const token = new WriterToken({ ...election, clock, log });
    const connected = (session: BrokerSession, turn: Turn) =>
      this.#serve(work, { session, turn, names: election.names });
    work.waits?.();
    const runs = [token.run({ connected }, signal)];
    if (writesAlone) runs.push(this.#writeWhileAway(work, signal));
    await Promise.all(runs);
  }

  /**
   * Requests that objects are read again: by the loop if this process is the writer, otherwise by the writer.
   *
   * @param announcer the service that announced them; undefined: nobody did
   * @throws {BrokerError} the writer cannot be reached at present
   */
  async request(references: readonly Reference[], announcer?: Announcer): Promise<void> {
    if (this.#isWriting) this.#options.loop.request(references, announcer);
    else await this.#others.request(references, announcer);
  }

  /** Requests a full run. @throws {BrokerError} as `request` */
  async requestFull(): Promise<void> {
    if (this.#isWriting) this.#options.loop.requestFull();
    else await this.#others.requestFull();
  }

  /** Whether there is room for more requests. If not, they wait in their queue. */
  hasRoom(): boolean {
    return !this.#isWriting || this.#options.loop.backlog < mostBacklog;
  }

  async #hold(work: Work, signal: AbortSignal): Promise<void> {
    const { lease, health } = this.#options;
    await lease.hold(
      (held) => this.#write(work, held),
      signal,
      (holder) => {
        health?.standsBy();
        work.waits?.(holder);
      },
    );
  }

  async #write(work: Work, held: AbortSignal): Promise<void> {
    const { loop, log } = this.#options;
    if (held.aborted) return;
    log.info('became the writer of the portal');
    this.#isWriting = true;
    this.#owesFull = true;
    loop.requestFull();
    try {
      await work.write(held);
    } finally {
      this.#isWriting = false;
      log.info('stopped being the writer of the portal');
    }
  }

  /** One connection to the broker: stands by, and when elected writes. */
  async #serve(work: Work, { session, turn, names }: Candidacy): Promise<void> {
    const { clock, health, log, loop, tracing } = this.#options;
    this.#connected.abort();
    await this.#alone;
    await this.#others.open(session, names);
    try {
      const isChosen = turn.chosen.then(() => true);
      if (!(await Promise.race([isChosen, pause(clock, electionMs, session.lost)]))) {
        health?.standsBy();
        work.standsBy?.();
        if (this.#owesFull) await this.requestFull();
        this.#owesFull = false;
      }
      await Promise.race([turn.elected, aborted(session.lost)]);
      if (session.lost.aborted) return;
      const receiver = {
        request: loop.request.bind(loop),
        requestFull: () => loop.requestFull(),
        hasRoom: () => this.hasRoom(),
      };
      await Promise.all([
        this.#hold(work, session.lost),
        // An error here ends the session, so that the loop stops before the next session begins.
        receiveRequests(session, { names, receiver, tracing, clock, log }).catch((error: unknown) => {
          if (!session.lost.aborted) session.end(error);
        }),
        this.#passOnWhenStuck(session),
      ]);
    } finally {
      health?.failed('the connection to RabbitMQ is lost');
      this.#others.close();
      this.#connected = new AbortController();
    }
  }

  /** Lets another process try, which may reach what this host cannot. If there is none, this one is elected again, and waits longer. */
  async #passOnWhenStuck(session: BrokerSession): Promise<void> {
    const { clock, log, loop } = this.#options;
    for (let looks = 0; !session.lost.aborted; looks++) {
      await pause(clock, lookMs, session.lost);
      if (session.lost.aborted) return;
      if (loop.stuckMs >= this.#patienceMs) {
        this.#patienceMs = Math.min(2 * this.#patienceMs, longestStuckMs);
        log.warn('portal or cloud unavailable: a process on standby may write instead');
        session.leave();
      } else if (loop.stuckMs === 0 && looks * lookMs >= stuckMs) this.#patienceMs = stuckMs;
    }
  }

  /** The broker's absence must not stop the portal from being kept in step. */
  async #writeWhileAway(work: Work, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    while (!signal.aborted) {
      const connected = this.#connected.signal;
      const over = AbortSignal.any([connected, signal]);
      await pause(clock, aloneAfterMs, over);
      if (!over.aborted) {
        log.warn('RabbitMQ unavailable: writing to the portal without election');
        this.#alone = this.#hold(work, over);
        await this.#alone;
      }
      while (this.#connected.signal.aborted && !signal.aborted) await pause(clock, aloneAfterMs, signal);
    }
  }
}

/** Why one run was not made. */
interface Refusal {
  readonly message: string;
  readonly hint: string;
}

const stopItFirst =
  'A running service keeps the portal in step by itself: see `status`. To run once by hand, stop it first.';
const othersElected: Refusal = {
  message: 'Another process writes to this portal: RabbitMQ has elected it.',
  hint: stopItFirst,
};
const notElected: Refusal = {
  message: `RabbitMQ elects the process that writes to the portal, and has not elected this one within ${oncePatienceMs / 1_000} s.`,
  hint: 'Is RabbitMQ running, and are rmq.rmq_address and its credentials right? `doctor` checks both.',
};
const noLock: Refusal = {
  message: `The lock file that keeps a second writer off could not be created within ${oncePatienceMs / 1_000} s.`,
  hint: 'The log says why. Is there space left on the disk of data_dir?',
};

function heldBy({ name, path }: LeaseHolder): Refusal {
  return {
    message: `Another process writes to this portal: ${name}, which holds ${path}.`,
    hint: stopItFirst,
  };
}

interface Work {
  /** What the writer does; ends soon after its signal is aborted. */
  write(held: AbortSignal): Promise<void>;
  /** Called when there is something to wait for before it may write: an election, or the lock file of another process. */
  waits?(holder?: LeaseHolder): void;
  /** Called when another process has been elected. */
  standsBy?(): void;
}

/** One connection, and whether this process is elected in it. */
interface Candidacy {
  readonly session: BrokerSession;
  readonly turn: Turn;
  readonly names: QueueNames;
}
