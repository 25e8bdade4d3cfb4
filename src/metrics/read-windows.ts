import type { Point, ResourceId } from '../openstack/metric.ts';
import { ageOf } from '../runtime/clock.ts';
import { type Cadence, leastMs, neededMs, observe } from './cadence.ts';

/** Resources whose measures are read over the same window. */
export interface WindowGroup {
  readonly windowMs: number;
  readonly ids: readonly ResourceId[];
}

/** Long enough for the slowest polling in use, with a mean over half an hour. */
export const farMs = 7_200_000;
/** How long to wait before the longest window is read again for resources that had too few points in it. */
const farAgeMs = 120_000;
/**
 * The share of resources that the common window suffices for; the rest have windows twice as long, four times
 * as long, and so on.
 */
const commonShare = 0.9;

/** The instance that a resource belongs to: its interfaces are summed, and so are its disks. */
export type InstanceOf = (id: ResourceId) => string;

/**
 * How far back to read each resource: by how its points have arrived so far, and those of the resources that
 * it is summed with. When one is behind, the others are read back to the time that it has reached. Nobody has
 * to configure the polling interval, and a host that is polled differently, or whose clock is wrong, costs no
 * other host its figures.
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

  /** The resources grouped by window; a single group where their points arrive alike. */
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

  /**
   * Those whose window was too short or whose points were too few, and for which the longest window was not
   * read lately.
   */
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

  /** Forgets resources that no longer exist. */
  keepOnly(ids: ReadonlySet<ResourceId>): void {
    for (const known of [this.#cadences, this.#lookedFarAt])
      for (const id of known.keys()) if (!ids.has(id)) known.delete(id);
  }
}
