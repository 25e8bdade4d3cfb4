import { ServiceError } from '../runtime/severity.ts';
import type { Unknown } from './figures.ts';
import type { ReadFailure } from './measure-reader.ts';
import type { Delivery } from './send.ts';

/** What one cycle read, worked out and sent. */
export interface CycleReport {
  /** ms since 1970. */
  readonly startedAt: number;
  readonly ms: Readonly<Record<'devices' | 'resources' | 'read' | 'send', number>>;
  /** Devices of the portal that show an instance. */
  readonly instances: number;
  /** Those that show none. */
  readonly otherDevices: number;
  readonly watchedProjects: number;
  /** Figures that could be worked out. */
  readonly known: number;
  /** Of these, those that the portal has already. */
  readonly kept: number;
  /** Figures that could not, by the reason; with some of the instances, and what else there is to say. */
  readonly unknown: ReadonlyMap<WhyUnknown, UnknownFigures>;
  /** Figures that should be with the portal: those that are known, and those that are missing for some fault. */
  readonly due: number;
  /** Of these, those that the portal has, newly sent or unchanged. */
  readonly delivered: number;
  /** Ages of the newest measures of the known figures; undefined: there are none. */
  readonly ages: { readonly medianMs: number; readonly oldestMs: number } | undefined;
  readonly delivery: Delivery;
  /** What was not read, and why; the rest was. */
  readonly failures: readonly (
    | ReadFailure
    | { readonly what: 'devices' | 'resources'; readonly error: unknown }
  )[];
  /** Requests sent in the cycle, by service, for whichever cloud. */
  readonly requests: Readonly<Record<string, number>>;
  /** Where there are several clouds, what it did for each; the rest is their sum, or the worst of them. */
  readonly clouds?: readonly CloudReport[];
}

/** What one cycle did for one cloud; undefined: for the only one. */
export interface CloudReport {
  readonly cloud: string | undefined;
  readonly report: CycleReport;
}

/** The reports of each cloud. */
export function reportsOf(report: CycleReport): readonly CloudReport[] {
  return report.clouds ?? [{ cloud: undefined, report }];
}

/**
 * - `awaited`: Gnocchi lacks it, or a metric of it, but has not lacked it for long: it may come by itself
 * - `not-running`: nothing is measured, and the portal shows the instance as one that does not run
 */
export type WhyUnknown = Unknown | 'awaited' | 'not-running';

/**
 * Reasons that count as faults: the figure should be there. The others pass by themselves, or follow from how
 * somebody set things up.
 */
const faults: ReadonlySet<WhyUnknown> = new Set([
  'unread',
  'no-measures',
  'late',
  'part-late',
  'clock-ahead',
  'counter-jumped',
  'impossible',
]);

export interface UnknownFigures {
  readonly figures: number;
  readonly instances: number;
  /** A few instance ids. */
  readonly examples: readonly string[];
  /** What is said of them beside the reason, such as archive policies; each once. */
  readonly details: readonly string[];
}

/** Whether all that could be said was said. What is unknown is no failure: a stopped instance has no figures. */
export function isSuccess({ failures, delivery }: CycleReport): boolean {
  return (
    failures.length === 0 &&
    delivery.refused.length === 0 &&
    delivery.left === 0 &&
    delivery.stoppedBy === undefined
  );
}

/**
 * The share of due figures that is delivered while nothing is wrong: an instance may have just stopped, or a
 * host be restarting.
 */
const leastDelivered = 0.9;

/** Why the portal lacks figures that it should have; undefined where it has nearly all. */
export function whyMissing(report: CycleReport): unknown {
  const { due, delivered, known, unknown, failures, delivery } = report;
  if (delivery.stoppedBy !== undefined) return delivery.stoppedBy;
  if (known === 0 && failures[0]) return failures[0].error;
  if (due === 0 || delivered >= leastDelivered * due) return undefined;
  const missing = [...unknown].filter(([because]) => faults.has(because));
  const reasons = missing.map(([because, { figures }]) => `${figures} ${because}`);
  if (delivery.left > 0) reasons.push(`${delivery.left} left for want of time`);
  return new ServiceError(
    `Of ${due} figures that are due the portal has ${delivered}: ${reasons.join(', ')}.`,
    {
      severity: 'transient',
    },
  );
}

const mostExamples = 3;
const mostDetails = 5;

/** Unknown figures of several clouds. */
export function unknownTogether(all: readonly CycleReport['unknown'][]): CycleReport['unknown'] {
  const reasons = new Set(all.flatMap((unknown) => [...unknown.keys()]));
  return new Map(
    [...reasons].map((because) => {
      const some = all.flatMap((unknown) => unknown.get(because) ?? []);
      return [
        because,
        {
          figures: some.reduce((sum, { figures }) => sum + figures, 0),
          instances: some.reduce((sum, { instances }) => sum + instances, 0),
          examples: some.flatMap(({ examples }) => examples).slice(0, mostExamples),
          details: [...new Set(some.flatMap(({ details }) => details))].slice(0, mostDetails),
        },
      ];
    }),
  );
}

/** Counts unknown figures by their reason. */
export class UnknownCount {
  readonly #byReason = new Map<
    WhyUnknown,
    { figures: number; instances: Set<string>; details: Set<string> }
  >();

  add(because: WhyUnknown, instanceId: string, detail: string | undefined): void {
    let count = this.#byReason.get(because);
    if (!count)
      this.#byReason.set(because, (count = { figures: 0, instances: new Set(), details: new Set() }));
    count.figures++;
    count.instances.add(instanceId);
    if (detail !== undefined && count.details.size < mostDetails) count.details.add(detail);
  }

  /** How many of them are missing through a fault. */
  get missing(): number {
    return [...this.#byReason].reduce(
      (sum, [because, { figures }]) => sum + (faults.has(because) ? figures : 0),
      0,
    );
  }

  get all(): ReadonlyMap<WhyUnknown, UnknownFigures> {
    return new Map(
      [...this.#byReason].map(([because, { figures, instances, details }]) => [
        because,
        {
          figures,
          instances: instances.size,
          examples: [...instances].slice(0, mostExamples),
          details: [...details],
        },
      ]),
    );
  }
}
