import type { Clock } from '../runtime/clock.ts';
import { explain } from '../runtime/severity.ts';
import type { ToldCycle, ToldRun } from './chronicle.ts';
import {
  type CountedExchange,
  type CountedRun,
  Instruments,
  type LiveState,
  type NotificationOutcome,
} from './instruments.ts';
import type { Status } from './status.ts';
import { StatusBoard } from './status-board.ts';

/** What one process does, as it is told to it: counted for Prometheus, and the latest remembered for `status`. */
export class Observation {
  readonly #instruments = new Instruments();
  readonly #board: StatusBoard;
  readonly #state: LiveState;
  #isWatching = false;

  constructor(state: LiveState, clock: Clock) {
    this.#state = state;
    this.#board = new StatusBoard(state, clock);
  }

  exchanged(exchange: CountedExchange): void {
    this.#instruments.exchanged(exchange);
    this.#board.exchanged(exchange);
  }

  reconciled(run: ToldRun): void {
    this.#instruments.reconciled(run);
    this.#board.reconciled(run);
  }

  notReconciled(scope: CountedRun['scope'], error: unknown): void {
    this.#instruments.notReconciled(scope);
    this.#board.notReconciled(explain(error));
  }

  notified(outcome: NotificationOutcome, lagMs: number | undefined): void {
    this.#instruments.notified(outcome, lagMs);
    this.#board.notified(lagMs);
  }

  cycled(cycle: ToldCycle): void {
    this.#instruments.cycled(cycle);
    this.#board.cycled(cycle);
  }

  notCycled(): void {
    this.#instruments.notCycled();
  }

  served(request: Parameters<Instruments['served']>[0]): void {
    this.#instruments.served(request);
  }

  async scrape(): ReturnType<Instruments['scrape']> {
    // Looking at the process itself costs something: it begins when somebody looks.
    if (!this.#isWatching) this.#instruments.watch(this.#state);
    this.#isWatching = true;
    return this.#instruments.scrape();
  }

  /** Which of those that were asked do not answer; undefined: none. */
  silence(): string | undefined {
    return this.#board.silence();
  }

  status(): Status {
    return this.#board.read();
  }
}
