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
  readonly delivery: Delivery;
  /** What was not read, and why; the rest was. */
  readonly failures: readonly (
    | ReadFailure
    | { readonly what: 'devices' | 'resources'; readonly error: unknown }
  )[];
  /** Requests sent in the cycle, by service. */
  readonly requests: Readonly<Record<string, number>>;
}

/** `awaited`: Gnocchi lacks it, or a metric of it, but has not lacked it for long: it may come by itself. */
export type WhyUnknown = Unknown | 'awaited';

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

/** Why a cycle came to nothing; undefined where something could be said, or nothing was to be said. */
export function whyInVain({ known, failures, delivery }: CycleReport): unknown {
  return delivery.stoppedBy ?? (known === 0 ? failures[0]?.error : undefined);
}

const mostExamples = 3;
const mostDetails = 5;

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
