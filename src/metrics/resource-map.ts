import { type Resource, type ResourceType, searchResources } from '../openstack/metric.ts';
import type { ProjectId } from '../openstack/model.ts';
import type { Session } from '../openstack/session.ts';
import { ageOf, type Clock } from '../runtime/clock.ts';
import { SingleFlight } from '../runtime/single-flight.ts';
import { metersByType } from './definitions.ts';
import type { InstanceDevice } from './device-list.ts';
import type { Measurable } from './read-plan.ts';
import { listWatchedProjects } from './watched-projects.ts';

/** A resource of an instance, and its type. There are three of each instance: no more is kept of them than is needed. */
export interface InstanceResource extends Measurable {
  readonly type: ResourceType;
  /** Whose it is, as Gnocchi says. */
  readonly projectId: ProjectId | null;
  /** Flavor of an instance, as Ceilometer saw it last; else null. */
  readonly flavorId: string | null;
}

/**
 * Resources come and go with their instances. Those that have ended are noticed when all of a type are read
 * again.
 */
const ageMs = 300_000;
/**
 * New resources and new flavors are looked for more often: without a new interface its instance's sum is
 * wrong.
 */
const newcomersAgeMs = 15_000;
/** Gnocchi's clock may be behind ours by so much, and a resource may be committed so late. */
const overlapMs = 120_000;
/** `ageMs` as long as an instance is awaited. */
const awaitingAgeMs = 60_000;
/** An instance appears in Gnocchi with its first samples: after three of Ceilometer's stock intervals it is late. */
const longestWaitMs = 900_000;

/** What a device shows, and for whom. */
type Shown = Pick<InstanceDevice, 'instanceId' | 'projectId'>;

/** The resources of one type, as they were read, with those that have come since. */
interface Shelf {
  readonly readAt: number;
  readonly byInstance: Map<string, readonly InstanceResource[]>;
}

/**
 * What Gnocchi has of the instances in the watched projects, read now and then: network interfaces and disks have ids of
 * their own there, and are found by instance only so.
 */
export class ResourceMap {
  readonly #session: Session;
  readonly #clock: Clock;
  readonly #refresh = new SingleFlight(() => this.#read());
  /** In the order in which they were read. */
  readonly #shelves = new Map<ResourceType, Shelf>();
  #projects: readonly ProjectId[] = [];
  /** Since when newcomers are looked for, ms since 1970. */
  #newcomersSince = Number.NEGATIVE_INFINITY;
  #wanted: ReadonlySet<string> = new Set();
  /** Since when a resource or a metric of an instance is missing, ms since 1970. */
  #missingSince: ReadonlyMap<string, number> = new Map();

  constructor(options: { session: Session; clock: Clock }) {
    this.#session = options.session;
    this.#clock = options.clock;
  }

  get watchedProjects(): readonly ProjectId[] {
    return this.#projects;
  }

  /** The instances that it is to serve from now on. */
  want(instances: Iterable<string>): void {
    this.#wanted = new Set(instances);
    this.#noteMissing();
  }

  /** Whether some of it should be read again before it serves. */
  get isDue(): boolean {
    return this.#isShelfDue || ageOf(this.#newcomersSince, this.#clock.now()) >= newcomersAgeMs;
  }

