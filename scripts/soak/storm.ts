import { setTimeout as delay } from 'node:timers/promises';

/** As the sandbox's control takes them. */
const faults = [
  { service: 'nova', kind: 'answer', status: 503 },
  { service: 'heat', kind: 'reset-before' },
  { service: 'keystone', kind: 'answer', status: 500 },
  { service: 'gnocchi', kind: 'truncate' },
  { service: 'concertim', kind: 'answer', status: 500 },
  { service: 'concertim', kind: 'reset-after' },
  { service: 'concertim', path: '^/mrd/', kind: 'answer', status: 502 },
  { service: 'nova', kind: 'delay', ms: 3_000 },
] as const;

/** How long each lasts, and how long everything may take to be as before. */
const usual = { faultMs: 20_000, recoveryMs: 100_000 };

/**
 * What a long soak has to bear: a fault every few minutes. Meanwhile, and for a while after, cycles and complaints say nothing; what is
 * held may not grow.
 */
export class Storm {
  readonly #controlUrl: string;
  readonly #times: typeof usual;
  #unrestUntil = 0;
  /** Faults so far. */
  faults = 0;

  constructor(controlUrl: string, times = usual) {
    this.#controlUrl = controlUrl;
    this.#times = times;
  }

  /** Whether everything has been as usual for long enough. */
  get isCalm(): boolean {
    return performance.now() > this.#unrestUntil;
  }

  /** Until the signal is aborted: so many ms from the end of one fault to the next. */
  async rage(everyMs: number, signal: AbortSignal): Promise<void> {
    const { faultMs, recoveryMs } = this.#times;
    for (let at = 0; await passes(everyMs, signal); at++) {
      this.disturb(faultMs + recoveryMs);
      await this.#send('POST', '/faults', faults[at % faults.length]);
      await passes(faultMs, signal);
      await this.#send('DELETE', '/faults');
      this.faults++;
    }
  }

  /** For so long it will not be as usual. */
  disturb(ms: number): void {
    this.#unrestUntil = Math.max(this.#unrestUntil, performance.now() + ms);
  }

  /** Nobody listens while the cloud is replaced by another, which has no faults. */
  async #send(method: string, path: string, body?: unknown): Promise<void> {
    const answer = await fetch(this.#controlUrl + path, {
      method,
      ...(body !== undefined && {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    }).catch(() => undefined);
    if (!answer) return;
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  }
}

/** @returns false: the signal was aborted first */
async function passes(ms: number, signal: AbortSignal): Promise<boolean> {
  await delay(ms, undefined, { signal }).catch(() => {});
  return !signal.aborted;
}
