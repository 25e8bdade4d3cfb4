import type { Traffic } from '../observability/traffic.ts';
import { ageOf, type Clock, systemClock } from '../runtime/clock.ts';
import { pause } from '../runtime/pause.ts';
import { ServiceError } from '../runtime/severity.ts';

/** A service that has answered nothing for so long is not waited for, s. */
export const defaultTimeoutSeconds = 15;
/** The portal builds a list of 10,000 devices in 80 s before it sends the first byte, ms. */
const slowListMs = 180_000;
/** How often it is looked, and how often said, ms. */
const lookEveryMs = 500;
const sayEveryMs = 2_000;

/** Where a command says how far it has come. */
export interface ProgressOptions {
  readonly traffic: Traffic;
  readonly clock: Clock;
  /** For how long a service may be silent before its first answer, s. */
  readonly timeoutSeconds: number;
  readonly write: (text: string) => unknown;
  readonly signal: AbortSignal;
}

/** How a command that a person waits for says how far it is: on standard error, by the service's own traffic. */
export function onStandardError(
  { traffic }: Pick<ProgressOptions, 'traffic'>,
  timeoutSeconds: number,
  signal: AbortSignal,
): ProgressOptions {
  return { traffic, clock: systemClock, timeoutSeconds, write: (text) => process.stderr.write(text), signal };
}

/**
 * Does a command's work while a person waits: says every two seconds what was answered and what is waited for, and gives up in
 * seconds when a service accepts requests and never answers.
 *
 * @throws {ServiceError} a service did not answer in time
 */
export async function withProgress<T>(
  work: (signal: AbortSignal) => Promise<T>,
  options: ProgressOptions,
): Promise<T> {
  const { traffic, clock, timeoutSeconds, write, signal } = options;
  const over = new AbortController();
  const silent = new AbortController();
  const startedAt = clock.now();
  const watching = (async () => {
    for (let saidAt = startedAt; ; ) {
      await pause(clock, lookEveryMs, over.signal);
      if (over.signal.aborted) return;
      const now = clock.now();
      const mute = traffic.waits().find(({ service, since }) => {
        const isNew = !traffic.totals().has(service);
        return (
          ageOf(since, now) >= (isNew ? timeoutSeconds * 1_000 : Math.max(timeoutSeconds * 1_000, slowListMs))
        );
      });
      if (mute) silent.abort(silence(mute.service, Math.round(ageOf(mute.since, now) / 1_000)));
      if (ageOf(saidAt, now) < sayEveryMs) continue;
      saidAt = now;
      write(`${describe(traffic, startedAt, now)}\n`);
    }
  })();
  try {
    return await work(AbortSignal.any([signal, silent.signal]));
  } finally {
    over.abort();
    await watching;
  }
}

function describe(traffic: Traffic, startedAt: number, now: number): string {
  const answered = [...traffic.totals()].map(([service, count]) => `${service} ${count}`).join(', ');
  const waits = traffic
    .waits()
    .map(({ service, since }) => `${service} (${Math.round(ageOf(since, now) / 1_000)} s)`);
  const waiting = waits.length === 0 ? 'working' : `waiting for ${waits.join(', ')}`;
  return `${Math.round(ageOf(startedAt, now) / 1_000)} s: ${answered === '' ? 'nothing answered yet' : `answered: ${answered}`}; ${waiting}`;
}

function silence(service: string, seconds: number): ServiceError {
  return new ServiceError(`${service} accepted a request and has not answered for ${seconds} s.`, {
    severity: 'transient',
    hint: 'Is it overloaded, or is something between that drops its answers? --timeout SECONDS waits longer.',
  });
}
