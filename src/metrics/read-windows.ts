import type { Point, ResourceId } from '../openstack/metric.ts';
import { ageOf } from '../runtime/clock.ts';
import { type Cadence, leastMs, neededMs, observe } from './cadence.ts';

/** Resources whose measures are read from as long ago on. */
export interface WindowGroup {
  readonly windowMs: number;
  readonly ids: readonly ResourceId[];
}

/** The slowest polling in use, and half an hour's mean of it, fits in. */
export const farMs = 7_200_000;
/** Of what was not measured when we last looked so far back, we look so far again after this time. */
const farAgeMs = 120_000;
/** Of all resources so many share one window; the rest have longer ones, each twice as long as the one before. */
const commonShare = 0.9;

/**
 * How far back to read each resource, by how its points have come so far. Nobody has to say the polling interval, and one
 * host that is polled otherwise, or whose clock is wrong, costs no other its figures.
 */
export class ReadWindows {
  readonly #cadences = new Map<ResourceId, Cadence>();
  readonly #lookedFarAt = new Map<ResourceId, number>();

  cadenceOf(id: ResourceId): Cadence | undefined {
    return this.#cadences.get(id);
  }

  /** Whether none of them is known, so that a few should be looked at first. */
  isNewTo(ids: readonly ResourceId[]): boolean {
    return ids.length > 0 && ids.every((id) => !this.#cadences.has(id));
  }

  /** Of how far back which are to be read; all in one where they come alike. */
  plan(ids: readonly ResourceId[], granularityMs: number, now: number): WindowGroup[] {
    const sorted = ids
      .flatMap((id) => this.#cadences.get(id) ?? [])
      .map((cadence) => neededMs(cadence, granularityMs, now))
      .sort((a, b) => a - b);
    const common = sorted[Math.ceil(sorted.length * commonShare) - 1] ?? farMs;
    const groups = Map.groupBy(ids, (id) => {
      const cadence = this.#cadences.get(id);
      const leastWindowMs = cadence ? leastMs(cadence, granularityMs, now) : 0;
      let windowMs = common;
      while (windowMs < leastWindowMs) windowMs *= 2;
      return Math.min(windowMs, Math.max(farMs, common));
    });
    return [...groups].map(([windowMs, of]) => ({ windowMs, ids: of }));
  }

  /** Takes note of the points of a resource that were read. */
  observe(id: ResourceId, series: readonly (readonly Point[])[], now: number): void {
    const cadence = observe(this.#cadences.get(id), series, now);
    if (cadence) this.#cadences.set(id, cadence);
  }

  /** Those that were read for too short a time, or of which too little is known, and were not looked at for long. */
  tooShort(
    ids: readonly ResourceId[],
    read: { windowMs: number; granularityMs: number; now: number },
  ): ResourceId[] {
    const { windowMs, granularityMs, now } = read;
    return ids.filter((id) => {
      const cadence = this.#cadences.get(id);
      const isEnough =
        cadence && now - cadence.newestAt < windowMs && leastMs(cadence, granularityMs, now) <= windowMs;
      return !isEnough && ageOf(this.#lookedFarAt.get(id) ?? Number.NEGATIVE_INFINITY, now) >= farAgeMs;
    });
  }

  noteFarLook(ids: readonly ResourceId[], now: number): void {
    for (const id of ids) this.#lookedFarAt.set(id, now);
  }

  /** Forgets what is there no more. */
  keepOnly(ids: ReadonlySet<ResourceId>): void {
    for (const known of [this.#cadences, this.#lookedFarAt])
      for (const id of known.keys()) if (!ids.has(id)) known.delete(id);
  }
}
