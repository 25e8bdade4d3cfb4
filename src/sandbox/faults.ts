/** What can go wrong with one exchange. Faults are inputs: the same in tests, over the control route and by hand. */
export type FaultKind =
  /** The connection is cut before anything is done. */
  | { readonly kind: 'reset-before' }
  /** It is carried out, then the connection is cut before the answer. */
  | { readonly kind: 'reset-after' }
  /** The request is carried out, then `by` runs, and the connection is cut before the answer. */
  | {
      readonly kind: 'interrupt';
      /** Awaited before the connection is cut. */
      readonly by: () => Promise<void>;
    }
  /** Nothing is done and nothing is answered until the client gives up. */
  | { readonly kind: 'stall' }
  /** It is carried out, `ms` late. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Nothing is done; this is answered. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly body?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** It is carried out; half of the answer's body comes, then the end. */
  | { readonly kind: 'truncate' }
  /** It is carried out; half of the answer's body comes, as if it were the whole. */
  | { readonly kind: 'shorten' }
  /** It is carried out; the answer's body comes a few bytes at a time. */
  | { readonly kind: 'trickle'; readonly bytes: number; readonly everyMs: number }
  /** It is carried out; the answer's JSON is changed on its way. */
  | {
      readonly kind: 'rewrite';
      /** Given the answer's body, gives another; what is no JSON stays as it is. */
      readonly rewrite: (body: unknown, exchange: StruckExchange) => unknown;
    };

/** What is known of an exchange when its answer is rewritten. */
export interface StruckExchange {
  readonly method: string;
  readonly url: string;
}

/** Which exchanges a fault hits. */
export interface FaultAim {
  /** Name of the service, such as `nova`; or of several. */
  readonly service: string | readonly string[];
  readonly method?: string;
  /** Matched against path and query. */
  readonly path?: RegExp;
  /** Exchanges to let pass first. Default 0. */
  readonly skip?: number;
  /** Exchanges to hit. Default: all. */
  readonly times?: number;
}

/** What goes wrong, and where. */
export type Fault = FaultKind & FaultAim;

interface ArmedFault {
  readonly fault: Fault;
  toSkip: number;
  toHit: number;
}

/** The faults in force, for all services of a sandbox. */
export class Faults {
  #armed: ArmedFault[] = [];

  /** From now on; the returned function takes it back. */
  add(fault: Fault): () => void {
    const armed = { fault, toSkip: fault.skip ?? 0, toHit: fault.times ?? Number.POSITIVE_INFINITY };
    this.#armed.push(armed);
    return () => {
      this.#armed = this.#armed.filter((other) => other !== armed);
    };
  }

  /** Those in force that have hits left. */
  get armed(): readonly Fault[] {
    return this.#armed.filter(({ toHit }) => toHit > 0).map(({ fault }) => fault);
  }

  clear(): void {
    this.#armed = [];
  }

  /** The fault that hits this exchange, if one does. Counts it. */
  take(exchange: { service: string; method: string; url: string }): Fault | undefined {
    for (const armed of this.#armed) {
      const { fault } = armed;
      if (![fault.service].flat().includes(exchange.service)) continue;
      if (fault.method !== undefined && fault.method !== exchange.method) continue;
      if (fault.path !== undefined && !fault.path.test(exchange.url)) continue;
      if (armed.toSkip > 0) {
        armed.toSkip--;
        continue;
      }
      if (armed.toHit <= 0) continue;
      armed.toHit--;
      return fault;
    }
    return undefined;
  }
}
