import { MetricReportError, type MetricReporting } from '../concertim/metric-reporting.ts';
import type { DeviceId } from '../concertim/model.ts';
import type { Clock } from '../runtime/clock.ts';
import { startStopwatch } from '../runtime/stopwatch.ts';
import type { Definition } from './definitions.ts';
import type { Pace } from './pace.ts';
import type { Value } from './sent-values.ts';

/** What became of the values of one cycle. */
export interface Delivery {
  readonly sent: number;
  /** The daemon does not know their devices yet. */
  readonly unknownDevices: number;
  /** Refused one by one. */
  readonly refused: readonly { readonly value: Value; readonly error: unknown }[];
  /** Not tried, or not answered, because time ran out or sending was stopped. */
  readonly left: number;
  /** Why sending was stopped. */
  readonly stoppedBy?: unknown;
  /** The daemon was unavailable for a while, or no longer knows a device: it has lost what it had stored. */
  readonly hasForgotten: boolean;
}

/** The names of figures: those that this service's version of that year used. */
export type FigureNames = '2023' | '2024';

/** So many failures in a row mean that the daemon is unavailable: the rest would fail too. */
const mostFailuresInARow = 20;

/** Sends values until all are sent, the time is over, or the daemon is found not to be there. */
export async function sendValues(
  values: readonly Value[],
  options: {
    readonly reporting: Pick<MetricReporting, 'report'>;
    readonly names: FigureNames;
    readonly ttlS: number;
    readonly pace: Pick<Pace, 'limit' | 'note'>;
    readonly clock: Clock;
    /** ms since 1970. */
    readonly deadline: number;
    readonly onSent: (value: Value) => void;
    /** Whether the daemon has ever stored a value of the device. */
    readonly wasTaken: (deviceId: DeviceId) => boolean;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<Delivery> {
  const { reporting, names, ttlS, pace, clock, deadline, onSent, wasTaken, signal } = options;
  const refused: { value: Value; error: unknown }[] = [];
  let sent = 0;
  let unknownDevices = 0;
  let next = 0;
  let failuresInARow = 0;
  let stopped: { readonly by: unknown } | undefined;
  let failed = 0;
  let hasForgotten = false;
  const isOver = () =>
    stopped !== undefined || next >= values.length || signal?.aborted || clock.now() >= deadline;

  const sendOne = async (value: Value) => {
    const elapsed = startStopwatch();
    try {
      const outcome = await reporting.report(
        value.deviceId,
        { ...namesOf(value.definition, names), value: value.value, ttlS },
        signal,
      );
      failuresInARow = 0;
      if (outcome === 'stored') {
        sent++;
        onSent(value);
      } else {
        unknownDevices++;
        hasForgotten ||= wasTaken(value.deviceId);
      }
    } catch (error) {
      if (error instanceof MetricReportError && error.kind === 'refused') refused.push({ value, error });
      else {
        failed++;
        failuresInARow++;
        const mayPass = !(error instanceof MetricReportError) || error.kind === 'unavailable';
        const isOutOfTime = signal?.aborted || clock.now() >= deadline;
        if (!isOutOfTime) hasForgotten = true;
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
    hasForgotten,
    ...(stopped && { stoppedBy: stopped.by }),
  };
}

function namesOf({ name, units, of2024 }: Definition, names: FigureNames): { name: string; units: string } {
  return names === '2024' ? of2024 : { name, units };
}
