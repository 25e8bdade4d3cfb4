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

/** The instance that a resource belongs to: its interfaces are summed, and so are its disks. */
export type InstanceOf = (id: ResourceId) => string;

/**
 * How far back to read each resource, by how its points have come so far, and those of the resources that it is summed with:
 * of one that is behind, the others are read for the time that it has reached. Nobody has to say the polling interval, and
 * one host that is polled otherwise, or whose clock is wrong, costs no other its figures.
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
  plan(
    ids: readonly ResourceId[],
    { granularityMs, now, instanceOf }: { granularityMs: number; now: number; instanceOf: InstanceOf },
  ): WindowGroup[] {
    const least = this.#leastByInstance(ids, { granularityMs, now, instanceOf });
    const sorted = ids
      .flatMap((id) => this.#cadences.get(id) ?? [])
      .map((cadence) => neededMs(cadence, granularityMs, now))
      .sort((a, b) => a - b);
    const common = sorted[Math.ceil(sorted.length * commonShare) - 1] ?? farMs;
    const groups = Map.groupBy(ids, (id) => {
      const leastWindowMs = least.get(instanceOf(id)) ?? 0;
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

  /** Those whose window or points were too few, and that were not checked lately. */
  tooShort(
    ids: readonly ResourceId[],
    read: { windowMs: number; granularityMs: number; now: number; instanceOf: InstanceOf },
  ): ResourceId[] {
    const { windowMs, now, instanceOf } = read;
    const least = this.#leastByInstance(ids, read);
    return ids.filter((id) => {
      const cadence = this.#cadences.get(id);
      const isEnough =
        cadence && now - cadence.newestAt < windowMs && (least.get(instanceOf(id)) ?? 0) <= windowMs;
      return !isEnough && ageOf(this.#lookedFarAt.get(id) ?? Number.NEGATIVE_INFINITY, now) >= farAgeMs;
    });
  }

  /** How far back the resources of each instance must be read, ms. */
  #leastByInstance(
    ids: readonly ResourceId[],
    { granularityMs, now, instanceOf }: { granularityMs: number; now: number; instanceOf: InstanceOf },
  ): ReadonlyMap<string, number> {
    const least = new Map<string, number>();
    for (const id of ids) {
      const cadence = this.#cadences.get(id);
      if (!cadence) continue;
      const instance = instanceOf(id);
      least.set(instance, Math.max(least.get(instance) ?? 0, leastMs(cadence, granularityMs, now)));
    }
    return least;
  }

  noteFarLook(ids: readonly ResourceId[], now: number): void {
    for (const id of ids) this.#lookedFarAt.set(id, now);
  }

  /** Nothing is known of any resource. */
  get isEmpty(): boolean {
    return this.#cadences.size + this.#lookedFarAt.size === 0;
  }

  /** Forgets what is there no more. */
  keepOnly(ids: ReadonlySet<ResourceId>): void {
    for (const known of [this.#cadences, this.#lookedFarAt])
      for (const id of known.keys()) if (!ids.has(id)) known.delete(id);
  }
}
