import type { Clock } from '../runtime/clock.ts';
import { explain } from '../runtime/severity.ts';
import type { ToldCycle, ToldRun } from './chronicle.ts';
import type {
  CountedExchange,
  CountedRun,
  Instruments,
  LiveState,
  NotificationOutcome,
} from './instruments.ts';
import type { MoneyReport } from './money-report.ts';
import type { Status } from './status.ts';
import { StatusBoard } from './status-board.ts';

/** What one process does, as its components report it: counted for Prometheus, and the latest remembered for `status`. */
export class Observation {
  readonly #board: StatusBoard;
  readonly #state: LiveState;
  #instruments: Promise<Instruments> | undefined;
  #isWatching = false;

  constructor(state: LiveState, clock: Clock) {
    this.#state = state;
    this.#board = new StatusBoard(state, clock);
  }

  exchanged(exchange: CountedExchange): void {
    this.#count((instruments) => instruments.exchanged(exchange));
    this.#board.exchanged(exchange);
  }

  reconciled(run: ToldRun): void {
    this.#count((instruments) => instruments.reconciled(run));
    this.#board.reconciled(run);
  }

  notReconciled(scope: CountedRun['scope'], error: unknown): void {
    this.#count((instruments) => instruments.notReconciled(scope));
    this.#board.notReconciled(explain(error));
  }

  /** What a full run knows of money. */
  accounted(money: MoneyReport): void {
    this.#count((instruments) => instruments.accounted(money));
    this.#board.accounted(money);
  }

  /** @param cloud undefined: there is one */
  notified(outcome: NotificationOutcome, lagMs: number | undefined, cloud?: string): void {
    this.#count((instruments) => instruments.notified(outcome, lagMs, cloud));
    this.#board.notified(lagMs);
  }

  cycled(cycle: ToldCycle): void {
    this.#count((instruments) => instruments.cycled(cycle));
    this.#board.cycled(cycle);
  }

  notCycled(): void {
    this.#count((instruments) => instruments.notCycled());
  }

  served(request: Parameters<Instruments['served']>[0]): void {
    this.#count((instruments) => instruments.served(request));
  }

  async scrape(): ReturnType<Instruments['scrape']> {
    const instruments = await this.#loaded();
    // Looking at the process itself costs something: it begins when somebody looks.
    if (!this.#isWatching) instruments.watch(this.#state);
    this.#isWatching = true;
    return instruments.scrape();
  }

  /** Which of the systems that it sends requests to do not answer; undefined: none. */
  silence(): string | undefined {
    return this.#board.silence();
  }

  status(): Status {
    return this.#board.read();
  }

  /** In the order of the reports. */
  #count(tell: (instruments: Instruments) => void): void {
    void this.#loaded().then(tell);
  }

  /** Prometheus' client is loaded when there is something to count: until the first request a start has more to do. */
  #loaded(): Promise<Instruments> {
    this.#instruments ??= import('./instruments.ts').then(
      ({ Instruments }) => new Instruments(this.#state.clouds()),
    );
    return this.#instruments;
  }
}
