import type { ConnectionOptions, Exchange } from '../http/client.ts';
import { Traffic } from '../observability/traffic.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';

/** An exchange, and the cloud with which it was; undefined: there is one, or it was with none. */
export interface ReportedExchange extends Exchange {
  readonly cloud: string | undefined;
}

/** The exchanges of a process: counted from the first one on, and reported to one listener, the earlier ones too. */
export class Exchanges {
  readonly traffic = new Traffic();
  readonly #clock: Clock;
  readonly #random: Random;
  /** Those before there was a listener. */
  readonly #early: ReportedExchange[] = [];
  #listener: ((exchange: ReportedExchange) => void) | undefined;

  constructor({ clock, random }: { readonly clock: Clock; readonly random: Random }) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Has each exchange reported, those before as well. */
  reportTo(listener: (exchange: ReportedExchange) => void): void {
    this.#listener = listener;
    for (const exchange of this.#early.splice(0)) listener(exchange);
  }

  /**
   * What all that speaks HTTP is given.
   *
   * @param cloud with which it speaks; undefined: there is one, or it speaks with none
   */
  http(cloud?: string) {
    return {
      clock: this.#clock,
      random: this.#random,
      onBegin: (service: string) => this.traffic.begin(service, this.#clock.now()),
      onExchange: (exchange: Exchange) => {
        this.traffic.end(exchange.service, this.#clock.now());
        const reported = { ...exchange, cloud };
        if (this.#listener) this.#listener(reported);
        else this.#early.push(reported);
      },
    } satisfies ConnectionOptions;
  }
}
