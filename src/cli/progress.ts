import type { Traffic } from '../observability/traffic.ts';
import { ageOf, type Clock, systemClock } from '../runtime/clock.ts';
import { pause } from '../runtime/pause.ts';
import { ServiceError } from '../runtime/severity.ts';
import { besideHead } from '../runtime/wrapped.ts';
import { screenSize } from './screen-size.ts';

/** By default a command gives up on a service that has been silent this long before its first answer, s. */
export const defaultTimeoutSeconds = 15;
/** The portal builds a list of 10,000 devices in 80 s before it sends the first byte, ms. */
const slowListMs = 180_000;
/** How often the traffic is examined, and how often a line is written, ms. */
const lookEveryMs = 500;
const sayEveryMs = 2_000;

/** What a command measures its progress by, and where it writes that. */
export interface ProgressOptions {
  readonly traffic: Traffic;
  readonly clock: Clock;
  /** For how long a service may be silent before its first answer, s. */
  readonly timeoutSeconds: number;
  readonly write: (text: string) => unknown;
  /** Of the terminal; infinitely many where there is none: no line is broken. */
  readonly columns: number;
  readonly signal: AbortSignal;
}

/** Progress by the service's own traffic, on standard error: standard output is for the result. */
export function onStandardError(
  { traffic }: Pick<ProgressOptions, 'traffic'>,
  timeoutSeconds: number,
  signal: AbortSignal,
): ProgressOptions {
  const { columns } = screenSize(process.stderr);
  return {
    traffic,
    clock: systemClock,
    timeoutSeconds,
    write: (text) => process.stderr.write(text),
    columns,
    signal,
  };
}

/**
 * Does a command's work while a person waits: writes every two seconds how many requests each service has answered and which ones
 * it waits for, and gives up in seconds when a service accepts requests and never answers.
 *
 * @throws {ServiceError} a service did not answer in time
 */
export async function withProgress<T>(
  work: (signal: AbortSignal) => Promise<T>,
  options: ProgressOptions,
): Promise<T> {
  const { traffic, clock, timeoutSeconds, write, columns, signal } = options;
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
      const head = `${Math.round(ageOf(startedAt, now) / 1_000)} s: `;
      write(`${besideHead(head, describe(traffic, now), columns)}\n`);
    }
  })();
  try {
    return await work(AbortSignal.any([signal, silent.signal]));
  } finally {
    over.abort();
    await watching;
  }
}

function describe(traffic: Traffic, now: number): string {
  const answered = [...traffic.totals()].map(([service, count]) => `${service} ${count}`).join(', ');
  const waits = traffic
    .waits()
    .map(({ service, since }) => `${service} (${Math.round(ageOf(since, now) / 1_000)} s)`);
  const waiting = waits.length === 0 ? 'working' : `waiting for ${waits.join(', ')}`;
  return `${answered === '' ? 'nothing answered yet' : `answered: ${answered}`}; ${waiting}`;
}

function silence(service: string, seconds: number): ServiceError {
  return new ServiceError(`${service} accepted a request and has not answered for ${seconds} s.`, {
    severity: 'transient',
    hint: 'Is it overloaded, or is something between that drops its answers? --timeout SECONDS waits longer.',
  });
}
