import type { Server } from './compute.ts';
import type { Timeline } from './timeline.ts';

/** What one resource cost in one hour, under one type. */
export interface Frame {
  /** Milliseconds since 1970, a whole hour. */
  readonly begin: number;
  readonly id: string;
  readonly type: string;
  readonly projectId: string;
  readonly quantity: number;
  readonly rate: number;
}

interface Span {
  readonly id: string;
  readonly projectId: string;
  readonly vcpus: number;
  readonly from: number;
  readonly until: number | undefined;
}

const hourMs = 3_600_000;

/** CloudKitty's state: hour by hour, what each server cost, and what else was put in. A vCPU is 0.05 an hour. */
export class Rating {
  readonly #timeline: Timeline;
  readonly #live: () => Iterable<Server>;
  /** Spans of deleted servers, kept here because Nova forgets them sooner. */
  readonly #deleted: Span[] = [];
  readonly #more: Frame[] = [];
  /** How long after an hour CloudKitty rates it, when its meters are complete; tests set more for one that is late. */
  waitMs = 2 * hourMs;

  constructor(timeline: Timeline, live: () => Iterable<Server>) {
    this.#timeline = timeline;
    this.#live = live;
  }

  /** What a deleted server has cost stays. */
  keep(server: Server): void {
    this.#deleted.push(spanOf(server));
  }

  /** As `POST /v2/dataframes` does. */
  push(frame: Frame): void {
    this.#more.push(frame);
  }

  /** Until when everything has been rated, ms since 1970. */
  get processedUntil(): number {
    return hourOf(this.#timeline.now() - this.waitMs + hourMs);
  }

  /** Those that begin in a time, and have been rated. */
  *frames(begin: number, end: number): Iterable<Frame> {
    const processed = Math.min(end, this.processedUntil);
    for (const { id, projectId, vcpus, from, until = processed } of this.#spans()) {
      for (let at = Math.max(begin, hourOf(from)); at < Math.min(processed, until); at += hourMs) {
        yield { begin: at, id, type: 'instance', projectId, quantity: 1, rate: vcpus * 0.05 };
      }
    }
    for (const frame of this.#more) if (frame.begin >= begin && frame.begin < processed) yield frame;
  }

  *#spans(): Iterable<Span> {
    yield* this.#deleted;
    for (const server of this.#live()) yield spanOf(server);
  }
}

function spanOf({ id, projectId, flavor, createdAt: from, terminatedAt: until }: Server): Span {
  return { id, projectId, vcpus: flavor.vcpus, from, until };
}

function hourOf(ms: number): number {
  return Math.floor(ms / hourMs) * hourMs;
}
