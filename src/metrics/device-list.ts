import { listDevices } from '../concertim/devices.ts';
import type { DeviceId } from '../concertim/model.ts';
import { listOwners } from '../concertim/owners.ts';
import { listRacks } from '../concertim/racks.ts';
import type { Session } from '../concertim/session.ts';
import { listTemplates } from '../concertim/templates.ts';
import { ageOf, type Clock } from '../runtime/clock.ts';
import { SingleFlight } from '../runtime/single-flight.ts';
import { startStopwatch } from '../runtime/stopwatch.ts';
import type { Size } from './figures.ts';

/** A device of the portal that shows an instance. */
export interface InstanceDevice {
  readonly id: DeviceId;
  readonly name: string;
  readonly instanceId: string;
  /**
   * Keystone project of its rack's owner: a device that names an instance of another project makes a false
   * claim. null: the owner has no project.
   */
  readonly projectId: string | null;
  /** Name of its cloud, as its metadata says; undefined: it says none. */
  readonly cloud: string | undefined;
  /** As the portal shows it. */
  readonly isRunning: boolean;
  /** By its template. */
  readonly size: Size;
}

/**
 * The list costs the portal milliseconds a device: reading it may take at most this share of the portal's
 * time.
 */
const costShare = 1 / 50;
/** The share while devices are known, or likely, to have changed. */
const hurriedCostShare = 1 / 10;
const leastAgeMs = 60_000;
/**
 * The most that the list counts as costing: the rest of a longer answer is a portal that is busy with
 * something else. Real ones take 3 to 8 ms a device.
 */
const mostCost = { ofListMs: 1_000, ofDeviceMs: 20 };

/** The portal's devices that show instances, read now and then. */
export class DeviceList {
  readonly #session: Session;
  readonly #clock: Clock;
  readonly #refresh = new SingleFlight(() => this.#read());
  #devices: readonly InstanceDevice[] = [];
  #sizes: ReadonlyMap<string, Size> = new Map();
  #othersCount = 0;
  /** Of all kinds. */
  #count = 0;
  #readAt = Number.NEGATIVE_INFINITY;
  #costMs = 0;
  #isExpired = false;
  #isRead = false;
  #isGrowing = false;

  constructor(options: { session: Session; clock: Clock }) {
    this.#session = options.session;
    this.#clock = options.clock;
  }

  get isDue(): boolean {
    const share = this.#isExpired || this.#isGrowing ? hurriedCostShare : costShare;
    const ageMs = Math.max(this.#isExpired ? 0 : leastAgeMs, this.#costMs / share);
    return ageOf(this.#readAt, this.#clock.now()) >= ageMs;
  }

  /** Whether it was ever read. If not, nothing is known of the portal's devices. */
  get isRead(): boolean {
    return this.#isRead;
  }

  get devices(): readonly InstanceDevice[] {
    return this.#devices;
  }

  /**
   * The size that a flavor gives, by its template; undefined: the portal has no template of it. After a resize Gnocchi knows
   * the instance's flavor before the portal's list of devices is read again.
   */
  sizeOf(flavorId: string): Size | undefined {
    return this.#sizes.get(flavorId);
  }

  /** How many devices show no instance. */
  get othersCount(): number {
    return this.#othersCount;
  }

  /** Devices were made or deleted: it is read again soon. */
  expire(): void {
    this.#isExpired = true;
  }

  /** Reads it again. A caller that gives up waiting finds it read later. */
  async refresh(signal?: AbortSignal): Promise<void> {
    return this.#refresh.join(signal);
  }

  async #read(): Promise<void> {
    // Not by the clock: if that is set meanwhile, the list would seem to cost hours.
    const elapsed = startStopwatch();
    const templates = await listTemplates(this.#session);
    const owners = await listOwners(this.#session, { profile: await this.#session.profile() });
    const racks = await listRacks(this.#session);
    const all = await listDevices(this.#session);
    const projects = new Map(owners.map(({ id, projectId }) => [id, projectId]));
    const ofRack = new Map(racks.map(({ id, ownerId }) => [id, projects.get(ownerId) ?? null]));
    const sizes = new Map(templates.map(({ id, vcpus, ram }) => [id, { vcpus, ram }]));
    this.#devices = all.flatMap(({ kind, id, name, status, metadata, templateId, location }) => {
      // Volumes and networks have no figures.
      if (kind !== 'server') return [];
      const instanceId = metadata['openstack_instance_id'];
      if (typeof instanceId !== 'string' || instanceId === '') return [];
      const size = (templateId !== undefined && sizes.get(templateId)) || { vcpus: null, ram: null };
      const projectId = (location && ofRack.get(location.rackId)) ?? null;
      const named = metadata['openstack_cloud'];
      const cloud = typeof named === 'string' ? named : undefined;
      return [{ id, name, instanceId, projectId, cloud, isRunning: status === 'ACTIVE', size }];
    });
    this.#sizes = new Map(
      templates.flatMap(({ foreignId, vcpus, ram }) => (foreignId ? [[foreignId, { vcpus, ram }]] : [])),
    );
    // A portal that is being filled will have more of them soon.
    this.#isGrowing = all.length > this.#count;
    this.#count = all.length;
    this.#othersCount = all.length - this.#devices.length;
    this.#readAt = this.#clock.now();
    this.#costMs = Math.min(elapsed(), mostCost.ofListMs + all.length * mostCost.ofDeviceMs);
    this.#isExpired = false;
    this.#isRead = true;
  }
}
