import { MetricReportError, type MetricReporting } from '../concertim/metric-reporting.ts';
import type { Clock } from '../runtime/clock.ts';
import { startStopwatch } from '../runtime/stopwatch.ts';
import type { Pace } from './pace.ts';
import type { Value } from './sent-values.ts';

/** What became of the values of one cycle. */
export interface Delivery {
  readonly sent: number;
  /** The daemon has not heard of their devices yet. */
  readonly unknownDevices: number;
  /** Refused one by one. */
  readonly refused: readonly { readonly value: Value; readonly error: unknown }[];
  /** Not tried, or not answered, because the time was over or nothing goes. */
  readonly left: number;
  /** Why nothing goes. */
  readonly stoppedBy?: unknown;
}

/** So many failures in a row mean that the daemon is not there: the rest would fail alike. */
const mostFailuresInARow = 20;

/** Sends values until all are sent, the time is over, or the daemon is found not to be there. */
export async function sendValues(
  values: readonly Value[],
  options: {
    readonly reporting: Pick<MetricReporting, 'report'>;
    readonly ttlS: number;
    readonly pace: Pace;
    readonly clock: Clock;
    /** ms since 1970. */
    readonly deadline: number;
    readonly onSent: (value: Value) => void;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<Delivery> {
  const { reporting, ttlS, pace, clock, deadline, onSent, signal } = options;
  const refused: { value: Value; error: unknown }[] = [];
  let sent = 0;
  let unknownDevices = 0;
  let next = 0;
  let failuresInARow = 0;
  let stopped: { readonly by: unknown } | undefined;
  let failed = 0;
  const isOver = () =>
    stopped !== undefined || next >= values.length || signal?.aborted || clock.now() >= deadline;

  const sendOne = async (value: Value) => {
    const elapsed = startStopwatch();
    try {
      const outcome = await reporting.report(
        value.deviceId,
        { name: value.name, value: value.value, units: value.units, ttlS },
        signal,
      );
      failuresInARow = 0;
      if (outcome === 'stored') {
        sent++;
        onSent(value);
      } else unknownDevices++;
    } catch (error) {
      if (error instanceof MetricReportError && error.kind === 'refused') refused.push({ value, error });
      else {
        failed++;
        failuresInARow++;
        const mayPass = !(error instanceof MetricReportError) || error.kind === 'unavailable';
        const isOutOfTime = signal?.aborted || clock.now() >= deadline;
        if (!isOutOfTime && (!mayPass || failuresInARow >= mostFailuresInARow)) stopped ??= { by: error };
      }
    }
    pace.note(elapsed());
  };

  let working = 0;
  await new Promise<void>((resolve) => {
    const fill = () => {
      while (working < pace.limit && !isOver()) {
        const value = values[next++] as Value;
        working++;
        void sendOne(value).finally(() => {
          working--;
          fill();
        });
      }
      if (working === 0) resolve();
    };
    fill();
  });
  return {
    sent,
    unknownDevices,
    refused,
    left: values.length - next + failed,
    ...(stopped && { stoppedBy: stopped.by }),
  };
}