  get #isShelfDue(): boolean {
    const [oldest] = this.#oldestFirst();
    const isAwaiting = [...this.#missingSince.keys()].some((id) => this.isAwaited(id));
    return ageOf(oldest?.readAt ?? 0, this.#clock.now()) >= (isAwaiting ? awaitingAgeMs : ageMs);
  }

  /** Whether what is missing of an instance may still come by itself: it was made, or seen first, a moment ago. */
  isAwaited(instanceId: string): boolean {
    const since = this.#missingSince.get(instanceId) ?? Number.NEGATIVE_INFINITY;
    return ageOf(since, this.#clock.now()) < longestWaitMs;
  }

  /**
   * Reads what is new, or all of one type when that was read long ago; all types at once only the first time.
   */
  async refresh(signal?: AbortSignal): Promise<void> {
    // A caller that gives up waiting finds it read later.
    return this.#refresh.join(signal);
  }

  /**
   * The resources of the instance that a device shows; undefined: not known yet. None when the instance is in no watched
   * project, not in Gnocchi, or of another project than the device: metadata in the portal is a claim (decision 11).
   */
  of({ instanceId, projectId }: Shown): readonly InstanceResource[] | undefined {
    if (this.#shelves.size < metersByType.size) return undefined;
    return [...this.#shelves.values()].flatMap(({ byInstance }) =>
      (byInstance.get(instanceId) ?? []).filter((resource) => resource.projectId === projectId),
    );
  }

  async #read(): Promise<void> {
    if (this.#isShelfDue) await this.#readShelves();
    else await this.#readNewcomers();
    this.#noteMissing();
  }

  /** One request as a rule: it finds whether anything of any type is new. */
  async #readNewcomers(): Promise<void> {
    const projects = this.#projects;
    const startedAt = this.#clock.now();
    const revisedSince = this.#newcomersSince - overlapMs;
    const revised = await this.#search('generic', projects, revisedSince);
    const types = [...metersByType.keys()].filter((type) => revised.some((each) => each.type === type));
    await Promise.all(
      types.map(async (type) => {
        const found = await this.#search(type, projects, revisedSince);
        const known = this.#shelves.get(type)?.byInstance;
        for (const [instanceId, newer] of byInstance(type, found)) {
          const others = known?.get(instanceId)?.filter(({ id }) => newer.every((each) => each.id !== id));
          known?.set(instanceId, [...(others ?? []), ...newer]);
        }
      }),
    );
    this.#newcomersSince = startedAt;
  }

  async #readShelves(): Promise<void> {
    const readAt = this.#clock.now();
    const projects = await listWatchedProjects(this.#session);
    const unread = this.#oldestFirst().filter((each) => each.readAt === Number.NEGATIVE_INFINITY);
    const due = unread.length > 0 ? unread : this.#oldestFirst().slice(0, 1);
    await Promise.all(
      due.map(async ({ type }) => {
        const found = await this.#search(type, projects);
        this.#shelves.delete(type);
        this.#shelves.set(type, { readAt, byInstance: byInstance(type, found) });
      }),
    );
    this.#projects = projects;
    // A shelf includes its own newcomers; those of the other shelves are still searched from the last search
    // on.
    if (unread.length > 0) this.#newcomersSince = readAt;
  }

  /** With the metrics that figures are made of, if it is a type of these. */
  async #search(
    type: ResourceType | 'generic',
    projects: readonly ProjectId[],
    revisedSince?: number,
  ): Promise<readonly Resource[]> {
    if (projects.length === 0) return [];
    const metrics = (type !== 'generic' && metersByType.get(type)) || [];
    return searchResources(this.#session, type, {
      projects,
      metrics,
      ...(revisedSince !== undefined && { revisedSince }),
    });
  }

  #oldestFirst(): { type: ResourceType; readAt: number }[] {
    const unread = [...metersByType.keys()].filter((type) => !this.#shelves.has(type));
    return [
      ...unread.map((type) => ({ type, readAt: Number.NEGATIVE_INFINITY })),
      ...[...this.#shelves].map(([type, { readAt }]) => ({ type, readAt })),
    ];
  }

  #noteMissing(): void {
    // Before the first reading, what is missing is not known.
    if (this.#shelves.size < metersByType.size) return;
    const [now, before] = [this.#clock.now(), this.#missingSince];
    const missing = [...this.#wanted].filter((id) => !this.#isComplete(id));
    this.#missingSince = new Map(missing.map((id) => [id, before.get(id) ?? now]));
  }

  /** Whether it has a resource of each type, and these all the metrics that figures are made of. */
  #isComplete(instanceId: string): boolean {
    return [...metersByType].every(([type, meters]) => {
      const resources = this.#shelves.get(type)?.byInstance.get(instanceId);
      return resources?.every(({ metrics }) => meters.every((meter) => metrics[meter])) ?? false;
    });
  }
}

function byInstance(type: ResourceType, found: readonly Resource[]): Shelf['byInstance'] {
  const resources = new Map<string, InstanceResource[]>();
  for (const { id, instanceId, projectId, flavorId, metrics } of found) {
    const resource = { id, type, instanceId, projectId, flavorId, metrics };
    const siblings = resources.get(instanceId);
    if (siblings) siblings.push(resource);
    else resources.set(instanceId, [resource]);
  }
  return resources;
}
