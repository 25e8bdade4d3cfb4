import type { DeviceList, InstanceDevice } from './device-list.ts';
import type { Size } from './figures.ts';

/** Where the devices come from that figures are sent of. */
export type DeviceSource = Pick<
  DeviceList,
  'isDue' | 'isRead' | 'devices' | 'othersCount' | 'sizeOf' | 'refresh'
>;

export interface CloudDevicesOptions {
  readonly name: string;
  readonly isFirst: boolean;
  /** Names of all clouds. */
  readonly all: readonly string[];
  /** The key in the portal of the template of a flavor of this cloud. */
  readonly templateKey: (flavorId: string) => string;
}

/**
 * The devices of one of several clouds, from the one list of the portal: those whose metadata name it; and for the first cloud those that name
 * none, since they were made when it was the only one. A user who writes another name loses the figures of his own device until the next
 * full run corrects it: whose an instance is, its project decides.
 */
export class CloudDevices implements DeviceSource {
  readonly #list: DeviceList;
  readonly #options: CloudDevicesOptions;
  /** What `#own` was chosen from. */
  #all: readonly InstanceDevice[] = [];
  #own: readonly InstanceDevice[] = [];

  constructor(list: DeviceList, options: CloudDevicesOptions) {
    this.#list = list;
    this.#options = options;
  }

  get isDue(): boolean {
    return this.#list.isDue;
  }

  get isRead(): boolean {
    return this.#list.isRead;
  }

  get devices(): readonly InstanceDevice[] {
    const { devices } = this.#list;
    if (devices !== this.#all) [this.#all, this.#own] = [devices, devices.filter((each) => this.#has(each))];
    return this.#own;
  }

  get othersCount(): number {
    return this.#list.othersCount;
  }

  sizeOf(flavorId: string): Size | undefined {
    return this.#list.sizeOf(this.#options.templateKey(flavorId));
  }

  async refresh(signal?: AbortSignal): Promise<void> {
    return this.#list.refresh(signal);
  }

  #has({ cloud }: InstanceDevice): boolean {
    const { name, isFirst, all } = this.#options;
    return cloud === name || (isFirst && (cloud === undefined || !all.includes(cloud)));
  }
}
