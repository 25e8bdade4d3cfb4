import { type Resource, type ResourceType, searchResources } from '../openstack/metric.ts';
import type { ProjectId } from '../openstack/model.ts';
import type { Session } from '../openstack/session.ts';
import type { Clock } from '../runtime/clock.ts';
import { SingleFlight } from '../runtime/single-flight.ts';
import { metersByType } from './definitions.ts';
import { listWatchedProjects } from './watched-projects.ts';

/** A resource of an instance, and its type. */
export interface InstanceResource extends Resource {
  readonly type: ResourceType;
}

/** Resources come and go with their instances; nothing tells us. */
const ageMs = 300_000;
/** As long as an instance is awaited: it appears in Gnocchi when it is first polled. */
const awaitingAgeMs = 60_000;
const longestWaitMs = 900_000;

/**
 * What Gnocchi has of the instances in the watched projects, read now and then: network interfaces and disks have ids of
 * their own there, and are found by instance only so.
 */
export class ResourceMap {
  readonly #session: Session;
  readonly #clock: Clock;
  readonly #refresh = new SingleFlight(() => this.#read());
  /** undefined until it was read once. */
  #byInstance: ReadonlyMap<string, readonly InstanceResource[]> | undefined;
  #projects: readonly ProjectId[] = [];
  #readAt = Number.NEGATIVE_INFINITY;
  /** Since when an instance is not found. */
  readonly #awaited = new Map<string, number>();

  constructor(options: { session: Session; clock: Clock }) {
    this.#session = options.session;
    this.#clock = options.clock;
  }

  get watchedProjects(): readonly ProjectId[] {
    return this.#projects;
  }

  /** Whether it should be read again before it serves these instances. */
  isDue(instances: Iterable<string>): boolean {
    const now = this.#clock.now();
    const known = new Set(instances);
    for (const id of this.#awaited.keys())
      if (!known.has(id) || this.#byInstance?.has(id)) this.#awaited.delete(id);
    let isAwaiting = false;
    for (const id of known) {
      if (this.#byInstance?.has(id)) continue;
      const since = this.#awaited.get(id) ?? now;
      this.#awaited.set(id, since);
      isAwaiting ||= now - since < longestWaitMs;
    }
    return now - this.#readAt >= (isAwaiting ? awaitingAgeMs : ageMs);
  }

  /** Reads it anew. Who gives up waiting finds it read later on. */
  async refresh(signal?: AbortSignal): Promise<void> {
    return this.#refresh.join(signal);
  }

  /** The resources of an instance; none when it is in no watched project or not in Gnocchi; undefined: not known yet. */
  of(instanceId: string): readonly InstanceResource[] | undefined {
    return this.#byInstance && (this.#byInstance.get(instanceId) ?? []);
  }

  async #read(): Promise<void> {
    const now = this.#clock.now();
    const projects = await listWatchedProjects(this.#session);
    const types = [...metersByType.keys()];
    const lists = await Promise.all(
      types.map(async (type) => {
        if (projects.length === 0) return [];
        const resources = await searchResources(this.#session, type, { projects });
        return resources.map((resource) => ({ ...resource, type }));
      }),
    );
    this.#projects = projects;
    this.#byInstance = Map.groupBy(lists.flat(), ({ instanceId }) => instanceId);
    this.#readAt = now;
  }
}
